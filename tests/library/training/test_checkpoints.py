"""Checkpoints: the newest whole one comes back, whatever interrupted the last writing."""

import itertools
import json
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from helpers.crash import Interruption, Killed

from recognizer.records import EpochLog
from recognizer.training import checkpoints
from recognizer.training.events import TrainingState


def state(epoch: int) -> TrainingState:
    """A state whose every number tells its epoch."""
    history = tuple(EpochLog(n, 1 / n, 0.1, 3.25, 0.2 / n, 0.9) for n in range(1, epoch + 1))
    arrays = {
        "network-0": np.full((30, 4), epoch / 3, np.float32),
        "network-1": np.array([epoch, 2**32 - 1], np.uint32),
        "optimizer-0": np.array(epoch, np.int64),
    }
    return TrainingState(epoch, history, (0.9, -0.1 / 3, epoch), arrays)


def equal(first: TrainingState | None, second: TrainingState) -> bool:
    assert first is not None
    assert list(first.arrays) == list(second.arrays)
    for name, array in first.arrays.items():
        assert array.dtype == second.arrays[name].dtype
        assert array.shape == second.arrays[name].shape
        assert np.array_equal(array, second.arrays[name])
    facts = (first.epoch, first.history, first.best)
    return facts == (second.epoch, second.history, second.best)


def test_a_state_comes_back_to_the_last_bit(tmp_path):
    checkpoints.save(tmp_path / "deep" / "checkpoint", state(3))
    assert equal(checkpoints.load(tmp_path / "deep" / "checkpoint"), state(3))


def test_the_newest_comes_back_and_two_are_kept(tmp_path):
    for epoch in range(1, 6):
        checkpoints.save(tmp_path, state(epoch))
        assert equal(checkpoints.load(tmp_path), state(epoch))
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "00004.npz",
        "00005.npz",
        "manifest.json",
    ]


def test_where_there_is_none_none_comes_back(tmp_path):
    assert checkpoints.load(tmp_path / "nowhere") is None
    assert checkpoints.load(tmp_path) is None


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-100])


def flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


@pytest.mark.parametrize("damage", [cut, flip, Path.unlink, lambda path: path.write_bytes(b"")])
def test_a_damaged_state_gives_way_to_the_one_before(tmp_path, damage):
    for epoch in (1, 2):
        checkpoints.save(tmp_path, state(epoch))
    damage(tmp_path / "00002.npz")
    assert equal(checkpoints.load(tmp_path), state(1))
    checkpoints.save(tmp_path, state(2))  # repeated after the resume
    assert equal(checkpoints.load(tmp_path), state(2))
    damage(tmp_path / "00001.npz")
    assert equal(checkpoints.load(tmp_path), state(2))
    damage(tmp_path / "00002.npz")
    assert checkpoints.load(tmp_path) is None


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "{}", "[1]", '[{"file": "../../x"}]', '[{"file": 3}]', '[{"f": 1}]']
)
def test_a_damaged_manifest_means_no_checkpoint_and_can_be_written_over(tmp_path, text):
    checkpoints.save(tmp_path, state(1))
    (tmp_path / "manifest.json").write_text(text)
    assert checkpoints.load(tmp_path) is None
    checkpoints.save(tmp_path, state(2))
    assert equal(checkpoints.load(tmp_path), state(2))


def test_an_entry_that_is_no_states_is_passed_over(tmp_path):
    for epoch in (1, 2):
        checkpoints.save(tmp_path, state(epoch))
    entries = json.loads((tmp_path / "manifest.json").read_text())
    entries[0]["best"] = "?"
    (tmp_path / "manifest.json").write_text(json.dumps(entries))
    assert equal(checkpoints.load(tmp_path), state(1))


@pytest.mark.parametrize("full", [False, True], ids=["kill", "full disk"])
def test_stopped_at_any_call_the_new_state_or_the_one_before_is_there(tmp_path, monkeypatch, full):
    for at in itertools.count():
        folder = tmp_path / str(at)
        for epoch in (1, 2):
            checkpoints.save(folder, state(epoch))
        with monkeypatch.context() as patched:
            stopped = Interruption(patched, at, full=full)
            with suppress(Killed, OSError):
                checkpoints.save(folder, state(3))
        found = checkpoints.load(folder)
        assert found.epoch in (2, 3)
        assert equal(found, state(found.epoch))
        checkpoints.save(folder, state(found.epoch + 1))
        assert equal(checkpoints.load(folder), state(found.epoch + 1))
        assert not list(folder.glob(".*"))
        if not stopped.happened:
            break
    assert at >= (4 if full else 7)
