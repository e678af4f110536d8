"""`export`, and the lines of docs/export.md that run what it wrote, run here."""

import re
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
from helpers.factories import digits

from recognizer.__main__ import main
from recognizer.architectures import network_input
from recognizer.cli.models import FLOAT32
from recognizer.inference import Recognizer
from recognizer.models import registry
from recognizer.system import home as system_home

NAME = "two-block"
IMAGE = digits(10).images[7]
DOCS = system_home.PROJECT / "docs" / "export.md"
pytestmark = pytest.mark.usefixtures("two_block")


def example(suffix: str) -> str:
    """The example that opens such a file."""
    found = re.findall(r"```python\n(.*?)```", DOCS.read_text("utf-8"), re.DOTALL)
    return next(one for one in found if f'"two-block.{suffix}"' in one)


@pytest.mark.parametrize(
    "suffix",
    ["tflite", *(pytest.param(one, marks=pytest.mark.keras) for one in ("keras", FLOAT32))],
)
def test_ten_lines_read_with_an_exported_network_as_the_app_does(tmp_path, monkeypatch, suffix):
    monkeypatch.chdir(tmp_path)
    assert main(["export", NAME, "--format", suffix]) == 0
    cv2.imwrite("digit.png", IMAGE)
    code = example(suffix.removeprefix("float32.")).replace("two-block.tflite", f"{NAME}.{suffix}")
    assert len(code.splitlines()) <= 12
    assert "recognizer" not in code, "it needs nothing of the app"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    digit, share = done.stdout.split()
    expected = Recognizer.load(NAME).predict(IMAGE[np.newaxis])[0]
    assert int(digit) == expected.argmax()
    assert float(share) == pytest.approx(expected.max(), abs=0.02)  # int8 beside float32


@pytest.mark.keras
def test_in_float32_its_weights_are_those_of_the_keras_file(tmp_path):
    import keras

    out = tmp_path / "exact.tflite"
    assert main(["export", NAME, "--format", FLOAT32, "--out", str(out)]) == 0
    images = digits(10).images
    model = registry.find_model(NAME)
    network = keras.saving.load_model(model.folder / registry.KERAS_FILE, compile=False)
    expected = network.predict(network_input(images), verbose=0)[:, :10]
    read = Recognizer(out, model.card).predict(images)
    assert np.abs(read - expected).max() < 1e-5  # int8 differs by up to 0.016


def test_the_file_is_the_models_own_and_goes_where_it_is_told(tmp_path, capsys):
    out = tmp_path / "here.tflite"
    out.write_bytes(b"what was there before is replaced")
    assert main(["export", NAME, "--out", str(out)]) == 0
    assert out.read_bytes() == registry.find_model(NAME).tflite.read_bytes()
    said = capsys.readouterr().out
    assert f"{out}: two-block, 0.9 MB" in said
    assert "docs/export.md" in said


@pytest.mark.parametrize(
    ("arguments", "words"),
    [(["no"], "No model 'no'"), ([NAME, "--out", "missing/a.tflite"], "cannot be written")],
)
def test_mistakes_are_one_line(tmp_path, monkeypatch, capsys, arguments, words):
    monkeypatch.chdir(tmp_path)
    assert main(["export", *arguments]) == 2
    said = capsys.readouterr()
    assert words in said.err
    assert said.err.count("\n") == 1
    assert not list(Path(tmp_path).glob("*.tflite"))
