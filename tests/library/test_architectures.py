"""Every network of the registry builds, has its parameters, and learns."""

import numpy as np
import pytest
from helpers.factories import digits, one_line

from recognizer.architectures import ARCHITECTURES, architecture, network_input
from recognizer.errors import SettingError
from recognizer.outputs import digit_probabilities, digit_scores
from recognizer.records import TrainingConfig

# Weights and biases added up from design.md's table of layers, by hand.
BLOCKS = (25 + 1) * 32 + (25 * 32 + 1) * 32 + (9 * 32 + 1) * 64 + (9 * 64 + 1) * 64
PARAMETERS = {
    "softmax": (784 + 1) * 10,  # 7,850
    "mlp": (784 + 1) * 512 + (512 + 1) * 512 + (512 + 1) * 10,  # 669,706
    "conv-pool": (25 + 1) * 32  # 3,274,634
    + (25 * 32 + 1) * 64
    + (7 * 7 * 64 + 1) * 1024
    + (1024 + 1) * 10,
    "wide-dense": BLOCKS  # 42,579,946
    + (7 * 7 * 64 + 1) * 8192
    + (8192 + 1) * 2048
    + (2048 + 1) * 10,
    "single-conv": (25 + 1) * 30  # 564,534
    + (12 * 12 * 30 + 1) * 128
    + (128 + 1) * 64
    + (64 + 1) * 32
    + (32 + 1) * 10,
    "two-block": BLOCKS + (7 * 7 * 64 + 1) * 256 + (256 + 1) * 10,  # 887,530
    # Of batch normalisation four numbers a channel, two of which training sets.
    "compact": 25 * 16
    + 9 * (16 * 24 + 24 * 64 + 64 * 64)
    + 4 * (16 + 24 + 64 + 64)
    + (7 * 7 * 64 + 1) * 10,
    "six-conv": 25 * 32
    + 9 * (32 * 64 + 64 * 64 + 64 * 96 + 96 * 128 + 128 * 128)
    + 4 * (32 + 64 + 64 + 96 + 128 + 128)
    + (7 * 7 * 128 + 1) * 11,
    "small-six-conv": 25 * 16
    + 9 * (16 * 24 + 24 * 24 + 24 * 64 + 64 * 64 + 64 * 64)
    + 4 * (16 + 24 + 24 + 64 + 64 + 64)
    + (7 * 7 * 64 + 1) * 11,
}
SHAPES = {  # what each layer gives an image, dropout and flatten aside
    "single-conv": [(24, 24, 30), (12, 12, 30), (128,), (64,), (32,), (10,)],
    "softmax": [(10,)],
    "mlp": [(512,), (512,), (10,)],
    "conv-pool": [(28, 28, 32), (14, 14, 32), (14, 14, 64), (7, 7, 64), (1024,), (10,)],
    "wide-dense": [
        *((28, 28, 32), (28, 28, 32), (14, 14, 32)),
        *((14, 14, 64), (14, 14, 64), (7, 7, 64), (8192,), (2048,), (10,)),
    ],
    "two-block": [
        *((28, 28, 32), (28, 28, 32), (14, 14, 32)),
        *((14, 14, 64), (14, 14, 64), (7, 7, 64), (256,), (10,)),
    ],
}


def rate(name: str) -> float:
    """Return a learning rate that suits the size of the network."""
    return 5e-4 if name == "wide-dense" else 5e-3 if name == "softmax" else 2e-3


every_architecture = pytest.mark.parametrize("name", ARCHITECTURES)


def test_the_hand_counts_are_the_published_ones():
    published = {
        "softmax": 7_850,
        "single-conv": 564_534,
        "conv-pool": 3_274_634,
        "two-block": 887_530,
        "wide-dense": 42_579_946,
    }
    assert {name: PARAMETERS[name] for name in published} == published


@every_architecture
def test_an_entry_says_where_it_comes_from(name):
    entry = ARCHITECTURES[name]
    assert entry is architecture(name)
    assert entry.name == name
    assert entry.title
    assert entry.source
    assert entry.published
    assert entry.recipe.architecture == name
    assert entry.advice.architecture == name


