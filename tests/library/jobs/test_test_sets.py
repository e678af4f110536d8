"""What models can be measured on, and whether they have seen it."""

from dataclasses import replace

import numpy as np
import pytest
from helpers.factories import CARD, digits, one_line
from helpers.trainings import CONFIG, SAMPLE, keep_table, trained

from recognizer.datasets import fingerprint, library
from recognizer.datasets.corrections import Correction, Corrections
from recognizer.datasets.splits import split, split_tables
from recognizer.errors import RecognizerError
from recognizer.jobs import database, folders, provenance, test_sets
from recognizer.models import maintenance, registry
from recognizer.records import Digits, TrainingConfig, join

OTHER = TrainingConfig(
    "softmax", epochs=1, batch_size=64, learning_rate=0.5, validation=0.1, seed=2
)


@pytest.fixture(autouse=True)
def _no_shipped(only_users_models: None) -> None:
    pass


@pytest.fixture
def table() -> str:
    return keep_table()


def correct(label: int, name: str = "one") -> None:
    image = digits(label + 1, seed=7).images[label]
    values = {"time": "2026-01-02", "read_as": 1, "confidence": 0.5, "model": "mine"}
    Corrections().keep(Correction(id=name, label=label, strokes=[], image=image, **values))


def same(one: Digits, other: Digits) -> bool:
    return fingerprint(one) == fingerprint(other)


def test_where_nothing_was_trained_or_corrected_there_is_nothing():
    assert test_sets.offers() == []


def test_the_held_out_rows_are_those_that_the_model_was_measured_on(table):
    trained(table)
    (offer,) = test_sets.offers()
    assert offer.name == "Rows of train.csv held out from mine"
    rows = test_sets.load(offer.key)
    assert same(rows, split(SAMPLE, CONFIG.held_out, CONFIG.seed)[1])
    assert len(rows) == registry.find_model("mine").card.n
    numbers = test_sets.file_rows(offer.key)
    assert same(rows, SAMPLE.take(numbers - 1)), "as the file counts them, from 1"


def test_trainings_that_held_out_the_same_rows_are_one_offer(table):
    trained(table, name="mine")
    trained(table, name="again")
    trained(table, OTHER, name="seed-2")
    named = [offer.name.partition("held out from ")[2] for offer in test_sets.offers()]
    assert sorted(sorted(one.split(", ")) for one in named) == [["again", "mine"], ["seed-2"]]


def test_many_trainings_of_one_split_are_counted(table):
    for name in ("a", "b", "c", "d"):
        trained(table, name=name)
    (offer,) = test_sets.offers()
    assert offer.name.endswith("and 2 more")


def test_the_rows_of_several_tables_are_known_from_the_training(table):
    more = library.add(digits(100, seed=3), "more.csv").id
    job = database.get(trained_on_both(table, more))
    (offer,) = test_sets.offers()
    assert "train.csv + more.csv" in offer.name
    assert same(test_sets.load(offer.key), split_tables(CONFIG, job.tables).held_out)


def trained_on_both(table: str, more: str) -> str:
    from helpers.fake_trainer import FakeTrainer

    from recognizer.jobs import queue, worker

    job, lock = queue.enqueue("both", CONFIG, (table, more))
    return worker.work(job.id, lock, FakeTrainer()).id


def test_without_the_table_the_rows_that_watched_are_offered_and_called_flattering(table):
    job = trained(table)
    watched = folders.validation(job.id)
    library.remove(table)
    (offer,) = test_sets.offers()
    assert offer.name == "Validation rows of mine"
    assert "flatters" in offer.note
    assert same(test_sets.load(offer.key), watched)


def aged(job_id: str, day: int) -> None:
    """As if a training, and the model that it published, were of another day."""
    job = database.get(job_id)
    time = f"2026-01-{day:02}T03:04:05+00:00"
    folder = registry.find_model(job.published).folder
    card = replace(registry.find_model(job.published).card, created=time)
    (folder / "card.json").write_text(card.to_json())
    database.update(job_id, started=time, finished=time)


