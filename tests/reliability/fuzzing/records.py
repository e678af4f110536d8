"""The files that the app keeps, damaged: cards, drawings, tables, checkpoints, trainings."""

import gzip
import hashlib
import json
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from unittest.mock import patch

import numpy as np
from helpers.factories import DOUBTING, digits
from hypothesis import strategies as st
from reliability.fuzzing.damage import blows, damaged, damaged_json, json_changes
from reliability.fuzzing.target import Target, told

from recognizer.datasets import library
from recognizer.errors import DataError, ModelError, StorageError
from recognizer.imaging.strokes import read_drawings, render
from recognizer.jobs import database as job_database
from recognizer.jobs import folders
from recognizer.jobs.records import Job, State
from recognizer.models import seen_rows
from recognizer.models.card import ModelCard
from recognizer.models.registry import SEEN_FILE, StoredModel
from recognizer.records import EpochLog, TrainingConfig
from recognizer.training import checkpoints
from recognizer.training.events import TrainingState

CARD = asdict(DOUBTING)
_LINE = {
    "label": "7",
    "writer": "w1",
    "source": "unipen",
    "strokes": [[[0, 0], [500, 0.5]], [[9, 9]]],
}


@contextmanager
def folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as made:
        yield Path(made)


def check_card(changes: tuple) -> None:
    """A card is refused in a sentence, or all that it says can be shown and written again."""
    text = damaged_json(CARD, changes).decode("utf-8", "replace")
    card = told(lambda: ModelCard.from_json(text), ModelError)
    if isinstance(card, str):
        assert any(changes), card
        return
    assert ModelCard.from_json(card.to_json()) == card
    facts = {**asdict(card), "history": ()}  # a loss may be no number, where it diverged
    assert all(abs(number) < 1e16 for number in _numbers(facts))
    assert 0 <= card.accuracy <= 1
    for log in card.history:
        assert isinstance(log.validation_accuracy, int | float | None)


def _numbers(document: object) -> Iterator[float]:
    if isinstance(document, dict):
        document = list(document.values())
    if isinstance(document, list | tuple):
        for one in document:
            yield from _numbers(one)
    elif isinstance(document, int | float):
        yield document


@dataclass(frozen=True)
class Strokes:
    """A file of drawings, one line of it changed."""

    changes: tuple
    lines: int
    packed: bool
    blows: list[tuple]


_strokes = st.builds(
    Strokes, json_changes, st.integers(0, 3), st.booleans(), st.one_of(st.just([]), blows)
)


def check_drawings(case: Strokes) -> None:
    """A line is refused in a sentence, or it can be drawn."""
    good = json.dumps(_LINE).encode()
    content = b"\n".join([*[good] * case.lines, damaged_json(_LINE, case.changes)])
    with folder() as home:
        path = home / ("strokes.jsonl" + ".gz" * case.packed)
        path.write_bytes(damaged(gzip.compress(content) if case.packed else content, case.blows))
        drawings = told(lambda: read_drawings(path), DataError)
    if isinstance(drawings, str):
        assert any(case.changes) or case.blows, drawings
        return
    for drawing in drawings[-1:]:
        assert all(np.isfinite(stroke).all() for stroke in drawing.strokes)
        assert render(drawing.strokes).shape == (280, 280)


def check_seen(of_file: list[tuple]) -> None:
    """The rows that a model has learned from are told right, or refused in a sentence."""
    sample = digits(3)
    with folder() as home:
        seen_rows.save(home, sample.images[:2])
        path = home / SEEN_FILE
        path.write_bytes(damaged(path.read_bytes(), of_file))
        found = told(
            lambda: seen_rows.is_seen(StoredModel("mine", home, DOUBTING), sample.images),
            ModelError,
        )
    if not of_file:
        assert found.tolist() == [True, True, False]


@dataclass(frozen=True)
class Kept:
    """Blows to a file of arrays, and changes to the facts beside it."""

    arrays: list[tuple]
    facts: tuple


_kept = st.builds(Kept, st.one_of(st.just([]), blows), st.one_of(st.just(([], [])), json_changes))


