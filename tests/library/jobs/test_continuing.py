"""Trainings that go on from a model: what is replayed, what is new, what both are measured on."""

from dataclasses import replace

import numpy as np
import pytest
from helpers.factories import CARD, correction, digits, model, one_line
from helpers.fake_trainer import FakeTrainer

from recognizer.datasets import library
from recognizer.datasets.corrections import Corrections
from recognizer.datasets.splits import split_tables
from recognizer.errors import DataError, SettingError
from recognizer.jobs import queue, worker
from recognizer.jobs.control import delete
from recognizer.jobs.fine_tuning import continuing
from recognizer.models import registry, seen_rows
from recognizer.models.registry import StoredModel
from recognizer.records import Digits

ROWS = digits(400)
SEEN = ROWS.take(np.arange(200))


@pytest.fixture
def start(home) -> StoredModel:
    """A model that has learned from the first half of the rows, which are not kept."""
    folder = model(home / "models" / "mine")
    seen_rows.save(folder, SEEN.images)
    return registry.find_model("mine")


def drawn(times: int) -> str:
    """A table of so many drawings of each digit."""
    return library.add(digits(10 * times, seed=9), "corrected drawings", extra=True).id


def pixels(of: Digits) -> set[bytes]:
    return {image.tobytes() for image in of.images}


class TestTables:
    def test_what_the_model_knows_is_replayed_and_never_measured_on(self, start):
        table = library.add(ROWS, "train.csv")
        config, ids = continuing.prepare(start, continuing.settings(start), [table.id])
        rows = split_tables(config, ids)
        assert pixels(SEEN) <= pixels(rows.training)
        assert not pixels(SEEN) & (pixels(rows.held_out) | pixels(rows.validation))
        assert len(rows.held_out) == 100, "half of what it has not seen"

    def test_forty_corrections_are_enough_beside_the_old_rows(self, start):
        library.add(ROWS, "train.csv")
        config, ids = continuing.prepare(start, continuing.settings(start), [drawn(4)])
        rows = split_tables(config, ids)
        aside, corrections = pixels(rows.set_aside), pixels(digits(40, seed=9))
        assert len(aside) == 10
        assert aside <= corrections
        learned = [image.tobytes() in corrections for image in rows.training.images]
        assert not aside & pixels(rows.training)
        assert sum(learned) / len(learned) == pytest.approx(continuing.DRAWN, abs=0.05)

    def test_a_drawing_that_the_model_has_learned_from_is_not_set_aside(self, start):
        library.add(ROWS, "train.csv")
        before = digits(40, seed=9)
        seen_rows.save(start.folder, SEEN.images, before.images[:20])
        config, ids = continuing.prepare(start, continuing.settings(start), [drawn(4)])
        aside = pixels(split_tables(config, ids).set_aside)
        assert aside
        assert aside <= pixels(before.take(np.arange(20, 40)))

    def test_of_very_few_none_is_set_aside(self, start):
        library.add(ROWS, "train.csv")
        config, ids = continuing.prepare(start, continuing.settings(start), [drawn(1)])
        assert not len(split_tables(config, ids).set_aside)

    @pytest.mark.parametrize(
        "changed", [{}, {"split_seed": 5}, {"held_out": 0.25, "fold": 2, "split_seed": 5}]
    )
    def test_the_models_own_rows_are_divided_as_they_were(self, start, changed):
        table = library.add(ROWS, "train.csv")
        data = replace(CARD.data, sha256=table.id)
        trained = replace(start.card.config, **changed)
        own = replace(start, card=replace(start.card, data=data, config=trained))
        then = split_tables(own.card.config, (table.id,))
        config, ids = continuing.prepare(own, continuing.settings(own), [])
        assert ids == (table.id,)
        assert np.array_equal(split_tables(config, ids).held_out.images, then.held_out.images)

    def test_are_gone_with_the_training_that_they_were_made_for(self, start):
        table = library.add(ROWS, "train.csv")
        config, ids = continuing.prepare(start, continuing.settings(start), [table.id, drawn(4)])
        job, lock = queue.enqueue("better", config, ids)
        lock.release()
        queue.database.update(job.id, state="stopped")
        delete(job.id)
        assert {one.name for one in library.tables()} == {"train.csv", "corrected drawings"}


class TestMistakes:
    def test_nothing_to_replay(self, start):
        with pytest.raises(SettingError) as told:
            continuing.prepare(start, continuing.settings(start), [drawn(4)])
        assert "would forget them: add Kaggle's train.csv" in one_line(told.value)

    def test_nothing_that_it_has_not_seen(self, start):
        table = library.add(SEEN, "train.csv")
        with pytest.raises(DataError) as told:
            continuing.prepare(start, continuing.settings(start), [table.id])
        assert "mine has learned from every row of train.csv" in one_line(told.value)

    def test_another_network(self, start):
        config = replace(continuing.settings(start), architecture="compact")
        with pytest.raises(SettingError) as told:
            continuing.check(start, config)
        assert "mine is of the network single-conv" in one_line(told.value)

    def test_a_network_that_was_adopted(self, start):
        adopted = replace(start, card=replace(start.card, architecture="adopted"))
        with pytest.raises(SettingError) as told:
            continuing.settings(adopted)
        assert "can't be trained here" in one_line(told.value)


def test_both_models_are_measured_and_the_old_one_stays(home):
    compact = registry.find_model("compact")
    table = library.add(ROWS, "train.csv")
    before = {path: path.read_bytes() for path in compact.folder.iterdir()}
    config = replace(continuing.settings(compact), epochs=1)
    config, ids = continuing.prepare(compact, config, [table.id, drawn(4)])
    job, lock = queue.enqueue("better", config, ids)
    ended = worker.work(job.id, lock, FakeTrainer())
    card = registry.find_model("better").card
    held_out, aside = card.changes
    assert (held_out.n, aside.n) == (card.n, 10)
    assert held_out.after == round(card.accuracy * card.n)
    assert f"Right in compact → here: {held_out}; {aside}." in ended.message
    assert card.config.start == "compact"
    better = registry.find_model("better")
    assert set(map(bytes, np.load(compact.folder / "seen.npy"))) < set(
        map(bytes, np.load(better.folder / "seen.npy"))
    ), "it has seen what the old one has, and more"
    assert {path: path.read_bytes() for path in compact.folder.iterdir()} == before


def test_the_command_line_goes_on_from_a_model_with_a_persons_hand(home, monkeypatch, capsys):
    from recognizer.__main__ import main

    monkeypatch.setattr(worker, "_keras", FakeTrainer)
    library.add(ROWS, "train.csv")
    kept = Corrections(hand="Ada")
    for number, image in enumerate(digits(30, seed=9).images):
        kept.keep(correction(0, id=str(number), label=number % 10, image=image))
    options = ["--name", "better", "--epochs", "1"]
    assert main(["train", "--from", "compact", "--hand", "Ada", *options]) == 0
    assert "Right in compact → here" in capsys.readouterr().out
    assert registry.find_model("better").card.changes[1].n == 10
    assert main(["train", "--from", "compact", "--architecture", "mlp", *options]) == 2
    assert "named better" in one_line(capsys.readouterr().err.strip())
    assert main(["train", "--from", "nobody", "--name", "third"]) == 2
    assert "nobody" in one_line(capsys.readouterr().err.strip())
    assert main(["train", "--from", "compact"]) == 2
    assert "--name is missing" in capsys.readouterr().err
