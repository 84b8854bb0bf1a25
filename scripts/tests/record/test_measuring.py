"""When calls are made, which of them count, and when to give up: with a pretend service and a pretend clock."""

from __future__ import annotations

from typing import Callable

import pytest

from fanbench_tools.record.client import NoReply, Reply, SetUp, Stopped, retry_after_s
from fanbench_tools.record.measuring import Measured, measure


class Service:
    """Answers each call as it is told, the last word again and again; time passes while it does, and while one waits."""

    def __init__(self, *answers: int | str, takes_s: float = 0.1, retry_after_s: float = 0.0, stops_at_wait: int = 0) -> None:
        self.answers, self.takes_s, self.retry_after_s, self.stops_at_wait = answers, takes_s, retry_after_s, stops_at_wait
        self.now, self.begun, self.waits = 0.0, [], []

    def ask(self) -> Reply:
        answer = self.answers[min(len(self.begun), len(self.answers) - 1)]
        self.begun.append(self.now)
        self.now += self.takes_s
        if answer == "stop":
            raise Stopped
        if isinstance(answer, str):
            raise NoReply(answer, f"host: {answer}")
        first = len(self.begun) == 1
        return Reply(answer, self.takes_s, 64, "HTTP/1.1", int(first), SetUp(), self.retry_after_s)

    def wait(self, seconds: float) -> bool:
        self.waits.append(seconds)
        self.now += seconds
        return len(self.waits) == self.stops_at_wait

    def measured(self, calls: int, interval_s: float = 0.2, tell: Callable[[Measured, float], None] = lambda *_: None) -> Measured:
        return measure(self.ask, calls, interval_s, lambda: self.now, self.wait, tell)


def test_calls_begin_an_interval_apart() -> None:
    service = Service(200, takes_s=0.125)
    measured = service.measured(4, interval_s=0.25)
    assert service.begun == [0, 0.25, 0.5, 0.75] and len(service.waits) == 3
    assert measured.seconds == [0.125] * 4 and (measured.failed, measured.stopped, measured.reconnected) == (0, False, 0)


def test_a_slow_service_is_not_asked_faster_to_catch_up() -> None:
    service = Service(200, takes_s=0.5)
    service.measured(3, interval_s=0.25)
    assert service.begun == [0, 0.5, 1.0] and service.waits == [0, 0]


def test_what_failed_is_counted_by_its_reason_and_left_out() -> None:
    measured = Service(200, 503, 200, 503, "no reply within 30 s", 200).measured(40)
    assert len(measured.seconds) == 37 and measured.made == 40
    assert dict(measured.failures) == {"503": 2, "no reply within 30 s": 1}
    assert measured.reasons() == "503: 2 times, no reply within 30 s: once"


@pytest.mark.parametrize(("status", "counts"), [(200, True), (204, True), (299, True), (304, False), (404, False), (199, False)])
def test_which_status_counts(status: int, counts: bool) -> None:
    assert len(Service(status, 200).measured(20).seconds) == (20 if counts else 19)


def test_it_stops_asking_once_too_many_have_failed() -> None:
    """One in ten may."""
    service = Service(*[200, 500] * 20)
    measured = service.measured(40)
    assert measured.failed == 5 and measured.made == 10 and measured.fails_too_often(40)
    assert not Service(*[500] * 2, *[200] * 18).measured(20).fails_too_often(20)
    assert Service(500).measured(1000).made == 10  # all of them: a hundred would be no better


def test_a_first_call_without_a_reply_is_the_end() -> None:
    with pytest.raises(NoReply, match="name unknown"):
        Service("name unknown").measured(20)


def test_a_stop_keeps_what_has_come() -> None:
    while_asking = Service(200, 200, 200, "stop").measured(20)
    assert (len(while_asking.seconds), while_asking.stopped, while_asking.failed) == (3, True, 0)
    while_waiting = Service(200, stops_at_wait=2).measured(20)
    assert (len(while_waiting.seconds), while_waiting.stopped) == (2, True)


def test_a_pause_that_the_service_asks_for_is_made() -> None:
    told: list[float] = []
    service = Service(200, 429, 200, takes_s=0.125, retry_after_s=2.0)
    service.measured(20, interval_s=0.25, tell=lambda _, wait_s: told.append(wait_s))
    assert service.waits[:3] == [0.125, 2.0, 0.125] and told[:3] == [0, 2, 0]


def test_nobody_waits_after_the_last_call() -> None:
    service = Service(200)
    service.measured(20)
    assert len(service.waits) == 19


@pytest.mark.parametrize(("value", "seconds"), [("2", 2), ("0", 0), ("Thu, 01 Jan 1970 00:01:40 GMT", 40), ("soon", 0),
                                                ("", 0), ("-3", 0), ("Thu, 01 Jan 1970 00:00:10 GMT", 0)])
def test_retry_after_is_seconds_or_a_date(value: str, seconds: float) -> None:
    assert retry_after_s(value, now_s=60.0) == seconds