def check_table(case: Kept) -> None:
    """A table of the library is whole, or refused in a sentence; and it can be removed."""
    sample = digits(3)
    with _home() as home:
        table = library.add(sample, "train.csv")
        facts, rows = (home / "data" / f"{table.id}.{end}" for end in ("json", "npz"))
        facts.write_bytes(damaged_json(json.loads(facts.read_text()), case.facts))
        rows.write_bytes(damaged(rows.read_bytes(), case.arrays))
        loaded = told(lambda: library.load(table.id), DataError)
        assert len(library.tables()) + len(library.damaged()) == 1
        if not isinstance(loaded, str):
            assert np.array_equal(loaded.images, sample.images)
        library.add(sample, "train.csv")  # the same rows again mend it
        assert np.array_equal(library.load(table.id).images, sample.images)


def check_checkpoint(case: Kept) -> None:
    """A damaged checkpoint is passed over; another one is what was kept."""
    first, second = (_state(epoch) for epoch in (1, 2))
    with folder() as home:
        checkpoints.save(home, first)
        checkpoints.save(home, second)
        manifest, arrays = home / checkpoints.MANIFEST, home / "00002.npz"
        manifest.write_bytes(damaged_json(json.loads(manifest.read_text()), case.facts))
        content = damaged(arrays.read_bytes(), case.arrays)
        arrays.write_bytes(content)
        if case.arrays and not any(case.facts):  # as if the hash were of what is there
            entries = json.loads(manifest.read_text())
            entries[0]["sha256"] = hashlib.sha256(content).hexdigest()
            manifest.write_text(json.dumps(entries))
        state = checkpoints.load(home)
        if not any(case.facts) and not case.arrays:
            assert state.epoch == 2
        checkpoints.save(home, second)  # goes on, whatever is there
        assert checkpoints.load(home).epoch == 2


def _state(epoch: int) -> TrainingState:
    history = tuple(EpochLog(one, 0.5, 0.8, 1.0, 0.4, 0.9) for one in range(1, epoch + 1))
    return TrainingState(epoch, history, (0.9, -0.4, epoch), {"weights": np.arange(6.0)})


def check_validation(of_file: list[tuple]) -> None:
    """The rows that watched a training are as they were, or there are none."""
    with _home():
        folders.folder("0" * 8).mkdir(parents=True)
        folders.write_validation("0" * 8, digits(3))
        path = folders.folder("0" * 8) / "validation.npz"
        path.write_bytes(damaged(path.read_bytes(), of_file))
        rows = folders.validation("0" * 8)
    assert (rows.images.shape[1:], rows.images.dtype) == ((28, 28), np.uint8)
    assert len(rows.images) == len(rows.labels)


def check_job(changes: tuple) -> None:
    """A training's damaged row is told in a sentence, or it is a training."""
    job = Job("0" * 8, "mine", TrainingConfig("compact"), ("ab" * 32,), None, State.DONE,
              "2026-01-02T03:04:05+00:00", None, None, "", 1, 2, 1, None)  # fmt: skip
    with _home():
        job_database.insert(job)
        config = damaged_json(asdict(job.config), changes).decode("utf-8", "replace")
        with job_database.opened(writing=True) as database:
            database.execute("UPDATE jobs SET config = ?", (config.replace("\0", " "),))
        found = told(lambda: job_database.get(job.id), StorageError)
    assert isinstance(found, str) or isinstance(found.config, TrainingConfig)


@contextmanager
def _home() -> Iterator[Path]:
    """RECOGNIZER_HOME for a moment."""
    with folder() as home, patch.dict(os.environ, RECOGNIZER_HOME=str(home)):
        yield home


TARGETS = (
    Target("cards", json_changes, check_card),
    Target("drawings", _strokes, check_drawings),
    Target("seen", blows, check_seen),
    Target("library", _kept, check_table),
    Target("checkpoints", _kept, check_checkpoint),
    Target("validation", blows, check_validation),
    Target("jobs", json_changes, check_job),
)
