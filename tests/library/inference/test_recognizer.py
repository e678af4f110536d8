"""Reading with a shipped model: shapes, batches, threads, and what is no model at all."""

import hashlib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from helpers.factories import CARD, digits, model, one_line

from recognizer import trajectory
from recognizer.errors import ModelError, PictureError
from recognizer.explain.activations import OpenNetwork
from recognizer.imaging.strokes import render
from recognizer.inference import Recognizer
from recognizer.inference.recognizer import BATCH
from recognizer.models import registry
from recognizer.models.card import RejectionThreshold
from recognizer.preprocessing import to_mnist
from recognizer.records import BLANK

STROKES = {  # on a 100 x 100 sheet
    0: [[(50, 5), (25, 20), (18, 50), (25, 80), (50, 95), (75, 80), (82, 50), (75, 20), (52, 5)]],
    1: [[(50, 5), (50, 95)]],
    7: [[(20, 8), (50, 8), (80, 8), (65, 40), (52, 70), (42, 95)]],
}


def drawn(digit: int, **how: float) -> np.ndarray:
    return render(paths(digit), **how)


ZIGZAG = [np.array([(x, 100 * (x // 20 % 2)) for x in range(0, 120, 20)])]


def paths(digit: int) -> list[np.ndarray]:
    return [np.array(stroke, np.float32) for stroke in STROKES[digit]]


@pytest.fixture(scope="module")
def recognizer(two_block: Path) -> Recognizer:
    return Recognizer.load(two_block.name, two_block.parent)


@pytest.fixture(scope="module")
def images() -> np.ndarray:
    """Pictures of every sort: digits, bars, noise, all black and all white."""
    random = np.random.default_rng(2)
    return np.concatenate(
        [
            [to_mnist(drawn(digit)) for digit in STROKES],
            digits(150).images,
            random.integers(0, 256, (145, 28, 28), dtype=np.uint8),
            np.zeros((1, 28, 28), np.uint8),
            np.full((1, 28, 28), 255, np.uint8),
        ]
    )


class TestPredict:
    @pytest.mark.parametrize("n", [0, 1, 2, BATCH - 1, BATCH, BATCH + 1, 300])
    def test_rows_are_probabilities_for_any_number_of_images(self, recognizer, images, n):
        probabilities = recognizer.predict(images[:n])
        assert probabilities.shape == (n, 10)
        assert probabilities.dtype == np.float32
        assert (probabilities >= 0).all()
        assert probabilities.sum(axis=1) == pytest.approx(np.ones(n), abs=1e-5)

    def test_without_images_no_batch_is_made_ready(self, two_block, images, monkeypatch):
        fresh = Recognizer.load(two_block.name, two_block.parent)
        monkeypatch.setattr("recognizer.inference.recognizer._Interpreter", None)
        assert fresh.predict(images[:0]).shape == (0, 10)

    @pytest.mark.parametrize("n", [2, 300])
    def test_a_batch_reads_as_one_by_one(self, recognizer, images, n):
        alone = np.concatenate([recognizer.predict(image[np.newaxis]) for image in images[:n]])
        assert np.abs(recognizer.predict(images[:n]) - alone).max() < 1e-5

    def test_an_image_reads_alike_wherever_it_stands(self, recognizer, images):
        backwards = recognizer.predict(images[::-1])[::-1]
        assert np.abs(recognizer.predict(images) - backwards).max() < 1e-5

    def test_a_small_batch_after_a_large_one_holds_nothing_of_it(self, recognizer, images):
        before = recognizer.predict(images[:2])
        recognizer.predict(images)
        assert (recognizer.predict(images[:2]) == before).all()

    def test_readings_and_images_stay_as_they_are(self, recognizer, images):
        kept = images.copy()
        first = recognizer.predict(images[:1])
        copy = first.copy()
        recognizer.predict(images[1:2])
        recognizer.predict(images)
        assert (first == copy).all()
        assert (images == kept).all()

    @pytest.mark.parametrize(
        "shape", [(28, 28), (1, 28, 28, 1), (1, 784), (2, 27, 28), (2, 28, 29), (0,), (0, 28)]
    )
    def test_another_shape_is_refused(self, recognizer, shape):
        with pytest.raises(ValueError, match=r"expected \(n, 28, 28\)"):
            recognizer.predict(np.zeros(shape, np.uint8))

    @pytest.mark.parametrize("dtype", [np.float32, np.int64, np.int8, bool])
    def test_another_type_is_refused_so_that_no_scaled_pixels_are_read(self, recognizer, dtype):
        with pytest.raises(ValueError, match="expected uint8"):
            recognizer.predict(np.zeros((1, 28, 28), dtype))

    def test_threads_get_what_one_alone_gets(self, recognizer, images):
        def read(turn: int) -> np.ndarray:
            return recognizer.predict(images[turn:][: 1 if turn % 4 else 40])

        expected = [read(turn) for turn in range(24)]
        with ThreadPoolExecutor(8) as threads:
            together = list(threads.map(read, range(24)))
        for alone, shared in zip(expected, together, strict=True):
            assert (alone == shared).all()

    def test_first_batches_at_the_same_time_work(self, two_block, images):
        fresh = Recognizer.load(two_block.name, two_block.parent)
        with ThreadPoolExecutor(8) as threads:
            first, *others = threads.map(fresh.predict, [images[:5]] * 4)
        assert all((other == first).all() for other in others)

    def test_real_digits_are_read_as_well_as_the_card_says(self, recognizer, data):
        from recognizer.datasets import read_digits
        from recognizer.datasets.splits import split

        table = read_digits(data / "digit-recognizer.zip")
        card = recognizer.card
        held_out = split(table, card.config.held_out, card.config.seed)[1]
        read = recognizer.predict(held_out.images).argmax(axis=1)
        assert (read == held_out.labels).mean() == pytest.approx(card.accuracy, abs=5e-4)


class TestRead:
    @pytest.mark.parametrize("digit", STROKES)
    @pytest.mark.parametrize("how", [{}, {"side": 70, "place": (0, 0), "pen": 12}, {"pen": 30}])
    def test_a_drawn_digit_is_read(self, recognizer, digit, how):
        reading = recognizer.read(drawn(digit, **how))
        assert reading.digit == digit
        assert reading.is_digit
        assert reading.confidence == max(reading.probabilities) > 0.5
        assert reading.probabilities.index(reading.confidence) == digit
        assert sum(reading.probabilities) == pytest.approx(1, abs=1e-5)

    @pytest.mark.parametrize("colours", ["grey", "inverted", "RGB", "RGBA", "ink on nothing"])
    def test_colours_and_transparency_do_not_matter(self, recognizer, colours):
        grey = drawn(7)
        picture = {
            "grey": grey,
            "inverted": 255 - grey,
            "RGB": cv2.cvtColor(grey, cv2.COLOR_GRAY2RGB),
            "RGBA": cv2.cvtColor(grey, cv2.COLOR_GRAY2RGBA),
            "ink on nothing": np.dstack([*[np.zeros_like(grey)] * 3, 255 - grey]),
        }[colours]
        assert recognizer.read(picture).probabilities == pytest.approx(
            recognizer.read(grey).probabilities, abs=0.02
        )

    def test_what_the_model_saw_is_shown_and_reads_the_same(self, recognizer):
        reading = recognizer.read(drawn(7))
        assert (reading.image == to_mnist(drawn(7))).all()
        again = recognizer.read_mnist(reading.image)
        assert (again.digit, again.probabilities) == (7, reading.probabilities)
        assert recognizer.predict(reading.image[np.newaxis])[0].tolist() == list(
            reading.probabilities
        )

    @pytest.mark.parametrize(
        "picture",
        [
            np.full((280, 280), 255, np.uint8),
            np.zeros((280, 280), np.uint8),
            np.zeros((280, 280, 4), np.uint8),
            np.full((40, 30, 3), 127, np.uint8),
        ],
        ids=["white", "black", "transparent", "grey"],
    )
    def test_a_blank_picture_reads_blank(self, recognizer, picture):
        assert recognizer.read(picture) is BLANK

    @pytest.mark.parametrize(
        "picture", [np.zeros((280, 280)), np.zeros((2, 2, 2), np.uint8), np.zeros((0, 5), np.uint8)]
    )
    def test_what_is_no_picture_is_told(self, recognizer, picture):
        with pytest.raises(PictureError) as caught:
            recognizer.read(picture)
        one_line(caught.value)


class TestDigitScores:
    @pytest.mark.parametrize("n", [0, 1, 300])
    def test_each_image_has_a_score_from_0_to_1(self, recognizer, images, n):
        scores = recognizer.digit_scores(images[:n])
        assert scores.shape == (n,)
        assert scores.dtype == np.float32
        assert ((scores >= 0) & (scores <= 1)).all()

    def test_without_a_non_digit_output_it_is_the_largest_probability(self, recognizer, images):
        expected = [max(row) for row in recognizer.predict(images).tolist()]
        assert recognizer.digit_scores(images).tolist() == pytest.approx(expected)

    def test_the_network_gives_them_with_the_probabilities_in_one_pass(
        self, recognizer, images, monkeypatch
    ):
        expected = recognizer.predict(images).tolist(), recognizer.digit_scores(images).tolist()
        outputs, passes = recognizer._outputs, []
        monkeypatch.setattr(recognizer, "_outputs", lambda few: passes.append(few) or outputs(few))
        probabilities, scores = recognizer.predict_scored(images)
        assert len(passes) == 1
        assert (probabilities.tolist(), scores.tolist()) == expected


class TestLoading:
    def test_a_model_carries_its_card(self, recognizer):
        assert recognizer.card.name == recognizer.card.architecture == "two-block"
        assert recognizer.card.parameters == 887_530

    def test_without_a_name_it_is_the_default_model(self, two_block):
        assert Recognizer.load().card == registry.find_model().card

    @pytest.mark.parametrize("content", ["empty", "text", "the start of a network", "zeros"])
    def test_a_file_that_is_no_network_is_told(self, tmp_path, content, request):
        network = {"empty": b"", "text": b"hello\n" * 99, "zeros": bytes(5_000)}.get(content)
        if network is None:
            network = (request.getfixturevalue("two_block") / "model.tflite").read_bytes()[:100_000]
        folder = model(tmp_path / "mine")
        (folder / "model.tflite").write_bytes(network)
        hashes = {
            path.name: hashlib.sha256(path.read_bytes()).hexdigest()
            for path in (folder / "model.tflite", folder / "model.keras")
        }
        (folder / "card.json").write_text(replace(CARD, sha256=hashes).to_json())
        with pytest.raises(ModelError) as caught:
            Recognizer.load("mine", tmp_path)
        assert "mine" in one_line(caught.value)

    @pytest.mark.parametrize("name", ["absent", "../two-block"])
    def test_an_unknown_name_is_told(self, two_block, name):
        with pytest.raises(ModelError, match="two-block"):
            Recognizer.load(name)


def test_what_scores_below_the_cards_threshold_is_no_digit(recognizer, images):
    plain = recognizer.read_mnist(images[0])
    assert plain.is_digit, "a card without a threshold doubts nothing"
    score = float(recognizer.digit_scores(images[:1])[0])
    for threshold, is_digit in ((score - 1e-3, True), (score + 1e-3, False)):
        doubt = RejectionThreshold(threshold, digits=0.01, digits_n=100, others=0.98, others_n=100)
        card = replace(recognizer.card, rejection=doubt)
        doubting = Recognizer(registry.find_model(card.name).tflite, card).read_mnist(images[0])
        assert doubting.is_digit == is_digit
        assert doubting.digit == plain.digit, "the best guess stays"


class TestThePensPath:
    """The picture of a 7, and strokes that go with it or against it."""

    @pytest.mark.parametrize("digit", [7, 0])
    def test_both_count_the_same_by_hand(self, recognizer, digit):
        image = to_mnist(drawn(7))
        picture = recognizer.predict(image[np.newaxis])[0].astype(float)
        path = trajectory.read_paths([trajectory.sample_drawing(paths(digit))])[0][0].astype(float)
        mean = np.sqrt(np.maximum(picture, 1e-6) * np.maximum(path, 1e-6))  # geometric
        found = recognizer.read_mnist(image, paths(digit))
        assert found.probabilities == pytest.approx(mean / mean.sum(), rel=1e-3, abs=1e-6)
        assert found.confidence == max(found.probabilities)
        assert found.from_picture.probabilities == tuple(map(float, picture))
        assert found.from_path.probabilities == tuple(map(float, path))

    def test_a_path_that_says_otherwise_can_change_the_reading(self, recognizer, monkeypatch):
        shares = np.eye(10, dtype=np.float32)[[7]] * 0.6 + np.eye(10, dtype=np.float32)[[0]] * 0.4
        monkeypatch.setattr(recognizer, "_outputs", lambda images: shares)
        assert recognizer.read(drawn(7)).digit == 7
        found = recognizer.read(drawn(7), strokes=paths(0))
        assert (found.digit, found.from_picture.digit, found.from_path.digit) == (0, 7, 0)

    def test_its_place_and_unit_do_not_matter(self, recognizer):
        strokes = [0.01 * one - 3 for one in paths(7)]
        one, other = (recognizer.read(drawn(7), strokes=of) for of in (strokes, paths(7)))
        assert one.probabilities == pytest.approx(other.probabilities, abs=1e-4)

    def test_without_strokes_nothing_changes(self, recognizer):
        image = to_mnist(drawn(7))
        expected = tuple(map(float, recognizer.predict(image[np.newaxis])[0]))
        for found in (recognizer.read_mnist(image), recognizer.read_mnist(image, [])):
            assert found.probabilities == expected
            assert found.from_picture is found.from_path is None

    def test_doubt_weighs_the_odds_of_both(self, recognizer, monkeypatch):
        """By hand: a picture of 4 to 1, and a path that counts as 1 to 100,000 at the worst."""
        shares = np.array([[0.8, 0.2, *[0] * 8]], np.float32)
        path = max(trajectory.read_drawing(ZIGZAG)[1], 1e-5)
        usual = trajectory.path_threshold()
        bound = 4 * (path / (1 - path)) / (usual / (1 - usual))
        assert 2e-5 < bound < 1
        for odds, is_digit in ((0.99 * bound, True), (1.01 * bound, False)):
            doubt = RejectionThreshold(odds / (1 + odds), 0.01, 100, 0.98, 100)
            card = replace(recognizer.card, rejection=doubt)
            doubting = Recognizer(recognizer.folder / "model.tflite", card)
            monkeypatch.setattr(doubting, "_outputs", lambda images: shares)
            found = doubting.read(drawn(7), strokes=ZIGZAG)
            said = found.is_digit, found.from_picture.is_digit, found.from_path.is_digit
            assert said == (is_digit, True, False)

    def test_a_model_without_a_threshold_never_doubts(self, recognizer):
        found = recognizer.read(drawn(7), strokes=ZIGZAG)
        assert trajectory.read_drawing(ZIGZAG)[1] < trajectory.path_threshold()
        assert found.is_digit
        assert found.from_path.is_digit

    def test_an_endless_scribble_takes_no_more_than_a_digit(self):
        scribble = [np.array([(0, 0), (320, 320)] * 10_000)]
        assert len(trajectory.sample_drawing(scribble)[0]) == trajectory.features.MOST
        assert trajectory.read_drawing(scribble)[1] < trajectory.path_threshold()

    @pytest.mark.parametrize(
        "strokes",
        [[np.zeros((0, 2))], [np.zeros((3, 3))], [np.full((2, 2), np.nan)], paths(7)[0], ["7"]],
        ids=["empty", "three columns", "not finite", "one stroke alone", "text"],
    )
    def test_what_are_no_strokes_is_told(self, recognizer, strokes):
        with pytest.raises(PictureError, match="expected") as caught:
            recognizer.read(drawn(7), strokes=strokes)
        one_line(caught.value)


def of_one_output(tflite: bytes) -> bytes:
    """A network as older versions published it: with its probabilities only."""
    import flatbuffers
    from ai_edge_litert import schema_py_generated as schema

    model = schema.ModelT.InitFromObj(schema.Model.GetRootAs(tflite, 0))
    graph = model.subgraphs[0]
    graph.outputs = [one for one in graph.outputs if graph.tensors[one].shape[-1] in (10, 11)]
    model.signatureDefs = []
    builder = flatbuffers.Builder(len(tflite))
    builder.Finish(model.Pack(builder), b"TFL3")
    return bytes(builder.Output())


class TestFeatures:
    @pytest.mark.parametrize("name", [model.name for model in registry.list_models().available])
    def test_the_last_layer_makes_the_probabilities_of_them(self, name, images):
        recognizer = Recognizer.load(name)
        last = next(
            one
            for one in reversed(OpenNetwork(registry.find_model(name).tflite).stages)
            if one.bias is not None
        )
        features = recognizer.features(images)
        assert features.shape == (len(images), recognizer.feature_count)
        assert features.dtype == np.float32
        multiplied = np.stack([last.multiplied(row) for row in features])
        logits = (multiplied @ last.weights.T.astype(np.float64) + last.bias)[:, :10]
        powers = np.exp(logits - logits.max(axis=1, keepdims=True))
        expected = powers / powers.sum(axis=1, keepdims=True)
        assert np.abs(recognizer.predict(images) - expected).max() < 1e-4

    def test_one_pass_gives_all_that_a_second_reader_needs(self, recognizer, images):
        logarithms, scores, features = recognizer.predict_features(images)
        assert (logarithms == recognizer.log_probabilities(images)).all()
        assert (scores == recognizer.digit_scores(images)).all()
        assert (features == recognizer.features(images)).all()
        assert np.exp(logarithms) == pytest.approx(recognizer.predict(images), abs=1e-6)
        assert np.isfinite(logarithms).all()

    def test_without_images_there_are_none(self, recognizer, images):
        assert recognizer.features(images[:0]).shape == (0, recognizer.feature_count)

    def test_a_model_of_one_output_reads_and_has_none(self, recognizer, images, tmp_path):
        file = tmp_path / "model.tflite"
        file.write_bytes(of_one_output(recognizer._tflite.read_bytes()))
        older = Recognizer(file, recognizer.card)
        assert (older.predict(images) == recognizer.predict(images)).all()
        assert older.feature_count is None
        with pytest.raises(ModelError, match="has no features"):
            older.features(images)
