"""Training tells what happens in order, repeats itself, and saves what it trained."""

import dataclasses
import itertools
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from made_up import CARD, digits, one_line

from recognizer.architectures import ARCHITECTURES, Architecture, network_input
from recognizer.errors import ModelError, SettingError
from recognizer.inference import Recognizer
from recognizer.records import EpochLog, TrainingConfig

pytestmark = pytest.mark.keras

SAMPLE = digits(250)
PLAIN = TrainingConfig("single-conv", epochs=2, batch_size=10, augment=False)
AUGMENTED = TrainingConfig("single-conv", epochs=2, batch_size=50)


@dataclass
class Run:
    """All that a training told."""

    events: list

    @property
    def losses(self) -> list[float]:
        return [event.loss for event in self.events if isinstance(event, EpochLog)]

    @property
    def network(self):
        return self.events[-1].network


def run(config: TrainingConfig) -> Run:
    from recognizer.training import train

    return Run(list(train(config, SAMPLE)))


@pytest.fixture(scope="module")
def plain() -> Run:
    return run(PLAIN)


@pytest.fixture(scope="module")
def augmented() -> Run:
    return run(AUGMENTED)


@pytest.fixture
def tiny(monkeypatch) -> TrainingConfig:
    """Settings of a network that is quick, has no dropout and starts with strong opinions."""

    def build():
        import keras

        opinions = keras.initializers.RandomNormal(stddev=0.2)
        dense = keras.layers.Dense(10, "softmax", kernel_initializer=opinions)
        return keras.Sequential([keras.Input((28, 28, 1)), keras.layers.Flatten(), dense])

    monkeypatch.setitem(ARCHITECTURES, "tiny", Architecture("tiny", "", "", "", build))
    return TrainingConfig("tiny", learning_rate=1e-12, augment=False)


@pytest.fixture(scope="module")
def saved(augmented, tmp_path_factory) -> Path:
    """A folder with the two files of the augmented run."""
    from recognizer.training import save

    folder = tmp_path_factory.mktemp("saved")
    save(augmented.network, folder, SAMPLE)
    return folder


class TestEvents:
    def test_come_in_order_batches_then_their_epoch_and_last_the_network(self, plain):
        from recognizer.training import BatchLog, Trained

        assert [type(event) for event in plain.events] == [BatchLog, EpochLog] * 2 + [Trained]
        assert [event.epoch for event in plain.events[:-1]] == [1, 1, 2, 2]

    def test_a_batch_says_how_far_the_epoch_is(self, plain):
        assert [(event.batch, event.batches) for event in plain.events[::2][:2]] == [(20, 25)] * 2

    def test_the_history_is_the_epochs_told(self, plain):
        assert plain.events[-1].history == (plain.events[1], plain.events[3])

    def test_figures_are_plausible_and_the_loss_falls(self, plain):
        for event in plain.events[:-1]:
            assert event.loss > 0
            assert 0 <= event.accuracy <= 1
        assert plain.losses[0] > plain.losses[1]
        assert plain.losses[0] < 2 * np.log(10), "a fresh network knows nothing: ln 10"

    def test_an_epoch_averages_over_images_also_where_the_last_batch_is_smaller(self, tiny):
        # at a rate of almost 0 nothing is learnt, so the mean is the fresh network's
        log, trained = run(dataclasses.replace(tiny, epochs=1, batch_size=240)).events
        probabilities = trained.network(network_input(SAMPLE.images)).numpy()
        losses = -np.log(np.maximum(probabilities[range(250), SAMPLE.labels], 1e-7))
        assert log.loss == pytest.approx(losses.mean(), rel=1e-4)
        assert log.accuracy == (probabilities.argmax(axis=1) == SAMPLE.labels).mean()

    def test_nothing_is_printed(self, capfd):
        run(dataclasses.replace(PLAIN, epochs=1, batch_size=125))
        assert capfd.readouterr().out == ""

    def test_an_unknown_architecture_is_refused(self):
        with pytest.raises(SettingError):
            run(TrainingConfig("three-block"))


