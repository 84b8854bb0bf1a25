//! All calls at once, and what ends them.
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::Arc;
use std::time::Duration;

use tokio::time;

use crate::client::{Reply, Verdict};
use crate::run::{join_all, Run};

pub async fn gather(run: Arc<Run>) {
    run.together(run.ids(), |run, id| async move {
        run.call(id).await;
    })
    .await;
}

/// As gather: a reply that failed is a value here, too.
pub async fn all_settled(run: Arc<Run>) {
    gather(run).await;
}

/// The first failure aborts the other tasks, which drops what they were doing.
pub async fn task_group(run: Arc<Run>) {
    until_first(run, |reply| reply.failed()).await;
}

pub async fn first_completed(run: Arc<Run>) {
    until_first(run, |reply| reply.verdict == Verdict::Ok).await;
}

async fn until_first(run: Arc<Run>, is_it: fn(&Reply) -> bool) {
    let mut calls = run.start(run.ids(), |run, id| async move { (id, run.call(id).await) });
    while let Some(ended) = calls.join_next().await {
        let (id, reply) = ended.expect("no panic");
        if is_it(&reply) {
            run.choose(id);
            break;
        }
    }
    calls.shutdown().await;
}

pub async fn timeout(run: Arc<Run>) {
    let deadline = Duration::from_nanos(run.scenario.deadline_ns);
    if run.scenario.scope == "call" {
        run.together(run.ids(), |run, id| async move {
            let _ = time::timeout(deadline, run.call(id)).await;
        })
        .await;
        return;
    }
    let mut calls = run.start(run.ids(), |run, id| async move { run.call(id).await });
    let all = async { while calls.join_next().await.is_some() {} };
    let _ = time::timeout_at((run.began + deadline).into(), all).await;
    calls.shutdown().await;
}

/// Two sets of tasks, of which one is aborted when the time comes.
pub async fn shield(run: Arc<Run>) {
    let call = |run: Arc<Run>, id| async move {
        run.call(id).await;
    };
    let (critical, others): (Vec<u32>, Vec<u32>) = run
        .ids()
        .partition(|id| id % run.scenario.critical_every == 0);
    let critical = run.start(critical, call);
    let mut others = run.start(others, call);
    let cancelling = async {
        let all = async { while others.join_next().await.is_some() {} };
        let _ = time::timeout_at(
            (run.began + Duration::from_nanos(run.scenario.deadline_ns)).into(),
            all,
        )
        .await;
        others.shutdown().await;
    };
    tokio::join!(join_all(critical), cancelling);
}

/// Who has no reply after a while gets a second copy, as long as there are tokens for one.
pub async fn hedged(run: Arc<Run>) {
    let tokens = Arc::new(AtomicI64::new(run.scenario.copies.into()));
    run.together(run.ids(), |run, id| hedged_call(run, id, tokens.clone()))
        .await;
}

async fn hedged_call(run: Arc<Run>, id: u32, tokens: Arc<AtomicI64>) {
    let began = run.now();
    let first = run.attempt(id, 0);
    tokio::pin!(first);
    let hedge_after = Duration::from_nanos(run.scenario.hedge_after_ns);
    if let Ok(attempt) = time::timeout(hedge_after, &mut first).await {
        return run.end(id, vec![attempt], 0);
    }
    if tokens.fetch_sub(1, Ordering::Relaxed) <= 0 {
        let attempt = first.await;
        return run.end(id, vec![attempt], 0);
    }
    let copied = run.now();
    let (attempts, decisive) = tokio::select! {
        attempt = &mut first => (vec![attempt, run.given_up(1, copied)], 0),
        attempt = run.attempt(id, 1) => (vec![run.given_up(0, began), attempt], 1),
    };
    run.end(id, attempts, decisive);
}
