"""Where a training can go on from: two generations on disk, and one manifest with their hashes.

Keras' own BackupAndRestore writes in place, and a kill at the wrong moment breaks the resume. Here
any interruption, at any write, flush or rename, leaves this state or the one before it.
"""

import hashlib
import json
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from recognizer.records import EpochLog
from recognizer.system import atomic
from recognizer.training.events import TrainingState

MANIFEST = "manifest.json"
GENERATIONS = 2


def save(folder: Path, state: TrainingState) -> None:
    """Keep a state, and the one before it.

    Args:
        folder: made if it is not there; no one else writes in it.
        state: after an epoch.

    Raises:
        OSError: it cannot be written; what was kept before stays.
    """
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{state.epoch:05}.npz"
    before = [one for one in _entries(folder) if one["file"] != path.name]
    atomic.write(path, lambda file: np.savez(file, **state.arrays))
    entry = {
        "file": path.name,
        "sha256": _sha256(path),
        "epoch": state.epoch,
        "history": [asdict(log) for log in state.history],
        "best": list(state.best),
    }
    kept = [entry, *before][:GENERATIONS]
    atomic.write_json(folder / MANIFEST, kept)
    names = {one["file"] for one in kept}
    for old in folder.glob("*.npz"):
        if old.name not in names:
            old.unlink()


def load(folder: Path) -> TrainingState | None:
    """Return the newest state that is whole, or None."""
    for entry in _entries(folder):
        try:
            if _sha256(folder / entry["file"]) == entry["sha256"]:
                return _state(folder, entry)
        except Exception:  # whatever a damaged file makes of it
            continue
    return None


def _entries(folder: Path) -> list[dict[str, Any]]:
    """Return what the manifest lists, the newest first; nothing when it is damaged."""
    try:
        entries = json.loads((folder / MANIFEST).read_text("utf-8"))
        return [one for one in entries if Path(one["file"]).name == one["file"]]
    except Exception:  # whatever a damaged file makes of it
        return []


def _state(folder: Path, entry: dict[str, Any]) -> TrainingState:
    accuracy, negative_loss, epoch = entry["best"]
    with (folder / entry["file"]).open("rb") as file:
        return TrainingState(
            epoch=entry["epoch"],
            history=tuple(EpochLog(**log) for log in entry["history"]),
            best=(accuracy, negative_loss, epoch),
            arrays=dict(np.load(file, allow_pickle=False)),
        )


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


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
    atomic.write_bytes(folder / f"{epoch:02}.tflite", network())
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
