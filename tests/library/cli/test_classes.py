"""`classes`: a class from the command line, from its opening to its end."""

import json
from datetime import timedelta

import numpy as np
import pytest
from helpers.factories import correction, digits, one_line

from recognizer.__main__ import main
from recognizer.classroom import Classroom
from recognizer.classroom.records import today
from recognizer.datasets import library, read_digits
from recognizer.datasets.splits import split_tables
from recognizer.inference import Recognizer
from recognizer.jobs.fine_tuning import class_training
from recognizer.models import registry, seen_rows


@pytest.fixture
def code(home, capsys) -> str:
    """A class that was opened, in which three pupils wrote."""
    until = (today() + timedelta(days=3)).isoformat()
    assert main(["classes", "open", "class 5b", "--until", until]) == 0
    code = capsys.readouterr().out[:6]
    for seed, name in enumerate(("Ada", "Ben", "Cem")):
        write(code, name, digits(10, seed=seed).images)
    return code


def write(code: str, name: str, images: np.ndarray) -> None:
    """Join a class and write the digits from 0."""
    _, key = Classroom().join(code, name)
    for label, image in enumerate(images):
        Classroom().keep(code, key, correction(0, id=str(label), label=label, image=image))


def test_a_class_is_listed_exported_and_deleted(code, tmp_path, capsys):
    assert main(["classes", "--json"]) == 0
    [entry] = json.loads(capsys.readouterr().out)
    assert (entry["code"], entry["title"]) == (code, "class 5b")
    assert entry["pupils"][0] == {"name": "Ada", "drawings": 10, "done": True}
    table = tmp_path / "b.csv"
    assert main(["classes", "export", code, "--pupil", "ben", "--out", str(table)]) == 0
    found = read_digits(table)
    assert np.array_equal(found.images, digits(10, seed=1).images)
    assert b"Ben" not in table.read_bytes()
    assert main(["classes", "delete", code, "--pupil", "Ada"]) == 0
    assert [one.name for one in Classroom().pupils(code)] == ["Ben", "Cem"]
    assert main(["classes", "end", code]) == 0
    assert not Classroom().find(code).is_open(today())
    assert main(["classes", "delete", code]) == 0
    assert Classroom().collections() == ()


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["export", "ABCDEF", "--out", "a.csv"], "no class with the code 'ABCDEF'"),
        (["train", "ABCDEF"], "no class with the code 'ABCDEF'"),
        (["open", "class 5b", "--times", "11"], "expected 1 to 10"),
        (["open", "class 5b", "--until", "2020-01-01"], "The last day is 2020-01-01"),
    ],
)
def test_mistakes_are_told_in_one_line(home, arguments, told, capsys):
    assert main(["classes", *arguments]) == 2
    assert told in one_line(capsys.readouterr().err.strip())


def test_a_pupil_who_is_not_there_is_told_with_those_who_are(code, capsys):
    assert main(["classes", "delete", code, "--pupil", "Eve"]) == 2
    assert "there is 'Ada', 'Ben', 'Cem'" in capsys.readouterr().err


def test_the_training_of_a_class_leaves_a_pupil_out_and_is_forgotten_with_it(code, capsys):
    library.add(digits(400, seed=9), "train.csv")
    config, ids = class_training.prepare(code)
    rows = split_tables(config, ids)
    assert rows.set_aside_name == "drawings of 1 pupil left out of the training"
    aside = {image.tobytes() for image in rows.set_aside.images}
    per_pupil = [{one.tobytes() for one in digits(10, seed=seed).images} for seed in range(3)]
    assert aside in per_pupil, "one pupil's drawings, all of them"
    assert not aside & {image.tobytes() for image in rows.training.images}
    assert set(ids) == {one.id for one in library.tables()}, "nothing else is kept of it"
    main(["classes", "delete", code])
    assert [one.name for one in library.tables()] == ["train.csv"]


@pytest.mark.keras
def test_the_class_gets_a_model_that_is_measured_on_a_pupil_it_does_not_know(code, capsys):
    table = library.add(digits(200, seed=9), "train.csv")
    assert main(["classes", "train", code, "--from", "compact"]) == 0
    told = capsys.readouterr().out
    compact, ours = (registry.find_model(name) for name in ("compact", f"class-{code.lower()}"))
    rows, pupil = ours.card.changes
    assert pupil.data == "drawings of 1 pupil left out of the training"
    assert f"Right in compact → here: {rows}; {pupil}." in told
    [aside] = [
        one
        for number in (1, 2, 3)
        if not seen_rows.is_seen(
            ours, (one := Classroom().drawings(code, number).digits).images
        ).any()
    ]
    for model, right in ((compact, pupil.before), (ours, pupil.after)):
        read = Recognizer.of(model).predict(aside.images).argmax(axis=1)
        assert (read == aside.labels).sum() == right
    assert [one.id for one in library.tables() if not one.derived] == [table.id]
    assert main(["classes", "train", code, "--name", ours.name]) == 2
    assert f"A model named {ours.name} is there already" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("wrote", "told"),
    [
        ([], "Nobody of class 6a has written"),
        ([10], "Only one pupil of class 6a has written"),
        ([1, 1], "class 6a has 1 drawing to learn from"),
        ([9, 10], "class 6a has 9 drawings to learn from"),
        ([10, 10], "without some to replay it would forget them: add Kaggle's train.csv"),
    ],
)
def test_what_is_too_little_to_train_on_is_told_and_leaves_nothing(home, wrote, told, capsys):
    code = Classroom().open("class 6a", 1, today()).code
    for pupil, count in enumerate(wrote):
        write(code, f"pupil {pupil}", digits(10, seed=pupil).images[:count])
    assert main(["classes", "train", code]) == 2
    assert told in one_line(capsys.readouterr().err.strip())
    assert library.tables() == ()