def test_a_renamed_model_is_named_as_it_is_now_and_another_of_its_old_name_is_not_taken_for_it(
    table,
):
    first = trained(table)
    aged(first.id, 1)
    maintenance.rename("mine", "first")
    second = trained(table)
    aged(second.id, 2)
    (offer,) = test_sets.offers()
    assert sorted(offer.name.partition("held out from ")[2].split(", ")) == ["first", "mine"]
    assert {job.id: model.name for job, model in provenance.trained_models()} == {
        first.id: "first",
        second.id: "mine",
    }
    library.remove(table)
    watched = {offer.key: offer.name for offer in test_sets.offers()}
    assert watched == {
        f"watched-{first.id}": "Validation rows of first",
        f"watched-{second.id}": "Validation rows of mine",
    }


def test_a_deleted_models_rows_are_not_offered_as_those_of_the_next_of_its_name(table):
    aged(trained(table).id, 1)
    trained(table, name="other")
    registry.promote("other")
    maintenance.delete("mine")
    trained(table, OTHER)
    names = sorted(offer.name.partition("held out from ")[2] for offer in test_sets.offers())
    assert names == ["mine", "other"]


def test_a_training_within_the_time_of_one_that_was_interrupted_has_its_own_model(table):
    slow, quick = trained(table, name="slow"), trained(table, name="quick")
    aged(quick.id, 2)
    aged(slow.id, 3)
    database.update(slow.id, started="2026-01-01T00:00:00+00:00")
    maintenance.rename("quick", "fast")
    made = {job.id: model.name for job, model in provenance.trained_models()}
    assert made == {slow.id: "slow", quick.id: "fast"}


def test_corrections_are_offered_once_there_are_any():
    correct(3)
    (offer,) = test_sets.offers()
    assert offer.name == "1 corrected drawing"
    assert test_sets.load(offer.key).labels.tolist() == [3]


@pytest.mark.parametrize(
    "key", ["", "corrected", "held-out-0123456789ab", "watched-0123abcd", "watched-../../etc", "x"]
)
def test_what_is_not_there_is_told(key):
    with pytest.raises(RecognizerError) as caught:
        test_sets.load(key)
    one_line(caught.value)


class TestKnownRows:
    def test_its_own_held_out_rows_are_new_to_it_and_the_others_are_not(self, table):
        trained(table)
        card, rows = registry.find_model("mine").card, split_tables(CONFIG, (table,))
        assert provenance.known_rows(card, rows.held_out).sum() == 0
        assert provenance.known_rows(card, rows.training).sum() == len(rows.training)
        assert provenance.known_rows(card, rows.validation).sum() == len(rows.validation)
        assert provenance.known_rows(card, SAMPLE).sum() == len(rows.training) + len(
            rows.validation
        )

    def test_another_seeds_held_out_rows_are_mostly_known(self, table):
        trained(table)
        other = split_tables(OTHER, (table,)).held_out
        own = {image.tobytes() for image in split_tables(CONFIG, (table,)).held_out.images}
        by_hand = sum(image.tobytes() not in own for image in other.images)
        assert 0 < by_hand == provenance.known_rows(registry.find_model("mine").card, other).sum()

    def test_a_renamed_model_is_known_as_well(self, table):
        trained(table)
        trained(table, OTHER, name="other")
        maintenance.rename("other", "renamed")
        assert provenance.known_rows(registry.find_model("renamed").card, SAMPLE).sum() == 180

    def test_several_tables_are_known_together(self, table):
        more = digits(100, seed=3)
        trained_on_both(table, library.add(more, "more.csv").id)
        card = registry.find_model("both").card
        assert provenance.known_rows(card, join([SAMPLE, more])).sum() == 270
        assert provenance.known_rows(card, digits(50, seed=9)).sum() == 0

    def test_without_its_table_nobody_can_tell(self, table):
        trained(table)
        library.remove(table)
        assert provenance.known_rows(registry.find_model("mine").card, SAMPLE) is None
        assert provenance.known_rows(CARD, SAMPLE) is None

    def test_an_older_training_without_validation_rows_is_known_as_well(self, table):
        older = replace(
            CARD, data=replace(CARD.data, sha256=table), config=replace(CONFIG, validation=0.0)
        )
        assert provenance.known_rows(older, SAMPLE).sum() == 180

    def test_a_damaged_table_is_as_one_that_is_gone(self, table, home):
        trained(table)
        rows = np.load(home / "data" / f"{table}.npz")
        np.savez(home / "data" / f"{table}.npz", images=rows["images"][1:], labels=rows["labels"])
        assert provenance.known_rows(registry.find_model("mine").card, SAMPLE) is None
