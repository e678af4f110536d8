"""The commands about networks, and the questions that the Train page asks Keras."""

import json
import subprocess
import sys
import urllib.request

import numpy as np
import pytest
from helpers import factories as made_up

from recognizer.__main__ import main
from recognizer.architectures import ARCHITECTURES
from recognizer.datasets import library
from recognizer.models import registry
from recognizer.system import home as system_home


def run(*arguments: str, given: bytes = b"") -> subprocess.CompletedProcess:
    """Run the command line in a process of its own."""
    command = [sys.executable, "-m", "recognizer", *arguments]
    return subprocess.run(
        command, cwd=system_home.PROJECT, input=given, capture_output=True, check=False, timeout=120
    )


@pytest.fixture(scope="module")
def tables() -> dict[str, dict]:
    result = run("architectures", "--json")
    assert result.returncode == 0, result.stderr
    return {table["name"]: table for table in json.loads(result.stdout)}


@pytest.mark.keras
class TestArchitectures:
    def test_every_network_is_there_with_its_parameters(self, tables):
        assert list(tables) == list(ARCHITECTURES)
        counted = {name: table["parameters"] for name, table in tables.items()}
        assert counted["single-conv"] == 564_534
        assert counted["wide-dense"] == 42_579_946
        for name, table in tables.items():
            assert set(table) == {"name", "title", "parameters", "layers"}
            assert table["title"] == ARCHITECTURES[name].title
            assert sum(layer["parameters"] for layer in table["layers"]) == counted[name]

    def test_layers_have_their_type_and_output_without_the_batch(self, tables):
        assert tables["softmax"]["layers"] == [
            {"name": tables["softmax"]["layers"][0]["name"], "type": "Flatten"}
            | {"output_shape": [784], "parameters": 0},
            {"name": tables["softmax"]["layers"][1]["name"], "type": "Dense"}
            | {"output_shape": [10], "parameters": 7850},
        ]

    def test_without_json_a_line_tells_of_each_layer(self):
        lines = run("architectures").stdout.decode().splitlines()
        assert any(line.startswith("conv-pool: ") and "3,274,634" in line for line in lines)
        assert any("Conv2D" in line and "28 × 28 × 32" in line for line in lines)


@pytest.mark.keras
def test_a_trial_tells_the_speed_of_a_training():
    result = run("trial", "softmax", "--batch-size", "32")
    assert json.loads(result.stdout)["images_per_second"] > 100, result.stderr


@pytest.mark.keras
def test_a_preview_changes_each_image_in_its_own_ways():
    images = made_up.digits(3).images
    result = run("preview", "--seed", "2", given=images.tobytes())
    versions = np.frombuffer(result.stdout, np.uint8).reshape(3, 8, 28, 28)
    assert len({version.tobytes() for version in versions.reshape(-1, 28, 28)}) == 24
    assert run("preview", "--seed", "2", given=images.tobytes()).stdout == result.stdout


@pytest.mark.keras
def test_mnist_without_network_is_told_in_one_line_and_leaves_nothing(monkeypatch, capsys, home):
    def refuse(*args, **options):
        raise OSError("Name or service not known")

    monkeypatch.setattr(urllib.request, "urlopen", refuse)
    monkeypatch.setattr(urllib.request, "urlretrieve", refuse)
    import keras

    monkeypatch.setattr(keras.src.utils.file_utils, "urlretrieve", refuse)
    assert main(["mnist"]) == 2
    assert "MNIST cannot be fetched" in made_up.one_line(capsys.readouterr().err.strip())
    assert library.tables() == ()


def test_promote_makes_a_model_the_default_one(home, capsys, only_users_models):
    made_up.model(home / "models" / "one", accuracy=0.95)
    made_up.model(home / "models" / "two", accuracy=0.9)
    assert main(["promote", "two"]) == 0
    assert registry.find_model().name == "two"
    assert main(["promote", "three"]) == 2
    assert "three" in made_up.one_line(capsys.readouterr().err.strip())


@pytest.mark.parametrize("arguments", [["trial", "no-such", "--batch-size", "8"], ["promote"]])
def test_a_mistake_is_told_in_one_line(arguments, capsys):
    try:
        status = main(arguments)
    except SystemExit as end:
        status = end.code
    assert status == 2
    assert len(capsys.readouterr().err.strip().splitlines()) == 1
