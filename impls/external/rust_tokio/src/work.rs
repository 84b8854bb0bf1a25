//! Numbers: what a wait is, which item is first, and the work of workloads that compute.
use std::time::{Duration, Instant};

use crate::run::Scenario;

fn draw(seed: u64, id: u32, k: u32) -> u64 {
    const STEP: u64 = 0x9e3779b97f4a7c15;
    let mut x = seed
        .wrapping_mul(STEP)
        .wrapping_add(u64::from(id) << 32 | u64::from(k))
        .wrapping_add(STEP);
    x = (x ^ x >> 30).wrapping_mul(0xbf58476d1ce4e5b9);
    x = (x ^ x >> 27).wrapping_mul(0x94d049bb133111eb);
    x ^ x >> 31
}

/// The wait after attempt k.
pub fn backoff(scenario: &Scenario, id: u32, k: u32, retry_after: Duration) -> Duration {
    let factor = 0.5 + 0.5 * (draw(scenario.seed, id, k) >> 11) as f64 * 2f64.powi(-53);
    let wait =
        Duration::from_nanos((scenario.backoff_ns as f64 * 2f64.powi(k as i32) * factor) as u64);
    if scenario.heeds_retry_after {
        wait.max(retry_after)
    } else {
        wait
    }
}

pub fn priority(scenario: &Scenario, id: u32) -> u64 {
    draw(scenario.seed, id, u32::MAX)
}

pub fn kernel(mut x: u64, steps: u64) -> u64 {
    // LLVM, unlike GCC, makes one step of several: the sum and the product of constants are constants.
    for _ in 0..steps {
        x = x
            .wrapping_mul(6364136223846793005)
            .wrapping_add(1442695040888963407);
    }
    x
}

/// The best of ten tries of about a millisecond.
pub fn kernel_steps_per_ms() -> f64 {
    const STEPS: u64 = 800_000;
    let mut x = 1;
    let tries = (0..10).map(|_| {
        let began = Instant::now();
        x = kernel(x, STEPS);
        let took = began.elapsed().as_secs_f64();
        if x == 0 {
            f64::MAX
        } else {
            took
        } // it must be computed to be known
    });
    STEPS as f64 / (tries.fold(f64::MAX, f64::min) * 1000.0)
}
