"""Which rows a model has learned from: noted when it is published, found again in other files."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from helpers import factories as made_up
from helpers.trainings import CONFIG, SAMPLE, keep_table, trained

from recognizer import datasets
from recognizer.datasets import read_digits
from recognizer.datasets.splits import split_tables
from recognizer.errors import ModelError
from recognizer.models import registry, seen_rows
from tools import seen_rows as tool


@pytest.fixture
def model(tmp_path: Path) -> registry.StoredModel:
    made_up.model(tmp_path / "models" / "mine")
    return registry.find_model("mine", tmp_path / "models")


def test_finds_the_very_rows_that_were_noted_in_any_order(model: registry.StoredModel):
    random = np.random.default_rng(1)
    images = random.integers(0, 256, (500, 28, 28), dtype=np.uint8)
    seen_rows.save(model.folder, images[:200], images[200:300])
    order = random.permutation(500)
    assert np.array_equal(seen_rows.is_seen(model, images[order]), order < 300)


def test_one_changed_pixel_makes_another_row(model: registry.StoredModel):
    image = made_up.digits(1).images
    seen_rows.save(model.folder, image)
    other = image.copy()
    other[0, 27, 27] ^= 1
    assert seen_rows.is_seen(model, image).tolist() == [True]
    assert seen_rows.is_seen(model, other).tolist() == [False]


def test_no_images_work_too(model: registry.StoredModel):
    seen_rows.save(model.folder, made_up.digits(3).images)
    assert seen_rows.is_seen(model, np.zeros((0, 28, 28), np.uint8)).shape == (0,)


def test_a_model_without_a_note_says_that_it_is_not_known(model: registry.StoredModel):
    assert seen_rows.is_seen(model, made_up.digits(3).images) is None


@pytest.mark.parametrize("content", [b"", b"\x93NUMPY damaged", b"not an array", b"PK\x03\x04"])
def test_a_damaged_note_is_told_in_one_sentence(model: registry.StoredModel, content: bytes):
    (model.folder / "seen.npy").write_bytes(content)
    with pytest.raises(ModelError) as told:
        seen_rows.is_seen(model, made_up.digits(3).images)
    assert made_up.one_line(told.value) == (
        "seen.npy of mine is damaged: expected 5 bytes for each row that it was trained on; "
        "restore it or remove it."
    )


def test_a_note_whose_header_is_no_python_is_told(model: registry.StoredModel):
    """NumPy lets an error of the tokenizer's through."""
    seen_rows.save(model.folder, made_up.digits(3).images)
    path = model.folder / registry.SEEN_FILE
    content = path.read_bytes()
    path.write_bytes(content[:1] + content)
    with pytest.raises(ModelError):
        seen_rows.is_seen(model, made_up.digits(3).images)


def test_a_note_of_another_shape_is_told(model: registry.StoredModel):
    np.save(model.folder / "seen.npy", np.zeros((3, 4), np.uint8))
    with pytest.raises(ModelError, match="restore it or remove it"):
        seen_rows.is_seen(model, made_up.digits(3).images)


def test_a_training_notes_what_it_learned_from_and_not_what_measured_it():
    table = keep_table()
    published = registry.find_model(trained(table).published)
    rows = split_tables(CONFIG, (table,))
    assert seen_rows.is_seen(published, rows.training.images).all()
    assert seen_rows.is_seen(published, rows.validation.images).all()
    assert not seen_rows.is_seen(published, rows.held_out.images).any()


class TestTool:
    """python -m tools.seen_rows"""

    @pytest.fixture
    def table(self, tmp_path: Path) -> Path:
        path = tmp_path / "train.csv"
        path.write_bytes(made_up.table_of(SAMPLE))
        return path

    def published(self, **changes: object) -> registry.StoredModel:
        """A model of a training, as before there were notes."""
        model = registry.find_model(trained(keep_table()).published)
        (model.folder / "seen.npy").unlink()
        card = replace(model.card, data=replace(model.card.data, **changes))
        (model.folder / "card.json").write_text(card.to_json())
        return model

    def test_notes_the_same_rows_as_the_training(self, table: Path):
        model = self.published()
        assert tool.main([str(table), str(model.folder)]) == 0
        rows = split_tables(CONFIG, (datasets.fingerprint(SAMPLE),))
        assert seen_rows.is_seen(model, rows.training.images).all()
        assert not seen_rows.is_seen(model, rows.held_out.images).any()

    def test_refuses_another_table(self, tmp_path: Path, capsys: pytest.CaptureFixture):
        model = self.published()
        other = tmp_path / "other.csv"
        other.write_bytes(made_up.table_of(made_up.digits(200, seed=9)))
        assert tool.main([str(other), str(model.folder)]) == 2
        assert "name the table" in made_up.one_line(capsys.readouterr().err.strip())
        assert not (model.folder / "seen.npy").exists()

    def test_takes_a_table_that_was_one_of_several(self, table: Path):
        model = self.published(sha256="cd" * 32)
        assert tool.main([str(table), str(model.folder)]) == 2
        assert tool.main(["--among-others", str(table), str(model.folder)]) == 0


class TestShipped:
    """What is committed under models/."""

    @pytest.mark.parametrize(
        "model", registry.list_models(registry.SHIPPED).available, ids=lambda m: m.name
    )
    def test_has_learned_from_train_csv_but_for_its_held_out_rows(
        self, data: Path, model: registry.StoredModel
    ):
        digits = read_digits(data / "digit-recognizer.zip")
        rows = read_digits(data / "digit-recognizer.zip", "test.csv")
        assert (~seen_rows.is_seen(model, digits.images)).sum() == model.card.n
        assert not seen_rows.is_seen(model, rows.images).any()