class TestRepeating:
    def test_the_same_seed_gives_the_same_losses_and_readings(self, augmented):
        again = run(AUGMENTED)
        assert again.losses == pytest.approx(augmented.losses, abs=1e-6)
        images = network_input(SAMPLE.images[:50])
        assert again.network(images).numpy() == pytest.approx(
            augmented.network(images).numpy(), abs=1e-5
        )

    def test_another_seed_gives_others(self, augmented):
        other = run(dataclasses.replace(AUGMENTED, seed=2))
        assert abs(other.losses[0] - augmented.losses[0]) > 1e-3

    def test_without_augmentation_they_are_others(self, augmented):
        other = run(dataclasses.replace(AUGMENTED, augment=False))
        assert abs(other.losses[0] - augmented.losses[0]) > 1e-3


class TestAugmentation:
    def test_it_is_not_in_the_network(self, augmented):
        built = ARCHITECTURES["single-conv"].build()
        assert [type(layer) for layer in augmented.network.layers] == [
            type(layer) for layer in built.layers
        ]
        assert augmented.network.count_params() == built.count_params()

    def test_it_changes_pictures_anew_each_time_and_leaves_their_ink_nearly_whole(self):
        import keras

        from recognizer.training import augmentation

        layers = keras.Sequential(augmentation(AUGMENTED))
        images = np.zeros((40, 28, 28, 1), np.float32)
        images[:, 6:22, 12:16] = 1
        first, second = (layers(images, training=True).numpy() for _ in range(2))
        assert first.shape == images.shape
        assert first.min() >= 0
        assert first.max() <= 1 + 1e-6
        for one, other in itertools.combinations([images, first, second], 2):
            assert np.abs(one - other).mean(axis=(1, 2, 3)).min() > 1e-3
        ink = first.sum(axis=(1, 2, 3)) / images[0].sum()
        assert ink.min() > 0.7
        assert ink.max() < 1.4

    def test_it_does_nothing_while_reading(self):
        import keras

        from recognizer.training import augmentation

        images = network_input(SAMPLE.images[:4])
        layers = keras.Sequential(augmentation(AUGMENTED))
        assert (layers(images, training=False).numpy() == images).all()


class TestSaving:
    def test_keras_and_litert_read_a_thousand_images_alike(self, saved):
        import keras

        random = np.random.default_rng(3)
        images = np.concatenate(
            [digits(500, seed=4).images, random.integers(0, 256, (500, 28, 28), dtype=np.uint8)]
        )
        network = keras.models.load_model(saved / "model.keras")
        ours = network.predict(network_input(images), verbose=0)
        theirs = Recognizer(saved / "model.tflite", CARD).predict(images)
        assert np.abs(ours - theirs).max() < 1e-4
        assert (ours.argmax(axis=1) == theirs.argmax(axis=1)).all()

    def test_what_is_saved_is_what_was_trained(self, saved, augmented):
        expected = augmented.network(network_input(SAMPLE.images)).numpy()
        theirs = Recognizer(saved / "model.tflite", CARD).predict(SAMPLE.images)
        assert np.abs(expected - theirs).max() < 1e-4

    def test_optimizer_state_and_augmentation_are_left_out(self, saved, augmented):
        weights = 4 * augmented.network.count_params()
        for name in ("model.keras", "model.tflite"):
            assert weights < (saved / name).stat().st_size < 1.05 * weights + 50_000
            assert b"Random" not in (saved / name).read_bytes()
        assert sorted(path.name for path in saved.iterdir()) == ["model.keras", "model.tflite"]

    def test_files_that_read_differently_are_refused(self, augmented, tmp_path, monkeypatch):
        from recognizer import training

        true = training._lite
        monkeypatch.setattr(training, "_lite", lambda *args: true(*args) + np.float32(2e-4))
        with pytest.raises(ModelError) as caught:
            training.save(augmented.network, tmp_path, SAMPLE)
        assert "not published" in one_line(caught.value)

    def test_a_network_with_other_outputs_cannot_be_read_with(self, tmp_path):
        import keras

        from recognizer import training

        network = keras.Sequential(
            [keras.Input((28, 28, 1)), keras.layers.Flatten(), keras.layers.Dense(3)]
        )
        training.save(network, tmp_path, SAMPLE)
        with pytest.raises(ModelError, match="3 numbers an image, not 10"):
            Recognizer(tmp_path / "model.tflite", CARD)
