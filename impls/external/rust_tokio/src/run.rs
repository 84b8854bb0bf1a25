//! One run of a workload: its parameters, and what is taken down of it.
use std::fmt;
use std::fs::File;
use std::future::Future;
use std::io::{self, BufWriter, Write};
use std::ops::Range;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde::Deserialize;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time;

use crate::client::{Client, Reply, Verdict};

#[derive(Deserialize)]
pub struct Scenario {
    pub workload: String,
    pub run: u64,
    pub calls: u32,
    pub seed: u64,
    pub limit: u32,
    pub attempts: u32,
    pub backoff_ns: u64,
    pub heeds_retry_after: bool,
    pub deadline_ns: u64,
    pub scope: String,
    pub producers: u32,
    pub consumers: u32,
    pub capacity: u32,
    pub order: String,
    pub mode: String,
    pub stages: u32,
    pub pages: u32,
    pub prefetch: u32,
    pub consume_ns: u64,
    pub kernel_steps: u64,
    pub cpus: u32,
    pub placement: String,
    pub watchdog: bool,
    pub critical_every: u32,
    pub hedge_after_ns: u64,
    pub copies: u32,
}

/// What becomes of a call; durations are since the run began.
#[derive(Clone)]
struct Record {
    intended: Duration,
    started: Duration,
    finished: Duration,
    attempts: u32,
    reply: Reply,
}

pub struct Attempt {
    pub number: u32,
    pub started: Duration,
    pub finished: Duration,
    pub reply: Reply,
}

#[derive(Default)]
struct Records {
    calls: Vec<Record>,
    attempts: Vec<(u32, Attempt)>,
    events: Vec<(Duration, u64)>,
    beats: Vec<Duration>,
    chosen: Option<u32>,
    tasks: u32,
    tasks_peak: u32,
}

pub struct Run {
    pub scenario: Scenario,
    pub began: Instant,
    client: Arc<Client>,
    records: Mutex<Records>,
}

impl Run {
    pub fn new(scenario: Scenario, client: Arc<Client>, began: Instant) -> Self {
        let never = Record {
            intended: Duration::ZERO,
            started: Duration::ZERO,
            finished: Duration::ZERO,
            attempts: 0,
            reply: Reply::without(Verdict::Cancelled),
        };
        let calls = vec![never; scenario.calls as usize];
        Run {
            scenario,
            began,
            client,
            records: Mutex::new(Records {
                calls,
                ..Records::default()
            }),
        }
    }

    /// Does the workload, with a heartbeat beside it where there is a watchdog.
    pub async fn perform(self: Arc<Self>, workload: impl Future<Output = ()>) {
        let (under_way, over) = watch::channel(());
        let beating = (self.scenario.watchdog || self.scenario.workload == "mixed")
            .then(|| tokio::spawn(self.clone().beat(over)));
        workload.await;
        drop(under_way);
        if let Some(beating) = beating {
            beating.await.expect("a heartbeat");
        }
    }

    async fn beat(self: Arc<Self>, mut over: watch::Receiver<()>) {
        const BEAT: Duration = Duration::from_millis(10);
        for n in 1.. {
            let due = self.began + n * BEAT;
            tokio::select! {
                _ = time::sleep_until(due.into()) => {}
                _ = over.changed() => {}
            }
            if Instant::now() < due {
                return;
            }
            let at = self.now();
            self.records().beats.push(at);
        }
    }

    pub fn now(&self) -> Duration {
        self.began.elapsed()
    }

    pub fn ids(&self) -> Range<u32> {
        0..self.scenario.calls
    }

    /// Does `each` for each of the numbers, a task each, and returns when all have ended.
    pub async fn together<F>(
        self: &Arc<Self>,
        numbers: impl IntoIterator<Item = u32>,
        each: impl Fn(Arc<Run>, u32) -> F,
    ) where
        F: Future<Output = ()> + Send + 'static,
    {
        join_all(self.start(numbers, each)).await;
    }

    pub fn start<F, T>(
        self: &Arc<Self>,
        numbers: impl IntoIterator<Item = u32>,
        each: impl Fn(Arc<Run>, u32) -> F,
    ) -> JoinSet<T>
    where
        F: Future<Output = T> + Send + 'static,
        T: Send + 'static,
    {
        let mut tasks = JoinSet::new();
        for number in numbers {
            tasks.spawn(each(self.clone(), number));
        }
        tasks
    }

    /// The call could start from now on.
    pub fn ready(&self, id: u32) {
        let now = self.now();
        self.records().calls[id as usize].intended = now;
    }

    pub fn choose(&self, id: u32) {
        self.records().chosen = Some(id);
    }

    /// What the fan-out itself does.
    pub fn event(&self, value: u64) {
        let now = self.now();
        self.records().events.push((now, value));
    }

    pub async fn call(&self, id: u32) -> Reply {
        self.make(id, &self.path(id, 0)).await
    }

    /// A call of a chain, in which `before` was the reply to the call before it.
    pub async fn next(&self, id: u32, before: Reply) -> Reply {
        self.make(
            id,
            &format!("{}&cursor={:016x}", self.path(id, 0), before.answer),
        )
        .await
    }

