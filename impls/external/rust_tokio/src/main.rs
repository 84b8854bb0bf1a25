//! A client in Rust: tokio tasks on its multi-threaded runtime, over hyper's client and its pool of connections. This
//! file has the conversation with the bench, a line of JSON each way.
mod chains;
mod client;
mod computing;
mod fan_out;
mod limited;
mod run;
mod work;

use std::future::Future;
use std::io::{self, Write};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Instant;

use serde_json::{json, Value};
use tokio::task::JoinSet;

use client::Client;
use run::Run;

type Workload = fn(Arc<Run>) -> Pin<Box<dyn Future<Output = ()> + Send>>;

/// A name and a function each, which gets its run.
macro_rules! workloads {
    ($($module:ident::$name:ident),* $(,)?) => {
        &[$((stringify!($name), |run| Box::pin($module::$name(run)))),*]
    };
}

const WORKLOADS: &[(&str, Workload)] = workloads![
    fan_out::gather,
    fan_out::all_settled,
    fan_out::task_group,
    fan_out::first_completed,
    fan_out::timeout,
    fan_out::shield,
    fan_out::hedged,
    limited::semaphore,
    limited::worker_pool,
    limited::producer_consumer,
    limited::retry,
    chains::pipeline,
    chains::paginate,
    computing::early_start,
    computing::mixed,
    computing::cpu,
];

/// Of the compiler and the crates that this was built with.
fn versions() -> String {
    let locked = include_str!("../Cargo.lock");
    let version_of = |name| {
        let package = locked
            .split("[[package]]")
            .find(|text| text.contains(&format!("name = \"{name}\"\n")))?;
        package
            .split('"')
            .nth(3)
            .map(|version| format!(", {name} {version}"))
    };
    let crates = ["tokio", "hyper"].into_iter().filter_map(version_of);
    env!("RUSTC_VERSION")
        .split(" (")
        .take(1)
        .map(String::from)
        .chain(crates)
        .collect()
}

async fn prepare(said: &Value) -> Arc<Client> {
    let client = Arc::new(Client::new(said));
    let mut warming = JoinSet::new();
    for _ in 0..said["connections"]
        .as_u64()
        .expect("a number of connections")
    {
        let (client, path) = (
            client.clone(),
            said["warm_path"].as_str().expect("a path").to_owned(),
        );
        warming.spawn(async move { client.get(&path).await });
    }
    while warming.join_next().await.is_some() {}
    client
}

fn main() {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    let mut client = None;
    let mut run = None;
    for line in io::stdin().lines() {
        let read = Instant::now();
        let line = line.expect("a line");
        let said: Value = serde_json::from_str(&line).expect("JSON");
        let answer = match said["do"].as_str() {
            Some("hello") => json!({
                "hello": "rust_tokio",
                "protocol": 1,
                "versions": versions(),
                "workloads": WORKLOADS.iter().map(|(name, _)| name).collect::<Vec<_>>(),
                "kernel_steps_per_ms": work::kernel_steps_per_ms(),
            }),
            Some("prepare") => {
                client = Some(runtime.block_on(prepare(&said)));
                json!({"ready": true})
            }
            Some("run") => {
                let workload = said["workload"].as_str().expect("a workload");
                let (_, function) = WORKLOADS
                    .iter()
                    .find(|(name, _)| *name == workload)
                    .expect("one that we have");
                let scenario = serde_json::from_str(&line).expect("a scenario");
                let begun = Arc::new(Run::new(scenario, client.clone().expect("a client"), read));
                // A task, as block_on keeps this thread, which would have to be woken up for each call.
                let performed = runtime.spawn(begun.clone().perform(function(begun.clone())));
                runtime.block_on(performed).expect("no panic");
                run = Some(begun);
                json!({"done": true})
            }
            Some("report") => {
                run.as_ref()
                    .expect("a run")
                    .write(said["path"].as_str().expect("a path"))
                    .expect("a file of records");
                json!({"written": true})
            }
            _ => continue,
        };
        println!("{answer}");
        io::stdout().flush().expect("a reader");
    }
}
