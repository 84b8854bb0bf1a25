"""What PROTOCOL.md has drawn from the seed: the jitter of waits, and priorities."""

from types import SimpleNamespace

MASK = 2**64 - 1


def draw(seed: int, id: int, k: int) -> int:
    x = (seed * 0x9E3779B97F4A7C15 + (id << 32) + k + 0x9E3779B97F4A7C15) & MASK
    x = (x ^ x >> 30) * 0xBF58476D1CE4E5B9 & MASK
    x = (x ^ x >> 27) * 0x94D049BB133111EB & MASK
    return x ^ x >> 31


def priority(seed: int, id: int) -> int:
    return draw(seed, id, 2**32 - 1)


def backoff_ns(run: SimpleNamespace, id: int, k: int, retry_after_ns: int) -> int:
    """The wait after attempt k of a call has failed, with what the server asked for."""
    jitter = 0.5 + 0.5 * (draw(run.seed, id, k) >> 11) * 2.0**-53
    wait = int(run.backoff_ns * 2**k * jitter)
    return max(wait, retry_after_ns) if run.heeds_retry_after else wait
