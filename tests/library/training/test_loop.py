"""Training tells what happens in order, repeats and resumes itself, and saves what it trained."""

import dataclasses
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from helpers.factories import CARD, digits, one_line

from recognizer.architectures import ARCHITECTURES, Architecture, network_input
from recognizer.errors import ModelError, SettingError
from recognizer.inference import Recognizer
from recognizer.records import TrainingConfig
from recognizer.training.events import BatchLog, EpochEnd, Trained, ValidationLog
from recognizer.training.temperature import tempered

pytestmark = pytest.mark.keras

SAMPLE = digits(250)
WATCHED = digits(60, seed=9)
PLAIN = TrainingConfig("single-conv", epochs=2, batch_size=10, augment=False)
AUGMENTED = TrainingConfig("single-conv", epochs=3, batch_size=50)


@dataclass
class Run:
    """All that a training told."""

    events: list

    def of(self, kind: type) -> list:
        return [event for event in self.events if isinstance(event, kind)]

    @property
    def losses(self) -> list[float]:
        return [event.log.loss for event in self.of(EpochEnd)]

    @property
    def network(self):
        return self.events[-1].network

    @property
    def read(self) -> np.ndarray:
        """What the network at the end gives for the validation rows."""
        return self.network(network_input(WATCHED.images)).numpy()

    def tempered(self, reading: ValidationLog) -> np.ndarray:
        """A reading's probabilities as the network at the end would give them."""
        return tempered(reading.probabilities, self.events[-1].temperature)


def run(config: TrainingConfig, **options) -> Run:
    from recognizer.training.loop import train

    return Run(list(train(config, SAMPLE, WATCHED, **options)))


def state_after(config: TrainingConfig, epochs: int):
    """Return the state of a training that is broken off after so many epochs."""
    from recognizer.training.loop import train

    for event in train(config, SAMPLE, WATCHED):
        if isinstance(event, EpochEnd) and event.log.epoch == epochs:
            return event.state()
    raise AssertionError("it ended before")


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

    config = TrainingConfig("tiny", epochs=1, learning_rate=1e-12, augment=False)
    entry = Architecture("tiny", "", "", "", build, recipe=config, advice=config)
    monkeypatch.setitem(ARCHITECTURES, "tiny", entry)
    return config


@pytest.fixture(scope="module")
def saved(augmented, tmp_path_factory) -> Path:
    """A folder with the two files of the augmented run."""
    from recognizer.training.export import save

    folder = tmp_path_factory.mktemp("saved")
    save(augmented.network, folder, SAMPLE)
    return folder