@pytest.mark.parametrize("name", ["", "Two-Block", "three-block"])
def test_an_unknown_name_is_refused_with_those_there_are(name):
    with pytest.raises(SettingError) as caught:
        architecture(name)
    assert all(known in one_line(caught.value) for known in ARCHITECTURES)


def test_a_networks_input_is_white_one_black_zero_with_a_channel():
    images = np.array([0, 51, 255], np.uint8).repeat(784).reshape(3, 28, 28)
    given = network_input(images)
    assert given.shape == (3, 28, 28, 1)
    assert given.dtype == np.float32
    assert given[:, 5, 7, 0].tolist() == pytest.approx([0, 0.2, 1])


def test_ten_outputs_are_the_probabilities_and_the_largest_is_the_score():
    outputs = np.array([[0.1] * 10, [0.91] + [0.01] * 9], np.float32)
    assert (digit_probabilities(outputs) == outputs).all()
    assert digit_scores(outputs).tolist() == pytest.approx([0.1, 0.91])


def test_of_eleven_outputs_the_last_is_that_of_no_digit():
    sure = [0.0] * 3 + [0.2] + [0.05] * 6 + [0.5]
    letter = [0.0] * 10 + [1.0]
    outputs = np.array([sure, letter], np.float32)
    given_a_digit = digit_probabilities(outputs)
    assert given_a_digit[0] == pytest.approx([0, 0, 0, 0.4] + [0.1] * 6)
    assert given_a_digit[1] == pytest.approx([0.1] * 10), "nothing is known of which"
    assert digit_scores(outputs).tolist() == pytest.approx([0.5, 0])


def test_no_images_have_no_scores():
    for outputs in (np.empty((0, 10), np.float32), np.empty((0, 11), np.float32)):
        assert digit_scores(outputs).shape == (0,)
        assert digit_probabilities(outputs).shape == (0, 10)


@pytest.mark.keras
class TestNetworks:
    @pytest.mark.parametrize("name", PARAMETERS)
    def test_has_the_parameters_that_a_hand_counts(self, name):
        network = ARCHITECTURES[name].build()
        assert network.count_params() == PARAMETERS[name]

    @pytest.mark.parametrize("name", SHAPES)
    def test_each_layer_gives_the_shape_of_the_table(self, name):
        layers = ARCHITECTURES[name].build().layers
        shapes = [
            layer.output.shape[1:]
            for layer in layers
            if type(layer).__name__ not in ("Dropout", "Flatten")
        ]
        assert shapes == SHAPES[name]

    @every_architecture
    def test_takes_images_and_gives_ten_probabilities_each(self, name):
        network = ARCHITECTURES[name].build()
        images = network_input(digits(20).images)
        probabilities = network(images).numpy()
        assert network.input_shape == (None, 28, 28, 1)
        assert probabilities.shape == (20, 11 if name.endswith("six-conv") else 10)
        assert (probabilities >= 0).all()
        assert probabilities.sum(axis=1) == pytest.approx(np.ones(20), abs=1e-5)

    @every_architecture
    def test_two_builds_share_no_weights_and_are_not_compiled(self, name):
        first, second = ARCHITECTURES[name].build(), ARCHITECTURES[name].build()
        assert not first.compiled
        assert not {id(weight) for weight in first.weights} & {
            id(weight) for weight in second.weights
        }

    @every_architecture
    def test_learns_32_images_by_heart(self, name):
        from recognizer.training.loop import train

        sample = digits(32)
        config = TrainingConfig(
            name,
            epochs={"wide-dense": 20, "compact": 80, "six-conv": 150, "small-six-conv": 150}.get(
                name, 40
            ),
            batch_size=32,
            learning_rate=rate(name),
            augment=False,
        )
        *_, trained = train(config, sample, sample)
        read = trained.network(network_input(sample.images)).numpy().argmax(axis=1)
        assert (read == sample.labels).all()
