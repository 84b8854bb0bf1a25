//! Fewer calls at once than there are: permits, workers, queues.
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};

use tokio::sync::Semaphore;
use tokio::time;

use crate::client::Verdict;
use crate::run::{LiveTask, Run};
use crate::work;

/// A task for each call from the start; tokio's semaphore is fair.
pub async fn semaphore(run: Arc<Run>) {
    let permits = Arc::new(Semaphore::new(run.scenario.limit as usize));
    run.together(run.ids(), |run, id| {
        let (permits, task) = (permits.clone(), LiveTask::new(&run));
        async move {
            let _permit = permits.acquire().await.expect("it is never closed");
            run.call(id).await;
            drop(task);
        }
    })
    .await;
}

pub async fn worker_pool(run: Arc<Run>) {
    let next = Arc::new(AtomicU32::new(0));
    run.together(0..run.scenario.limit, |run, _| {
        let (next, task) = (next.clone(), LiveTask::new(&run));
        async move {
            loop {
                let id = next.fetch_add(1, Ordering::Relaxed);
                if id >= run.scenario.calls {
                    break;
                }
                run.call(id).await;
            }
            drop(task);
        }
    })
    .await;
}

/// An attempt has a permit, if there is a limit; a wait has none.
pub async fn retry(run: Arc<Run>) {
    let limit = if run.scenario.limit > 0 {
        run.scenario.limit
    } else {
        run.scenario.calls
    };
    let permits = Arc::new(Semaphore::new(limit as usize));
    run.together(run.ids(), |run, id| call_until_ok(run, id, permits.clone()))
        .await;
}

async fn call_until_ok(run: Arc<Run>, id: u32, permits: Arc<Semaphore>) {
    let mut attempts = Vec::new();
    for k in 0.. {
        let permit = permits.acquire().await.expect("it is never closed");
        let attempt = run.attempt(id, k).await;
        drop(permit);
        let reply = attempt.reply;
        attempts.push(attempt);
        if reply.verdict == Verdict::Ok || k + 1 == run.scenario.attempts {
            return run.end(id, attempts, k as usize);
        }
        time::sleep(work::backoff(&run.scenario, id, k, reply.retry_after)).await;
    }
}

/// Items by their rank, the least is next; two semaphores count them, and the room that is left.
struct Queue {
    run: Arc<Run>,
    room: Semaphore,
    ready: Semaphore,
    items: Mutex<Items>,
}

#[derive(Default)]
struct Items {
    by_rank: BinaryHeap<Reverse<(u64, u32)>>,
    puts: u64,
}

impl Queue {
    fn new(run: Arc<Run>) -> Self {
        let room = Semaphore::new(run.scenario.capacity as usize);
        Queue {
            run,
            room,
            ready: Semaphore::new(0),
            items: Mutex::default(),
        }
    }

    async fn put(&self, id: u32) {
        self.room
            .acquire()
            .await
            .expect("it is never closed")
            .forget();
        let mut items = self.items.lock().expect("nobody panics with it");
        self.run.ready(id);
        items.puts += 1;
        let rank = match self.run.scenario.order.as_str() {
            "fifo" => items.puts,
            "lifo" => !items.puts,
            _ => !work::priority(&self.run.scenario, id),
        };
        items.by_rank.push(Reverse((rank, id)));
        self.ready.add_permits(1);
    }

    /// Nothing when it has ended.
    async fn take(&self) -> Option<u32> {
        self.ready
            .acquire()
            .await
            .expect("it is never closed")
            .forget();
        let Reverse((_, id)) = self
            .items
            .lock()
            .expect("nobody panics with it")
            .by_rank
            .pop()?;
        self.room.add_permits(1);
        Some(id)
    }

    /// Each consumer finds it empty, once.
    fn end(&self) {
        self.ready.add_permits(self.run.scenario.consumers as usize);
    }
}

pub async fn producer_consumer(run: Arc<Run>) {
    let queue = Arc::new(Queue::new(run.clone()));
    let consumers = run.together(0..run.scenario.consumers, |run, _| {
        let queue = queue.clone();
        async move {
            while let Some(id) = queue.take().await {
                run.call(id).await;
            }
        }
    });
    let producers = async {
        let produce = |run: Arc<Run>, producer| {
            let queue = queue.clone();
            async move {
                for id in (producer..run.scenario.calls).step_by(run.scenario.producers as usize) {
                    queue.put(id).await;
                }
            }
        };
        run.together(0..run.scenario.producers, produce).await;
        queue.end();
    };
    tokio::join!(consumers, producers);
}
