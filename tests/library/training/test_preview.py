"""The recipe of a preview: half-drawn digits, the choice of the threshold, and one small run."""

import gzip
import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from helpers.factories import one_line

from recognizer.__main__ import main
from recognizer.errors import DataError
from recognizer.models import registry
from recognizer.preview import DISTILLED_FILE, preview_of
from recognizer.preview.network import unpack
from recognizer.training import preview
from recognizer.training.people import LETTERS, PEN

WRITERS = 30


def line(label: str, writer: int) -> str:
    points = np.random.default_rng(writer).uniform(0, 1000, (6, 2)).round().tolist()
    drawing = {"label": label, "writer": f"w{writer}", "source": "unipen", "strokes": [points]}
    return json.dumps(drawing) + "\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The two files of drawings, small."""
    for name, labels in ((PEN, "0123456789"), (LETTERS, "AX")):
        text = "".join(line(label, writer) for writer in range(WRITERS) for label in labels)
        (tmp_path / name).write_bytes(gzip.compress(text.encode()))
    return tmp_path


def test_of_a_half_drawn_digit_the_first_strokes_are_kept():
    strokes = [np.zeros((4, 2)), np.ones((6, 2))]
    assert [len(one) for one in preview.half_drawn(strokes, 0.3)] == [3]
    assert [len(one) for one in preview.half_drawn(strokes, 0.7)] == [4, 3]
    assert [len(one) for one in preview.half_drawn(strokes, 1.0)] == [4, 6]
    assert [len(one) for one in preview.half_drawn(strokes, 0.01)] == [1]


def test_a_missing_file_is_named_before_anything_is_made(tmp_path):
    model = registry.find_model(None, registry.SHIPPED)
    with pytest.raises(DataError) as caught:
        preview.make(model, tmp_path, seed=1, report=lambda line: pytest.fail(line))
    assert PEN in one_line(caught.value)


def test_the_model_itself_agrees_with_itself_and_keeps_its_threshold(folder):
    from recognizer.inference import Recognizer

    model = registry.find_model(None, registry.SHIPPED)
    recognizer = Recognizer(model.tflite, model.card, threads=1)
    _, choose, report = preview.read_parts(folder, PEN)
    own = unpack(preview_of(model))
    found = preview.with_threshold(recognizer, own.layers, choose)
    assert found.threshold == pytest.approx(model.card.rejection.threshold)
    measured = preview.agreement(recognizer, found, report)
    assert measured.share > 0.99
    assert measured.n == len(report)


@pytest.mark.keras
def test_one_command_distils_a_preview_into_the_models_folder(
    folder, tmp_path, monkeypatch, capsys
):
    from recognizer.training import preview_student

    for name, little in (("DIGIT_REWRITINGS", 1), ("LETTER_REWRITINGS", 1), ("PAIRS", 5)):
        monkeypatch.setattr(preview, name, little)
    monkeypatch.setattr(preview, "SCRIBBLES", 5)
    monkeypatch.setattr(preview_student, "BATCH", 64)
    models = tmp_path / "models"
    shutil.copytree(registry.SHIPPED / "compact", models / "compact")
    options = ("--recipe", "preview", "--data", str(folder), "--models-dir", str(models))
    assert main(["train", *options]) == 0
    assert "a doubt counted as a digit of its own" in capsys.readouterr().out
    model = registry.find_model("compact", models)
    file = (model.folder / DISTILLED_FILE).read_bytes()
    assert preview_of(model) == file
    assert len(unpack(file).layers) == len(preview_student.CONVOLUTIONS) + 1
    card = json.loads((model.folder / preview.CARD_FILE).read_text())
    assert card["bytes"] == len(file) < 200_000
    assert main(["train", *options, "--epochs", "3"]) == 2
    assert "leave out --epochs" in capsys.readouterr().err
