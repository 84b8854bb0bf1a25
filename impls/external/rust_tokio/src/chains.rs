//! Calls of which each needs the answer to the one before.
use std::sync::Arc;
use std::time::Duration;

use tokio::time;

use crate::client::Verdict;
use crate::run::Run;

pub async fn pipeline(run: Arc<Run>) {
    if run.scenario.mode == "streamed" {
        run.together(firsts(&run, run.scenario.stages), stream_item)
            .await;
    } else {
        stage_by_stage(run).await;
    }
}

/// The first calls of chains that have so many.
fn firsts(run: &Run, length: u32) -> impl Iterator<Item = u32> {
    run.ids().step_by(length as usize)
}

async fn stream_item(run: Arc<Run>, first: u32) {
    let mut reply = run.call(first).await;
    let mut id = first;
    while reply.more {
        id += 1;
        run.ready(id);
        reply = run.next(id, reply).await;
    }
}

async fn stage_by_stage(run: Arc<Run>) {
    let stages = run.scenario.stages;
    let mut replies = vec![None; (run.scenario.calls / stages) as usize];
    for stage in 0..stages {
        let mut calls = run.start(firsts(&run, stages), |run, first| {
            let (id, before) = (first + stage, replies[(first / stages) as usize]);
            if stage > 0 {
                run.ready(id);
            }
            async move {
                match before {
                    Some(reply) => (first, run.next(id, reply).await),
                    None => (first, run.call(id).await),
                }
            }
        });
        while let Some(ended) = calls.join_next().await {
            let (first, reply) = ended.expect("no panic");
            replies[(first / stages) as usize] = Some(reply);
        }
    }
}

pub async fn paginate(run: Arc<Run>) {
    run.together(firsts(&run, run.scenario.pages), read_stream)
        .await;
}

/// With prefetch the next page and the consumer of this one are awaited together.
async fn read_stream(run: Arc<Run>, first: u32) {
    let consume = || time::sleep(Duration::from_nanos(run.scenario.consume_ns));
    let mut page = run.call(first).await;
    let mut id = first;
    while page.more {
        id += 1;
        if run.scenario.prefetch == 0 {
            consume().await;
        }
        run.ready(id);
        let next = run.next(id, page);
        page = if run.scenario.prefetch == 0 {
            next.await
        } else {
            tokio::join!(next, consume()).0
        };
    }
    if page.verdict == Verdict::Ok {
        consume().await;
    }
}
