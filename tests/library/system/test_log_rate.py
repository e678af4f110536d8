"""What can be caused at will fills no log."""

import logging

import pytest

from recognizer.system import log_rate
from recognizer.system.log_rate import ALIKE, LINES, SECONDS, Rate


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_lines_that_are_alike_are_left_out_until_their_minute_has_passed():
    clock = Clock()
    rate = Rate(2, 100, SECONDS, clock)
    assert [rate.take("a") for _ in range(5)] == [0, 0, None, None, None]
    assert rate.take("b") == 3, "another kind is written, and says how many were left out"
    clock.now = SECONDS + 1
    assert [rate.take("a") for _ in range(3)] == [0, 0, None]


def test_many_kinds_together_are_bounded_too_and_so_is_what_is_remembered():
    rate = Rate(2, 50, SECONDS, Clock())
    taken = [rate.take(number) for number in range(5_000)]
    assert sum(one is not None for one in taken) == 50
    assert len(rate._times) <= 1_001


@pytest.fixture
def logger():
    filters = {name: one.filters[:] for name, one in logging.root.manager.loggerDict.items()
               if isinstance(one, logging.Logger)}  # fmt: skip
    yield logging.getLogger("some.library")
    for name, kept in filters.items():
        logging.getLogger(name).filters = kept
    logging.root.filters = []


def test_no_logger_of_a_server_writes_without_bound(logger, caplog):
    log_rate.bound()
    for number in range(10_000):
        logging.getLogger("asyncio").error("socket.accept() out of system resource %d", number)
    assert len(caplog.records) == ALIKE < LINES
    logger.error("something else")
    assert "9,990 lines were left out" in caplog.records[-1].getMessage()
