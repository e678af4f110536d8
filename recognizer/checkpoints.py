"""Where a training can go on from: two generations on disk, and one manifest with their hashes.

Keras' own BackupAndRestore writes in place, and a kill at the wrong moment breaks the resume. Here
any interruption, at any write, flush or rename, leaves this state or the one before it.
"""

import hashlib
import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from recognizer import files
from recognizer.events import TrainingState
from recognizer.records import EpochLog

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
    files.write(path, lambda file: np.savez(file, **state.arrays))
    entry = {
        "file": path.name,
        "sha256": _sha256(path),
        "epoch": state.epoch,
        "history": [asdict(log) for log in state.history],
        "best": list(state.best),
    }
    kept = [entry, *before][:GENERATIONS]
    files.write_json(folder / MANIFEST, kept)
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
        except files.DAMAGED:
            continue
    return None


def _entries(folder: Path) -> list[dict[str, Any]]:
    """Return what the manifest lists, the newest first; nothing when it is damaged."""
    try:
        entries = json.loads((folder / MANIFEST).read_text("utf-8"))
        return [one for one in entries if Path(one["file"]).name == one["file"]]
    except files.DAMAGED:
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
