"""Cards travel to JSON and back, and a malformed one is refused in one line."""

import json
from dataclasses import FrozenInstanceError, replace

import numpy as np
import pytest
from helpers.factories import CARD, DOUBTING, digits, one_line

from recognizer.errors import ModelError, RecognizerError
from recognizer.models.card import CARD_FORMAT, ModelCard
from recognizer.records import BLANK, Digits

MISSING = object()


def changed(path: str, value: object, of: ModelCard = CARD) -> str:
    """A card's JSON with another value in one place, such as "history.0.loss"."""
    card = place = json.loads(of.to_json())
    *outer, last = (int(key) if key.isdecimal() else key for key in path.split("."))
    for key in outer:
        place = place[key]
    if value is MISSING:
        del place[last]
    else:
        place[last] = value
    return json.dumps(card)


def test_a_card_comes_back_equal_from_its_json():
    assert ModelCard.from_json(CARD.to_json()) == CARD


def test_figures_of_drawings_come_back_too():
    again = ModelCard.from_json(DOUBTING.to_json())
    assert again == DOUBTING
    assert again.drawn.interval == (0.9, 0.96)


COUNTED = replace(
    CARD, confusion=tuple(tuple(100 * (row == read) for read in range(10)) for row in range(10))
)


def test_a_confusion_matrix_comes_back_too():
    assert ModelCard.from_json(COUNTED.to_json()) == COUNTED


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("confusion", 7),
        ("confusion", [[1_000]]),
        ("confusion", "0123456789"),
        ("confusion.3", [100] * 9),
        ("confusion.3", None),
        ("confusion.3.3", 99),  # it has n of them no more
        ("confusion.3.3", 100.0),
        ("confusion.3", [-1, 0, 0, 101, *[0] * 6]),
        ("n", MISSING),
    ],
)
def test_a_malformed_confusion_matrix_is_refused(field, value):
    with pytest.raises(ModelError) as caught:
        ModelCard.from_json(changed(field, value, COUNTED))
    one_line(caught.value)


def test_a_card_of_the_first_format_is_read():
    card = json.loads(CARD.to_json())
    del card["drawn"], card["rejection"], card["confusion"], card["config"]["weight_decay"]
    assert ModelCard.from_json(json.dumps({**card, "format": 1})).rejection is None


def test_a_card_of_the_third_format_is_read_with_its_threshold_and_its_tables():
    card = json.loads(DOUBTING.to_json())
    card["doubt"] = card.pop("rejection")
    card["data"]["name"] = " + ".join([*card["data"].pop("tables"), "pen.jsonl"])
    read = ModelCard.from_json(json.dumps({**card, "format": 3}))
    assert read.rejection == DOUBTING.rejection
    assert read.data.tables == (*DOUBTING.data.tables, "pen.jsonl")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("drawn", 0.9),
        ("drawn.accuracy", "most"),
        ("drawn.interval", [0.9]),
        ("drawn.interval", MISSING),
        ("rejection.threshold", MISSING),
        ("rejection.threshold", "low"),
        ("rejection", [0.5]),
    ],
)
def test_malformed_figures_of_drawings_are_refused(field, value):
    with pytest.raises(ModelError) as caught:
        ModelCard.from_json(changed(field, value, DOUBTING))
    one_line(caught.value)


def test_a_cards_json_is_plain_and_ends_with_a_newline():
    text = CARD.to_json()
    assert text.endswith("}\n")
    plain = json.loads(text)
    assert plain["interval"] == [0.88, 0.92]
    assert plain["history"][1] == {
        "epoch": 2,
        "loss": 0.25,
        "accuracy": 0.9,
        "seconds": 12.0,
        "validation_loss": None,
        "validation_accuracy": None,
    }
    assert plain["format"] == CARD_FORMAT


def test_whole_numbers_may_stand_for_shares():
    assert ModelCard.from_json(changed("accuracy", 1)).accuracy == 1
    assert ModelCard.from_json(changed("interval", [0, 1])).interval == (0, 1)


@pytest.mark.parametrize("text", ["", "{", "null", "[]", "3", '"card"', "[" * 100_000, "\0"])
def test_what_is_no_card_is_refused_in_one_line(text):
    with pytest.raises(ModelError) as caught:
        ModelCard.from_json(text)
    assert "card" in one_line(caught.value)


