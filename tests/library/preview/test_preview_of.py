"""Who has a preview, and that its file is what it was made of."""

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from helpers.pen_strokes import seven

from recognizer.inference import Recognizer
from recognizer.models import registry
from recognizer.models.registry import StoredModel
from recognizer.preview import DISTILLED_FILE, MAX_BYTES, preview_of
from recognizer.preview.network import Layer, Preview, pack, unpack


@pytest.fixture(scope="module")
def shipped() -> dict[str, StoredModel]:
    return {model.name: model for model in registry.list_models(registry.SHIPPED).available}


def small(sha256: str) -> bytes:
    """Return a network of a dense layer alone."""
    dense = Layer(np.zeros((28, 28, 1, 11)), np.zeros(11), padded=False, rectified=False)
    return pack(Preview("any", sha256, 0.5, [dense]))


@pytest.mark.parametrize("name", ["six-conv", "compact", "softmax"])
def test_a_chain_of_convolutions_is_its_own_preview(shipped, name):
    model = shipped[name]
    file = preview_of(model)
    assert len(file) <= MAX_BYTES
    preview = unpack(file)
    assert (preview.teacher, preview.sha256) == (name, model.card.sha256["model.tflite"])
    images = seven()[np.newaxis]
    theirs = Recognizer(model.tflite, model.card, threads=1).predict(images)
    ours = preview.outputs(images)[:, :10]
    assert np.abs(ours / ours.sum() - theirs).max() < 0.01


def test_a_model_without_an_output_for_not_a_digit_never_doubts(shipped):
    preview = unpack(preview_of(shipped["compact"]))
    rng = np.random.default_rng(1)
    assert preview.said(rng.integers(0, 256, (20, 28, 28), dtype=np.uint8)).max() < 10


@pytest.mark.parametrize("name", ["two-block", "conv-pool"])
def test_pooling_and_more_dense_layers_have_none(shipped, name):
    assert preview_of(shipped[name]) is None


def test_a_distilled_preview_counts_for_the_model_it_was_made_for_only(shipped, tmp_path):
    model = shipped["compact"]
    there = replace(model, folder=Path(shutil.copytree(model.folder, tmp_path / "compact")))
    own = preview_of(there)
    (there.folder / DISTILLED_FILE).write_bytes(small("another"))
    assert preview_of(there) == own
    (there.folder / DISTILLED_FILE).write_bytes(b"\xff\xff\xff\xff{}")
    assert preview_of(there) == own
    distilled = small(model.card.sha256["model.tflite"])
    (there.folder / DISTILLED_FILE).write_bytes(distilled)
    assert preview_of(there) == distilled


def test_weights_in_a_file_are_near_what_they_were():
    rng = np.random.default_rng(2)
    weights = rng.normal(0, 1, (3, 3, 4, 5)) * [1, 10, 0.1, 0, 1]
    layers = unpack(pack(Preview("a", "b", 0.25, [Layer(weights, np.arange(5.0), 2)]))).layers
    step = np.abs(weights).max(axis=(0, 1, 2)) / 127
    assert (np.abs(layers[0].weights - weights) <= step / 2 + 1e-6).all()
    assert (layers[0].bias == np.arange(5)).all()
    assert (layers[0].stride, layers[0].padded, layers[0].rectified) == (2, True, True)
