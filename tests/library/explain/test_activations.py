"""An open network: its stages against NumPy, and against Keras for every architecture."""

import numpy as np
import pytest
from helpers.factories import one_line
from helpers.pen_strokes import seven
from helpers.recomputed import recomputed

from recognizer.architectures import ARCHITECTURES, network_input
from recognizer.errors import ModelError
from recognizer.explain.activations import Kind, OpenNetwork, Stage
from recognizer.inference import Recognizer
from recognizer.models import registry

SHIPPED = registry.list_models(registry.SHIPPED).available
CLOSE = {"rtol": 1e-4, "atol": 1e-4}

every_model = pytest.mark.parametrize("model", SHIPPED, ids=lambda model: model.name)


@every_model
def test_every_stage_gives_what_numpy_computes_from_its_input(model):
    network = OpenNetwork(model.tflite)
    values = network.look(seven())
    kinds = {stage.kind for stage in network.stages}
    assert Kind.OTHER not in kinds
    assert {Kind.DENSE, Kind.SOFTMAX} <= kinds
    for stage, gave in zip(network.stages, values[1:], strict=True):
        given = values[stage.source]
        assert given.shape == stage.input_shape
        assert gave.shape == stage.output_shape
        np.testing.assert_allclose(gave, recomputed(stage, given), **CLOSE)


@every_model
def test_the_first_value_is_the_picture_and_the_last_the_reading(model):
    image = seven()
    values = OpenNetwork(model.tflite).look(image)
    assert np.array_equal(values[0], network_input(image[np.newaxis])[0])
    digits = values[-1][:10] / values[-1][:10].sum()
    reading = Recognizer(model.tflite, model.card).read_mnist(image)
    np.testing.assert_allclose(digits, reading.probabilities, atol=1e-5)


@every_model
def test_every_parameter_of_the_card_is_in_a_stage(model):
    network = OpenNetwork(model.tflite)
    counted = sum(stage.parameters for stage in network.stages)
    folded = [stage for stage in network.stages if stage.normalised]
    # A batch normalisation has four numbers a map, of which the bias is left.
    assert counted + sum(3 * len(stage.bias) for stage in folded) == model.card.parameters


def test_a_look_leaves_what_was_seen_before_as_it_was(two_block):
    network = OpenNetwork(two_block / "model.tflite")
    first = network.look(seven())
    kept = [one.copy() for one in first]
    network.look(np.zeros((28, 28), np.uint8))
    assert all(map(np.array_equal, first, kept))


@pytest.mark.parametrize("content", [b"", b"TFL3", b"\0" * 4096, None])
def test_a_file_that_is_no_network_is_refused_in_one_sentence(content, tmp_path):
    file = tmp_path / "model.tflite"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(ModelError) as caught:
        OpenNetwork(file)
    assert "model.tflite" in one_line(caught.value)


@pytest.mark.keras
@pytest.mark.parametrize(
    ("name", "half"),
    # As published, and in float16 what folds; the widest in float16 only: it has 170 MB of weights.
    [(name, name == "wide-dense") for name in ARCHITECTURES] + [("compact", True)],
)
def test_every_stage_gives_what_keras_gives(name, half, tmp_path):
    import keras

    from recognizer.training import export

    keras.utils.set_random_seed(3)
    network = ARCHITECTURES[name].build()
    worn(network)
    if half:
        rounded = [one.astype(np.float16).astype(np.float32) for one in network.get_weights()]
        network.set_weights(rounded)
        (tmp_path / "01.tflite").write_bytes(export.light(network))
        opened = OpenNetwork(tmp_path / "01.tflite")
    else:
        # In float32: what rounding to int8 changes is held to NumPy on the shipped networks.
        (tmp_path / registry.TFLITE_FILE).write_bytes(export._converted(network))
        opened = OpenNetwork(tmp_path / registry.TFLITE_FILE)
    values = opened.look(seven())
    shown = [one for one in opened.stages if not is_score(one, opened.stages)]
    expected = keras_outputs(network, seven())
    assert len(shown) == len(expected)
    # Folding a batch normalisation into float16 weights rounds the product once more.
    loose = {"rtol": 2e-2, "atol": 2e-2} if half else {"rtol": 1e-3, "atol": 1e-4}
    for stage, output in zip(shown, expected, strict=True):
        gave = values[opened.stages.index(stage) + 1]
        np.testing.assert_allclose(gave, output, **loose)
        if stage.kind != Kind.OTHER:
            given = values[stage.source]
            np.testing.assert_allclose(gave, recomputed(stage, given), rtol=1e-3, atol=1e-4)


@pytest.mark.keras
def test_what_cannot_be_taken_apart_is_shown_as_other(tmp_path):
    import keras
    from keras import layers

    from recognizer.training import export

    keras.utils.set_random_seed(3)
    start = keras.Input((28, 28, 1))
    one = layers.Conv2D(8, 3, strides=2, padding="same", activation="relu")(start)
    two = layers.BatchNormalization()(one)  # after the ReLU: nothing to fold it into
    three = layers.DepthwiseConv2D(3, padding="same")(two)
    joined = layers.Add()([two, three])
    mean = layers.GlobalAveragePooling2D()(joined)
    network = keras.Model(start, layers.Dense(11, activation="softmax")(mean))
    worn(network)
    (tmp_path / "odd.tflite").write_bytes(export.light(network))
    opened = OpenNetwork(tmp_path / "odd.tflite")
    values = opened.look(seven())
    kinds = [stage.kind for stage in opened.stages]
    assert kinds[0] == Kind.CONVOLUTION
    assert kinds[-3:] == [Kind.AVERAGE, Kind.DENSE, Kind.SOFTMAX]
    assert set(kinds[1:-3]) == {Kind.OTHER}
    expected = network.predict(network_input(seven()[np.newaxis]), verbose=0)[0]
    assert values[-1].shape == (11,)
    np.testing.assert_allclose(values[-1], expected, atol=2e-3)
    for stage, gave in zip(opened.stages, values[1:], strict=True):
        if stage.kind != Kind.OTHER:
            np.testing.assert_allclose(gave, recomputed(stage, values[stage.source]), **CLOSE)


def worn(network) -> None:
    """Give batch normalisations statistics as after a training."""
    random = np.random.default_rng(5)
    for layer in network.layers:
        if type(layer).__name__ == "BatchNormalization":
            size = layer.gamma.shape[0]
            parts = [(0.5, 1.5), (-0.3, 0.3), (-0.3, 0.3), (0.5, 2.0)]  # variance last
            layer.set_weights([random.uniform(*part, size) for part in parts])


def is_score(stage: Stage, stages: tuple[Stage, ...]) -> bool:
    """Whether a stage gives what the softmax takes: Keras keeps the two in one layer."""
    return any(one.kind == Kind.SOFTMAX and stages[one.source - 1] is stage for one in stages)


def keras_outputs(network, image: np.ndarray) -> list[np.ndarray]:
    """What Keras gives after each layer that is a stage of its own after conversion."""
    import keras

    kept = []
    for layer, after in zip(network.layers, [*network.layers[1:], None], strict=True):
        part_of_next = type(after).__name__ in ("BatchNormalization", "ReLU")
        if not part_of_next and type(layer).__name__ != "Dropout":
            kept.append(layer.output)
    looked = keras.Model(network.inputs, kept).predict(network_input(image[np.newaxis]), verbose=0)
    return [one[0] for one in looked] if isinstance(looked, list) else [looked[0]]