class TestEvents:
    def test_each_epoch_ends_with_a_reading_and_the_training_with_its_network(self, plain):
        kinds = [type(event) for event in plain.events]
        assert kinds[-1] is Trained
        assert kinds.count(Trained) == 1
        ends = [i for i, kind in enumerate(kinds) if kind is EpochEnd]
        assert len(ends) == 2
        assert all(kinds[end - 1] is ValidationLog for end in ends)

    def test_a_batch_says_how_far_the_epoch_is(self, plain):
        told = [(one.step, one.epoch, one.batch, one.batches) for one in plain.of(BatchLog)]
        first, second = (
            [(s, 1, s, 25) for s in (10, 20, 25)],
            [(s + 25, 2, s, 25) for s in (10, 20, 25)],
        )
        assert told == first + second

    def test_the_validation_rows_are_read_at_least_four_times_an_epoch(self, plain):
        for epoch in (1, 2):
            steps = [one.step for one in plain.of(ValidationLog) if one.epoch == epoch]
            assert len(steps) >= 4
            assert steps == sorted(set(steps))

    def test_a_reading_is_what_its_probabilities_say(self, plain):
        for reading in plain.of(ValidationLog):
            assert reading.probabilities.shape == (60, 10)
            right = reading.probabilities.argmax(axis=1) == WATCHED.labels
            assert reading.accuracy == right.mean()
            truth = reading.probabilities[np.arange(60), WATCHED.labels]
            assert reading.loss == pytest.approx(-np.log(truth).mean(), rel=1e-4)

    def test_best_is_the_lowest_brier_score_so_far(self, plain):
        lowest = np.inf
        for reading in plain.of(ValidationLog):
            errors = reading.probabilities - np.eye(10)[WATCHED.labels]
            score = float((errors**2).sum(axis=1).mean())
            assert reading.best == (score < lowest)
            lowest = min(lowest, score)

    def test_the_last_weights_are_those_that_are_kept_where_that_is_asked_for(self, tiny):
        flat = dataclasses.replace(tiny, epochs=2, schedule="constant")  # nothing gets better
        assert run(flat).events[-1].best_epoch == 1
        assert run(dataclasses.replace(flat, keep_last=True)).events[-1].best_epoch == 2

    def test_the_network_at_the_end_has_the_best_weights(self, augmented):
        best = [one for one in augmented.of(ValidationLog) if one.best][-1]
        assert augmented.read == pytest.approx(augmented.tempered(best), abs=1e-5)
        assert augmented.events[-1].best_epoch == best.epoch

    def test_of_averaged_weights_the_best_are_at_the_end(self, tiny):
        told = run(dataclasses.replace(tiny, averaging=0.99, learning_rate=0.01))
        best = [one for one in told.of(ValidationLog) if one.best][-1]
        assert told.read == pytest.approx(told.tempered(best), abs=1e-5)

    def test_a_checkpoint_with_weights_of_another_network_than_its_score_counts_as_no_best(
        self, tiny
    ):
        config = dataclasses.replace(tiny, averaging=0.99, learning_rate=0.01, epochs=2)
        state = state_after(config, 1)
        del state.arrays["best-of-read"]  # as earlier versions wrote it
        state = dataclasses.replace(state, best=(1.0, 0.0, 1))  # nothing can be better
        for name in [one for one in state.arrays if one.startswith("best-")]:
            state.arrays[name] = np.zeros_like(state.arrays[name])
        told = run(config, resume=state)
        best = [one for one in told.of(ValidationLog) if one.best][-1]
        assert told.read == pytest.approx(told.tempered(best), abs=1e-5)

    def test_what_goes_on_from_a_model_ends_half_way_between(self, tiny, monkeypatch):
        from recognizer.training import loop

        old = [np.random.default_rng(2).normal(0, 0.1, size) for size in ((784, 10), (10,))]
        monkeypatch.setattr(loop, "_weights", lambda name: old)
        config = dataclasses.replace(tiny, start="mine", keep_last=True, learning_rate=0.01)
        for event in loop.train(config, SAMPLE, WATCHED):
            if isinstance(event, EpochEnd):
                trained = event.network.get_weights()
        expected = [
            (one + two) / 2 / event.temperature for one, two in zip(old, trained, strict=True)
        ]
        assert not np.allclose(trained[0], old[0], atol=1e-3)
        for found, one in zip(event.network.get_weights(), expected, strict=True):
            assert np.allclose(found, one, atol=1e-6)

    def test_the_network_at_the_end_is_no_surer_than_the_validation_rows_allow(self, tiny):
        told = run(tiny)
        assert told.events[-1].temperature > 1
        truth = np.arange(60), WATCHED.labels
        best = [one for one in told.of(ValidationLog) if one.best][-1]
        before, after = (-np.log(one[truth]).mean() for one in (best.probabilities, told.read))
        assert after < before

    def test_the_history_is_the_epochs_told(self, plain):
        logs = tuple(event.log for event in plain.of(EpochEnd))
        assert plain.events[-1].history == logs
        assert [log.epoch for log in logs] == [1, 2]
        for log, reading in zip(logs, plain.of(ValidationLog)[-1:], strict=False):
            assert log.validation_loss is not None
            assert reading.loss == logs[-1].validation_loss

    def test_the_loss_falls(self, plain):
        assert plain.losses[0] > plain.losses[1]
        assert plain.losses[0] < 2 * np.log(10), "a fresh network knows nothing: ln 10"

    def test_an_epoch_averages_over_images_also_where_the_last_batch_is_smaller(self, tiny):
        # at a rate of almost 0 nothing is learnt, so the mean is the fresh network's
        told = run(dataclasses.replace(tiny, batch_size=240))
        outputs = told.network(network_input(SAMPLE.images)).numpy()
        probabilities = tempered(outputs, 1 / told.events[-1].temperature)
        losses = -np.log(np.maximum(probabilities[range(250), SAMPLE.labels], 1e-7))
        (end,) = told.of(EpochEnd)
        assert end.log.loss == pytest.approx(losses.mean(), rel=1e-4)
        assert end.log.accuracy == (probabilities.argmax(axis=1) == SAMPLE.labels).mean()

    def test_the_last_epochs_can_go_without_augmentation(self, plain, augmented):
        throughout = run(dataclasses.replace(PLAIN, augment=True, plain_epochs=PLAIN.epochs))
        assert throughout.losses == pytest.approx(plain.losses, abs=1e-6)
        partly = run(dataclasses.replace(AUGMENTED, plain_epochs=1))
        assert partly.losses[:-1] == pytest.approx(augmented.losses[:-1], abs=1e-6)
        assert partly.losses[-1] < augmented.losses[-1], "what is not bent is easier to read"

    def test_nothing_is_printed(self, capfd):
        run(dataclasses.replace(PLAIN, epochs=1, batch_size=125))
        assert capfd.readouterr().out == ""

    def test_an_unknown_architecture_is_refused(self):
        with pytest.raises(SettingError):
            run(TrainingConfig("three-block"))


