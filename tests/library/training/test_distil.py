"""The tool that makes the shipped models: what it draws, and what it publishes."""

import json

import numpy as np
import pytest
from helpers import recipe_files
from helpers.factories import one_line

from recognizer.architectures import architecture, network_input
from recognizer.datasets import read_digits, splits
from recognizer.inference import Recognizer
from recognizer.models import registry
from recognizer.records import NOT_A_DIGIT, TrainingConfig
from recognizer.training import people, recipes
from tools.distil import SECOND_PART, STUDENTS, pictures
from tools.distil.__main__ import main

FEW = recipes.Amounts(
    bent=0, pen=2, letters=2, pairs=5, scribbles=4, more=2, numbers=1, cut=2,
    of_one=3, of_two=3, taps=2,
)  # fmt: skip


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """The recipe's files, small, and little to make of them."""
    monkeypatch.setattr(recipes, "Recognizer", recipe_files.ThreeReader)
    monkeypatch.setattr(pictures, "Recognizer", recipe_files.ThreeReader)
    monkeypatch.setattr(people, "cut_digits", recipe_files.one_seven_each)
    monkeypatch.setattr(pictures, "AMOUNTS", FEW)
    recipe_files.write(tmp_path)
    return tmp_path


def test_what_is_learned_from_is_of_other_rows_and_people_than_what_chooses(folder, capsys):
    out = folder / "pictures.npz"
    assert main(["pictures", "--data", str(folder), "--out", str(out)]) == 0
    drawn = np.load(out)
    counts = dict(line.split("\t") for line in capsys.readouterr().out.splitlines())
    assert counts == {kind: str(len(drawn[f"{kind}_labels"])) for kind in pictures.NAMES}
    learned = {image.tobytes() for kind in counts for image in drawn[f"{kind}_images"]}
    config = TrainingConfig("six-conv")
    scans = read_digits(folder / recipes.SCANS)
    held_out = splits.split(scans, config.held_out, config.seed)[1]
    chosen = [drawn[f"val_{kind}_images"] for kind in SECOND_PART]
    for images in (held_out.images, *chosen):
        assert len(images)
        assert not learned & {image.tobytes() for image in images}
    assert not {image.tobytes() for image in held_out.images} & {
        image.tobytes() for image in chosen[0]
    }
    for kind in counts:
        none = kind in ("letters", "false")
        assert ((drawn[f"{kind}_labels"] == NOT_A_DIGIT) == none).all()


def test_a_folder_without_the_files_is_told_in_a_sentence(tmp_path, capsys):
    assert main(["pictures", "--data", str(tmp_path), "--out", str(tmp_path / "x.npz")]) == 2
    assert recipes.SCANS in capsys.readouterr().err


def test_a_machine_without_jax_is_told_what_training_needs(monkeypatch, capsys):
    monkeypatch.setattr("tools.distil.__main__.find_spec", {"keras": "there"}.get)
    assert main(["train", "pictures.npz", "--out", "run"]) == 2
    assert one_line(capsys.readouterr().err.strip()).startswith("Not installed: jax, optax. ")


@pytest.mark.keras
def test_a_run_without_its_files_is_told_in_a_sentence(folder, capsys):
    command = [
        "publish",
        str(folder),
        "--data",
        str(folder),
        "--models-dir",
        str(folder / "models"),
    ]
    assert main(command) == 2
    assert "run.json" in one_line(capsys.readouterr().err.strip())


@pytest.mark.keras
def test_the_published_models_are_the_networks_made_no_surer(folder, capsys):
    run, weights, networks = folder / "run", {}, {}
    run.mkdir()
    for student in STUDENTS:
        networks[student.name] = architecture(student.name).build()
        for number, weight in enumerate(networks[student.name].get_weights()):
            weights[f"{student.name}/{number:03}"] = weight
    np.savez(run / "students.npz", **weights)
    kinds = dict.fromkeys(pictures.NAMES, 8)
    facts = {
        **{"steps": 10, "weight_decay": 0.01, "shares": kinds, "pictures": {**kinds, "scans": 16}},
        **{"plain": 0.2, "averaging": 0.998, "teachers": ["large"]},
        **{"hardware": "1 GPU", "versions": {"keras": "3"}},
    }
    (run / "run.json").write_text(json.dumps(facts))
    command = ["publish", str(run), "--data", str(folder), "--models-dir", str(folder / "models")]
    assert main(command) == 0
    assert len(capsys.readouterr().out.splitlines()) == len(STUDENTS)
    scans = read_digits(folder / recipes.SCANS)
    held_out = splits.split(scans, 0.1, 1)[1]
    for student in STUDENTS:
        model = registry.find_model(student.name, folder / "models")
        card, recognizer = model.card, Recognizer.of(model)
        read = recognizer.predict(held_out.images).argmax(axis=1)
        assert card.accuracy == pytest.approx((read == held_out.labels).mean())
        assert (card.n, card.config.teachers) == (len(held_out), ("large",))
        assert card.config.batch_size == (8 if student.scans_only else 48)
        assert card.config.epochs == (5 if student.scans_only else 9), "steps x share / pictures"
        assert (card.drawn is None) == (card.rejection is None) == student.scans_only
        outputs = np.asarray(networks[student.name](network_input(held_out.images), training=False))
        digits = outputs[:, :10] / outputs[:, :10].sum(axis=1, keepdims=True)
        cooled = digits ** (1 / card.temperature)
        cooled /= cooled.sum(axis=1, keepdims=True)
        assert recognizer.predict(held_out.images) == pytest.approx(cooled, abs=0.02)
        assert recipes.of_card(card) is None, "train cannot make it"
