"""What limits a fan-out: what its makespan is made of, and which part is the greatest.

    plan     the ideal: what the calls' own delays take on any machine, with as many at once as the plan allows
    server   what the mock server took more than planned
    client   the rest: the model, with the HTTP client under it
"""

from __future__ import annotations

from dataclasses import dataclass

from ..results.cases import SAME_DEGREE, CaseResult, in_flight

PLAN, CLIENT, SERVER = "the plan", "the client itself", "the mock server"
WORKERS = "the number of workers"  # of the client
# Of the plan:
SLOWEST, RETRIED = "the slowest call", "the slowest call with its retries"
DEADLINE, DECIDING = "the deadline", "the call that ends the others"
SIGNAL, QUOTA, BUDGET = "the signal to end", "the service's quota", "the budget of time"
COMPUTING, AT_ONCE, CHAINED = "computing", "the limit of calls at once", "calls that wait for others' replies"
ABOUT = 1.1  # two times within this factor are taken for the same
WAITS = 0.1  # of the makespan: where half of the calls wait so long to be made, something holds them back
MOSTLY = 0.5  # of the makespan: a CPU that is busy for so long


@dataclass(frozen=True)
class Limit:
    """A row's makespan in shares that add up to 1; a part below 0, which luck may bring about, counts as none."""

    plan: float
    client: float
    server: float
    what: str  # of the greatest part


def limit_of(c: CaseResult) -> Limit | None:
    """By the medians over the rounds. None where the row does not have what it takes."""
    makespan, ideal = c.median("makespan_s"), c.median("ideal_s")
    of_server = c.median("server_overhead_us_per_call")
    if not makespan or ideal is None or of_server is None or not c.case.calls:
        return None
    server = of_server * c.case.calls / 1e6
    parts = [max(0.0, part) for part in (ideal, makespan - ideal - server, server)]
    plan, client, server = (part / sum(parts) for part in parts)
    greatest = max(plan, client, server)
    what = SERVER if server == greatest else _of_client(c) if client == greatest else _of_plan(c, makespan, ideal)
    return Limit(plan, client, server, what)


def _of_client(c: CaseResult) -> str:
    return WORKERS if c.case.most_at_once and in_flight(c) < SAME_DEGREE * c.case.calls else CLIENT


def _of_plan(c: CaseResult, makespan: float, ideal: float) -> str:
    if c.median("timed_out"):
        return DEADLINE
    if c.case.get("signal_after") is not None:
        return SIGNAL
    if c.case.get("per_second") is not None:
        return QUOTA
    if c.median("cancelled") and c.case.get("stop_after") is not None:  # else all was done before
        return BUDGET
    if c.median("cancelled") and c.case.get("cancel_after") is None:  # else critical calls go on
        return DECIDING
    if _computes(c, makespan):
        return COMPUTING
    # The plan's longest delay is the same in all rounds, and what others add to it is not.
    longest = c.spread("from_start_max_us")
    slowest = _seconds(longest.low) if longest else None
    if slowest is None or ideal <= ABOUT * slowest:
        return RETRIED if c.median("retries") else SLOWEST
    return AT_ONCE if _held_back(c, makespan, slowest) else CHAINED


def _held_back(c: CaseResult, makespan: float, slowest: float) -> bool:
    """Whether calls wait though nothing but the number under way keeps them from being made."""
    waits, longest = _seconds(c.median("late_start_p50_us")), _seconds(c.median("latency_max_us"))
    return (c.case.get("limit") is not None or waits is not None and waits >= WAITS * makespan
            or longest is not None and longest >= ABOUT * slowest)


def _computes(c: CaseResult, makespan: float) -> bool:
    """Where calls compute, the CPU is at it for most of the time."""
    cpu = _seconds(c.median("cpu_us_per_call"))
    return bool(c.median("kernel_steps_per_ms")) and cpu is not None and cpu * c.case.calls >= MOSTLY * makespan


def _seconds(micros: float | None) -> float | None:
    return None if micros is None else micros / 1e6