class TestStopping:
    def test_stop_ends_after_the_batch_with_the_best_so_far(self):
        batches = iter(range(1_000))
        told = run(PLAIN, stopped=lambda: next(batches) >= 29)
        assert [type(event) for event in told.events[-1:]] == [Trained]
        assert len(told.of(EpochEnd)) == 1
        best = [one for one in told.of(ValidationLog) if one.best][-1]
        assert told.read == pytest.approx(told.tempered(best), abs=1e-5)

    def test_patience_ends_it_when_nothing_gets_better(self, tiny):
        told = run(dataclasses.replace(tiny, epochs=9, patience=2, schedule="constant"))
        assert len(told.of(EpochEnd)) == 3, "the first is the best, two more are waited for"


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

    @pytest.mark.parametrize("architecture", ["single-conv", "compact"])
    def test_a_resumed_training_goes_on_as_if_nothing_had_happened(self, architecture):
        config = dataclasses.replace(AUGMENTED, architecture=architecture)
        whole = run(config)
        rest = run(config, resume=state_after(config, 1))
        assert rest.losses == pytest.approx(whole.losses[1:], abs=1e-6)
        assert len(rest.events[-1].history) == 3
        images = network_input(SAMPLE.images[:50])
        assert rest.network(images).numpy() == pytest.approx(
            whole.network(images).numpy(), abs=1e-5
        )


class TestAugmentation:
    def test_it_is_not_in_the_network(self, augmented):
        built = ARCHITECTURES["single-conv"].build()
        assert [type(layer) for layer in augmented.network.layers] == [
            type(layer) for layer in built.layers
        ]
        assert augmented.network.count_params() == built.count_params()


class TestSaving:
    def test_keras_and_litert_read_two_thousand_images_alike(self, saved):
        import keras

        images = digits(2_000, seed=4).images
        network = keras.models.load_model(saved / "model.keras")
        ours = network.predict(network_input(images), verbose=0)
        theirs = Recognizer(saved / "model.tflite", CARD).predict(images)
        assert np.abs(ours - theirs).mean() < 1e-3
        assert (ours.argmax(axis=1) == theirs.argmax(axis=1)).mean() >= 0.9995

    def test_what_is_saved_is_what_was_trained(self, saved, augmented):
        expected = augmented.network(network_input(SAMPLE.images)).numpy()
        theirs = Recognizer(saved / "model.tflite", CARD).predict(SAMPLE.images)
        assert np.abs(expected - theirs).max() < 0.05

    def test_optimizer_state_and_augmentation_are_left_out(self, saved, augmented):
        weights = 4 * augmented.network.count_params()
        for name, size in (("model.keras", weights), ("model.tflite", weights / 4)):
            assert size < (saved / name).stat().st_size < 1.05 * size + 50_000
            assert b"Augmentation" not in (saved / name).read_bytes()
        assert sorted(path.name for path in saved.iterdir()) == ["model.keras", "model.tflite"]

    def test_the_light_form_is_half_as_large_and_reads_nearly_the_same(self, augmented, tmp_path):
        from recognizer.training.export import light

        file = tmp_path / "light.tflite"
        file.write_bytes(light(augmented.network))
        assert file.stat().st_size < 2.2 * augmented.network.count_params() + 50_000
        expected = augmented.network(network_input(SAMPLE.images)).numpy()
        assert np.abs(Recognizer(file, CARD).predict(SAMPLE.images) - expected).max() < 0.01

    @pytest.mark.parametrize("limit", [("SAME_DIGIT", 1.1), ("MEAN_DIFFERENCE", -1.0)])
    def test_what_int8_would_change_stays_in_float32(self, limit, augmented, tmp_path, monkeypatch):
        from recognizer.training import export

        monkeypatch.setattr(export, *limit)
        export.save(augmented.network, tmp_path, SAMPLE)
        assert (tmp_path / "model.tflite").stat().st_size > 4 * augmented.network.count_params()
        expected = augmented.network(network_input(SAMPLE.images)).numpy()
        theirs = Recognizer(tmp_path / "model.tflite", CARD).predict(SAMPLE.images)
        assert np.abs(expected - theirs).max() < 1e-4

    def test_files_that_read_differently_are_refused(self, augmented, tmp_path, monkeypatch):
        from recognizer.training import export

        true = export._lite
        monkeypatch.setattr(export, "_lite", lambda *args: true(*args) + np.float32(2e-3))
        with pytest.raises(ModelError) as caught:
            export.save(augmented.network, tmp_path, SAMPLE)
        assert "not published" in one_line(caught.value)

    def test_a_network_with_other_outputs_cannot_be_read_with(self, tmp_path):
        import keras

        from recognizer.training import export

        network = keras.Sequential(
            [keras.Input((28, 28, 1)), keras.layers.Flatten(), keras.layers.Dense(3)]
        )
        export.save(network, tmp_path, SAMPLE)
        with pytest.raises(ModelError, match="3 numbers an image, expected 10"):
            Recognizer(tmp_path / "model.tflite", CARD)
