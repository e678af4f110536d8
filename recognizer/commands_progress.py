"""How a training shows in the terminal, and in its log."""

import shutil
import sys
from collections.abc import Callable

from recognizer.events import BatchLog, EpochEnd, Event
from recognizer.records import EpochLog, TrainingConfig
from recognizer.worker import Begins


def teller(config: TrainingConfig) -> Callable[[Begins | Event], None]:
    """Return what prints events: a line an epoch; on a terminal also one that moves along."""
    width = 0

    def tell(event: Begins | Event) -> None:
        nonlocal width
        if isinstance(event, Begins):
            resumed = f"; goes on after epoch {event.epoch}" if event.epoch else ""
            print(
                f"{event.training:,} rows to train on, {event.validation:,} to watch it, "
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
