//! Calls with work beside them, after them, or in their place. Work that takes milliseconds goes to blocking threads, as
//! many as there are CPUs: in a task it would keep a thread of the runtime from all others.
use std::sync::Arc;

use tokio::sync::Semaphore;
use tokio::task;

use crate::client::{Reply, Verdict};
use crate::run::{Run, UnderWay};
use crate::work::{kernel, priority};

pub async fn mixed(run: Arc<Run>) {
    let cpus = Arc::new(Semaphore::new(run.scenario.cpus as usize));
    run.together(run.ids(), |run, id| {
        let cpus = cpus.clone();
        async move {
            let answer = run.call(id).await.answer;
            let steps = run.scenario.kernel_steps;
            let result = if run.scenario.placement == "offload" {
                let _cpu = cpus.acquire().await.expect("it is never closed");
                task::spawn_blocking(move || kernel(answer, steps))
                    .await
                    .expect("no panic")
            } else {
                kernel(answer, steps)
            };
            run.work_done(id, result);
        }
    })
    .await;
}

pub async fn cpu(run: Arc<Run>) {
    let cpus = Arc::new(Semaphore::new(run.scenario.cpus as usize));
    run.together(run.ids(), |run, id| {
        let cpus = cpus.clone();
        async move {
            let _cpu = cpus.acquire().await.expect("it is never closed");
            let piece = move || {
                let piece = UnderWay::begin(&run, id);
                let answer = kernel(priority(&run.scenario, id), run.scenario.kernel_steps);
                piece.end(Reply {
                    answer,
                    ..Reply::without(Verdict::Ok)
                });
            };
            task::spawn_blocking(piece).await.expect("no panic");
        }
    })
    .await;
}

pub async fn early_start(run: Arc<Run>) {
    let work = {
        let run = run.clone();
        move || {
            run.event(0);
            run.event(kernel(run.scenario.seed, run.scenario.kernel_steps));
        }
    };
    let calls = run.together(run.ids(), |run, id| async move {
        run.call(id).await;
    });
    let (_, done) = tokio::join!(calls, task::spawn_blocking(work));
    done.expect("no panic");
}