    async fn make(&self, id: u32, path: &str) -> Reply {
        let under_way = UnderWay::begin(self, id);
        under_way.end(self.client.get(path).await)
    }

    /// One attempt at a call that may have more.
    pub async fn attempt(&self, id: u32, number: u32) -> Attempt {
        let started = self.now();
        let reply = self.client.get(&self.path(id, number)).await;
        Attempt {
            number,
            started,
            finished: self.now(),
            reply,
        }
    }

    /// An attempt that is dropped before it ends.
    pub fn given_up(&self, number: u32, started: Duration) -> Attempt {
        Attempt {
            number,
            started,
            finished: self.now(),
            reply: Reply::without(Verdict::Cancelled),
        }
    }

    /// All attempts at a call, none of which is under way any more, and which of them counts.
    pub fn end(&self, id: u32, attempts: Vec<Attempt>, decisive: usize) {
        let mut records = self.records();
        let record = &mut records.calls[id as usize];
        record.started = attempts[0].started;
        record.finished = attempts[decisive].finished;
        record.attempts = attempts.len() as u32;
        record.reply = attempts[decisive].reply;
        records
            .attempts
            .extend(attempts.into_iter().map(|attempt| (id, attempt)));
    }

    /// What follows a reply is a part of its call.
    pub fn work_done(&self, id: u32, answer: u64) {
        let now = self.now();
        let record = &mut self.records().calls[id as usize];
        record.reply.answer = answer;
        record.finished = now;
    }

    fn path(&self, id: u32, attempt: u32) -> String {
        format!(
            "/runs/{}/calls/{}?attempt={}",
            self.scenario.run, id, attempt
        )
    }

    fn records(&self) -> std::sync::MutexGuard<Records> {
        self.records.lock().expect("nobody panics with it")
    }

    pub fn write(&self, path: &str) -> io::Result<()> {
        let mut out = BufWriter::new(File::create(path)?);
        let records = self.records();
        for (id, r) in records.calls.iter().enumerate() {
            let (intended, started, finished) = (
                r.intended.as_nanos(),
                r.started.as_nanos(),
                r.finished.as_nanos(),
            );
            writeln!(
                out,
                "call {id} {intended} {started} {finished} {} {}",
                r.attempts, r.reply
            )?;
        }
        for (id, a) in &records.attempts {
            let (k, started, finished) = (a.number, a.started.as_nanos(), a.finished.as_nanos());
            writeln!(
                out,
                "attempt {id} {k} {started} {finished} {} {}",
                a.reply,
                a.reply.retry_after.as_nanos()
            )?;
        }
        for (n, (at, value)) in records.events.iter().enumerate() {
            writeln!(out, "event - {n} {} {value:x}", at.as_nanos())?;
        }
        for (n, at) in records.beats.iter().enumerate() {
            writeln!(out, "beat {n} {}", at.as_nanos())?;
        }
        if let Some(id) = records.chosen {
            writeln!(out, "chosen {id}")?;
        }
        if records.tasks_peak > 0 {
            writeln!(out, "tasks {}", records.tasks_peak)?;
        }
        out.flush()
    }
}

/// Returns when all have ended.
pub async fn join_all(mut tasks: JoinSet<()>) {
    while let Some(ended) = tasks.join_next().await {
        ended.expect("no panic");
    }
}

/// A call that is being made. Who drops it before it ends gives the call up.
pub struct UnderWay<'a> {
    run: &'a Run,
    id: u32,
    started: Duration,
}

impl<'a> UnderWay<'a> {
    pub fn begin(run: &'a Run, id: u32) -> Self {
        UnderWay {
            run,
            id,
            started: run.now(),
        }
    }

    pub fn end(self, reply: Reply) -> Reply {
        self.take_down(reply);
        std::mem::forget(self);
        reply
    }

    fn take_down(&self, reply: Reply) {
        let finished = self.run.now();
        let record = &mut self.run.records().calls[self.id as usize];
        *record = Record {
            intended: record.intended,
            started: self.started,
            finished,
            attempts: 1,
            reply,
        };
    }
}

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        let late = self.run.scenario.workload == "timeout";
        self.take_down(Reply::without(if late {
            Verdict::TimedOut
        } else {
            Verdict::Cancelled
        }));
    }
}

/// A task, for as long as it exists, begun or waiting.
pub struct LiveTask(Arc<Run>);

impl LiveTask {
    pub fn new(run: &Arc<Run>) -> Self {
        let mut records = run.records();
        records.tasks += 1;
        records.tasks_peak = records.tasks_peak.max(records.tasks);
        drop(records);
        LiveTask(run.clone())
    }
}

impl Drop for LiveTask {
    fn drop(&mut self) {
        self.0.records().tasks -= 1;
    }
}

impl fmt::Display for Reply {
    fn fmt(&self, out: &mut fmt::Formatter) -> fmt::Result {
        let verdict = match self.verdict {
            Verdict::Ok => "ok",
            Verdict::HttpError => "http_error",
            Verdict::TransportError => "transport_error",
            Verdict::TimedOut => "timed_out",
            Verdict::Cancelled => "cancelled",
        };
        write!(out, "{verdict} {} {:016x}", self.status, self.answer)
    }
}
