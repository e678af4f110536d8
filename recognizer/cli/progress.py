"""Progress on the terminal: of reading a table, and of a training."""

import shutil
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from recognizer.jobs.worker import Started
from recognizer.records import EpochLog, TrainingConfig
from recognizer.training.events import BatchLog, EpochEnd, Event

_PAUSE = 0.1  # seconds between two looks


class Bar:
    """Shows the rows that were read, and of the whole the share, or None; on stderr.

    Where stderr is no terminal it shows nothing.
    """

    def __init__(self) -> None:
        self._shown = sys.stderr.isatty()
        self._started, self._last, self._width = time.monotonic(), 0.0, 0

    def __call__(self, rows: int, share: float | None) -> None:
        """Show how far it is."""
        now = time.monotonic()
        if not self._shown or now - self._last < _PAUSE:
            return
        columns = shutil.get_terminal_size().columns - 1
        line = _line(rows, share, now - self._started)[:columns]
        self._last, self._width = now, max(self._width, len(line))
        print(line.ljust(self._width), end="\r", file=sys.stderr, flush=True)

    def clear(self) -> None:
        """Make room on the line for something else."""
        if self._shown:
            print(" " * self._width, end="\r", file=sys.stderr, flush=True)
            self._width = 0


@contextmanager
def bar() -> Iterator[Bar]:
    """Give a bar; at the end the line goes."""
    show = Bar()
    try:
        yield show
    finally:
        show.clear()


def _line(rows: int, share: float | None, seconds: float) -> str:
    speed = f"{rows:,} rows  {rows / max(seconds, 1e-9):,.0f} rows/s"
    if not share:
        return speed
    minutes, left = divmod(round(seconds * (1 - share) / share), 60)
    return f"[{'#' * int(20 * share):20}] {share:4.0%}  {speed}  {minutes}:{left:02} left"


def event_printer(config: TrainingConfig) -> Callable[[Started | Event], None]:
    """Return what prints events: a line an epoch; on a terminal also one that moves along."""
    width = 0

    def tell(event: Started | Event) -> None:
        nonlocal width
        if isinstance(event, Started):
            resumed = f"; goes on after epoch {event.epoch}" if event.epoch else ""
            print(
                f"{event.training:,} rows to train on, {event.validation:,} for validation, "
                f"{event.held_out:,} held out{resumed}.",
                flush=True,
            )
        elif isinstance(event, EpochEnd):
            print(_epoch_line(event.log, config.epochs).ljust(width), flush=True)
        elif isinstance(event, BatchLog) and sys.stdout.isatty():
            line = _batch_line(event, config)[: shutil.get_terminal_size().columns - 1]
            width = max(width, len(line))
            print(line.ljust(width), end="\r", flush=True)

    return tell


def _epoch_line(log: EpochLog, epochs: int) -> str:
    return (
        f"epoch {log.epoch}/{epochs}  loss {log.loss:.4f}  accuracy {log.accuracy:.4f}  "
        f"validation {log.validation_accuracy:.4f}  {log.seconds:.0f} s"
    )


def _batch_line(event: BatchLog, config: TrainingConfig) -> str:
    bar = "#" * round(20 * event.batch / event.batches)
    images = (config.epochs * event.batches - event.step) * config.batch_size
    minutes, seconds = divmod(round(images / max(event.images_per_second, 1e-9)), 60)
    return (
        f"epoch {event.epoch}/{config.epochs} [{bar:20}] loss {event.loss:.4f}  "
        f"{event.images_per_second:,.0f} images/s  {minutes}:{seconds:02} left"
    )
