"""The work of workloads that compute. In a module of its own, which worker processes load in no time."""

import time

MASK = 2**64 - 1


def compute(x: int, steps: int) -> int:
    """So many steps of a linear congruential generator from x on, each of which needs the one before."""
    for _ in range(steps):
        x = (6364136223846793005 * x + 1442695040888963407) & MASK
    return x


def timed(x: int, steps: int) -> tuple[int, int, int]:
    """The same, between when it began and ended: nanoseconds of a clock that all processes share."""
    began = time.monotonic_ns()
    result = compute(x, steps)
    return began, result, time.monotonic_ns()


def steps_per_ms() -> float:
    """The best speed of ten tries."""
    steps = 10_000
    timings = [timed(try_, steps) for try_ in range(10)]
    return steps * 1e6 / min(ended - began for began, _, ended in timings)