@pytest.mark.parametrize(
    "field",
    [*("name", "accuracy", "n", "interval", "data", "config", "history", "versions", "sha256")]
    + ["data.rows", "config.architecture", "history.0.loss"],
)
def test_a_missing_field_is_refused_by_name(field):
    with pytest.raises(ModelError) as caught:
        ModelCard.from_json(changed(field, MISSING))
    assert f"'{field.split('.')[-1]}'" in one_line(caught.value)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", 5),
        ("parameters", "many"),
        ("parameters", 1.5),
        ("n", True),
        ("accuracy", "0.9"),
        ("accuracy", None),
        ("accuracy", float("nan")),
        ("accuracy", 97.3),
        ("interval", 0.9),
        ("interval", [0.9]),
        ("interval", [0.8, 0.9, 1.0]),
        ("interval", ["low", "high"]),
        ("data", "train.csv"),
        ("data", None),
        ("data.rows", "10,000"),
        ("config.augment", 1),
        ("config.epochs", 3.5),
        ("config.unheard_of", 1),
        ("history", 3),
        ("history", [3]),
        ("history.0.loss", "low"),
        ("versions", ["3.11"]),
        ("versions", None),
        ("sha256", []),
        ("sha256", "ab"),
        ("unheard_of", 1),
        ("format", "1"),
    ],
)
def test_a_field_of_another_kind_is_refused(field, value):
    with pytest.raises(ModelError) as caught:
        ModelCard.from_json(changed(field, value))
    one_line(caught.value)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), 10**30, 10**400])
@pytest.mark.parametrize(
    "field", ["accuracy", "n", "interval.0", "rejection.threshold", "config.seed"]
)
def test_a_number_that_none_can_count_with_is_refused(field, value):
    with pytest.raises(ModelError) as caught:
        ModelCard.from_json(changed(field, value, DOUBTING))
    one_line(caught.value)


def test_a_loss_may_be_none_where_a_training_diverged():
    card = ModelCard.from_json(changed("history.0.loss", float("nan")))
    assert card.history[0].loss != card.history[0].loss


@pytest.mark.parametrize("value", [float("nan"), 7, None, ["3.11"]])
@pytest.mark.parametrize("field", ["versions.python", "sha256.model"])
def test_a_version_or_a_hash_that_is_no_text_is_refused(field, value):
    with pytest.raises(ModelError):
        ModelCard.from_json(changed(field, value))


@pytest.mark.parametrize("field", ["history.0.validation_loss", "history.0.validation_accuracy"])
def test_a_reading_that_is_no_number_is_refused(field):
    with pytest.raises(ModelError, match="validation"):
        ModelCard.from_json(changed(field, "high"))


@pytest.mark.parametrize(
    ("field", "value"), [("name", [0] * 9_000), ("odd\x7f\n" + "x" * 9_000, 1), ("format", 10**900)]
)
def test_whatever_is_in_a_card_its_refusal_is_short_and_on_one_line(field, value):
    with pytest.raises(ModelError) as caught:
        ModelCard.from_json(changed(field, value))
    assert one_line(caught.value).isprintable()


def test_a_newer_format_asks_for_an_update():
    with pytest.raises(ModelError, match="update the app"):
        ModelCard.from_json(changed("format", CARD_FORMAT + 1))


def test_every_error_is_a_recognizer_error():
    from recognizer import errors

    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type)]
    assert len(kinds) == 8
    assert all(issubclass(kind, RecognizerError) for kind in kinds)
    assert all(kind.__name__ in errors.__doc__ for kind in kinds)


def test_taken_rows_keep_images_and_labels_together():
    sample = digits(10)
    taken = sample.take(np.array([7, 2]))
    assert taken.labels.tolist() == [7, 2]
    assert (taken.images == sample.images[[7, 2]]).all()
    assert Digits(sample.images, None).take(np.array([1])).labels is None


def test_a_blank_reading_is_no_digit_and_records_cannot_be_changed():
    assert (BLANK.digit, BLANK.confidence, BLANK.image, BLANK.is_digit) == (None, 0, None, False)
    assert BLANK.probabilities == (0,) * 10
    with pytest.raises(FrozenInstanceError):
        BLANK.digit = 3
