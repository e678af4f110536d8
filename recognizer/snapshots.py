"""A network an epoch, in float16, for looking back: at most 30 files and 60 MB a training.

Where not every epoch fits, every second is kept, or third, and so on, and the last and the best.
Of networks so large that hardly any fit, only the last and the best.
"""

from collections.abc import Callable
from pathlib import Path

from recognizer import files
from recognizer.records import EpochLog

FILES = 30
BYTES = 60_000_000
OVERHEAD = 40_000  # bytes a file, on top of two bytes a weight; all kinds take less


def keep(
    folder: Path,
    history: tuple[EpochLog, ...],
    epochs: int,
    parameters: int,
    network: Callable[[], bytes],
) -> None:
    """Keep the network of the epoch that has just ended, and delete those no longer wanted.

    Args:
        folder: made if it is not there.
        history: of the epochs that have ended.
        epochs: in all.
        parameters: of the network.
        network: returns it, for LiteRT; converting takes a second or more.

    Raises:
        OSError: it cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    wanted = _wanted(history, epochs, parameters)
    epoch = history[-1].epoch
    files.write_bytes(folder / f"{epoch:02}.tflite", network())
    for number, path in kept(folder):
        if number not in wanted:
            path.unlink()


def kept(folder: Path) -> list[tuple[int, Path]]:
    """Return epoch and file of each network, in their order."""
    found = [path for path in folder.glob("*.tflite") if path.stem.isdecimal()]
    return sorted((int(path.stem), path) for path in found)


def forget_after(folder: Path, epoch: int) -> None:
    """Delete the networks of the epochs that are about to be repeated."""
    for number, path in kept(folder):
        if number > epoch:
            path.unlink()


def _wanted(history: tuple[EpochLog, ...], epochs: int, parameters: int) -> set[int]:
    best = max(history, key=_merit).epoch
    always = {history[-1].epoch, best}
    fit = min(FILES, BYTES // (2 * parameters + OVERHEAD))
    if epochs <= fit:
        return {log.epoch for log in history}
    if fit <= len(always):
        return always
    apart = -(-epochs // (fit - 2))
    return always | {log.epoch for log in history if log.epoch % apart == 0}


def _merit(log: EpochLog) -> tuple[float, float]:
    return (log.validation_accuracy or 0.0, -(log.validation_loss or 0.0))
