//! HTTP calls, and what becomes of them.
use std::time::Duration;

use hyper::body::HttpBody;
use hyper::client::HttpConnector;
use hyper::{Body, HeaderMap, Uri};
use serde_json::Value;

#[derive(Clone, Copy, PartialEq)]
pub enum Verdict {
    Ok,
    HttpError,
    TransportError,
    TimedOut,
    Cancelled,
}

#[derive(Clone, Copy)]
pub struct Reply {
    pub verdict: Verdict,
    pub status: u16,
    pub answer: u64,
    pub more: bool,            // the chain goes on
    pub retry_after: Duration, // zero: the server did not say
}

impl Reply {
    pub fn without(verdict: Verdict) -> Self {
        Reply {
            verdict,
            status: 0,
            answer: 0,
            more: false,
            retry_after: Duration::ZERO,
        }
    }

    pub fn failed(&self) -> bool {
        matches!(self.verdict, Verdict::HttpError | Verdict::TransportError)
    }
}

pub struct Client {
    base: String, // http://host:port
    http: hyper::Client<HttpConnector>,
}

impl Client {
    pub fn new(setup: &Value) -> Self {
        let mut connector = HttpConnector::new();
        connector.set_nodelay(true);
        let idle = if setup["connection"] == "per_call" {
            0
        } else {
            usize::MAX
        };
        Client {
            base: format!(
                "http://{}:{}",
                setup["host"].as_str().expect("a host"),
                setup["port"]
            ),
            http: hyper::Client::builder()
                .pool_idle_timeout(None)
                .pool_max_idle_per_host(idle)
                .build(connector),
        }
    }

    /// Makes one call. Its connection is closed where the future is dropped before the end.
    pub async fn get(&self, path: &str) -> Reply {
        let uri = format!("{}{}", self.base, path)
            .parse()
            .expect("an address");
        self.try_get(uri)
            .await
            .unwrap_or(Reply::without(Verdict::TransportError))
    }

    async fn try_get(&self, uri: Uri) -> hyper::Result<Reply> {
        let (head, mut body) = self.http.get(uri).await?.into_parts();
        let start = beginning(&mut body).await?;
        let ok = head.status.is_success();
        Ok(Reply {
            verdict: if ok { Verdict::Ok } else { Verdict::HttpError },
            status: head.status.as_u16(),
            answer: start
                .get(..16)
                .and_then(|hex| u64::from_str_radix(hex, 16).ok())
                .unwrap_or(0),
            more: start.ends_with('+'),
            retry_after: if ok {
                Duration::ZERO
            } else {
                retry_after(&head.headers)
            },
        })
    }
}

/// Reads all of the body, and keeps the answer and the byte after it.
async fn beginning(body: &mut Body) -> hyper::Result<String> {
    let mut kept = Vec::with_capacity(17);
    while let Some(piece) = body.data().await {
        let piece = piece?;
        kept.extend_from_slice(&piece[..piece.len().min(17 - kept.len())]);
    }
    Ok(String::from_utf8_lossy(&kept).into_owned())
}

fn retry_after(headers: &HeaderMap) -> Duration {
    let number = |name| headers.get(name)?.to_str().ok()?.parse::<f64>().ok();
    let seconds = number("retry-after-ms")
        .map(|ms| ms / 1000.0)
        .or_else(|| number("retry-after"));
    Duration::from_nanos((seconds.unwrap_or(0.0) * 1e9).round() as u64)
}
