"""One loaded model: images in, probabilities out. LiteRT only, so that reading starts at once.

Importing Keras and TensorFlow takes 14 s and 650 MB, LiteRT 0.3 s and 50 MB.
"""

import threading
from collections.abc import Sequence
from os import cpu_count
from pathlib import Path

import numpy as np

from recognizer.architectures import network_input
from recognizer.errors import ModelError, reason
from recognizer.inference import trial
from recognizer.inference.readings import make_reading
from recognizer.models import registry
from recognizer.models.card import ModelCard
from recognizer.models.registry import StoredModel
from recognizer.outputs import digit_probabilities, digit_scores
from recognizer.preprocessing import to_mnist
from recognizer.records import BLANK, IMAGE_SIZE, LABELS, Reading
from recognizer.trajectory import Strokes

FEW = 16  # up to so many, one at a time is quicker than a batch that is mostly empty
BATCH = 256  # images a call: larger ones are no faster and take more memory


class Recognizer:
    """A loaded model. Safe to share between threads.

    An interpreter serves one thread at a time and re-allocates when the number of images
    changes, so there is one for a single image and one for batches, each behind its lock.
    """

    def __init__(self, tflite: Path, card: ModelCard, *, threads: int | None = None) -> None:
        self.card = card
        self._threads = threads or cpu_count() or 1
        self._single = _Interpreter(tflite, images=1, threads=1)
        self._tflite = tflite
        self._batch: _Interpreter | None = None
        self._batch_lock = threading.Lock()

    @classmethod
    def load(cls, name: str | None = None, models_dir: str | Path | None = None) -> "Recognizer":
        """Load a model by name.

        Args:
            name: the model's folder; None for the default model.
            models_dir: where to look; None for the shipped models and the user's.

        Raises:
            ModelError: there is none of that name, or it is damaged.
        """
        return cls.of(registry.find_model(name, models_dir))

    @classmethod
    def of(cls, model: StoredModel) -> "Recognizer":
        """Load a model that was found, if its file can be read with.

        Raises:
            ModelError: it is damaged.
        """
        trial.check(model)
        return cls(model.tflite, model.card)

    def predict(self, images: np.ndarray) -> np.ndarray:
        """Return the probabilities of the ten digits.

        Args:
            images: array of shape (n, 28, 28), uint8, MNIST's form; n = 0 works.

        Returns:
            Array of shape (n, 10), float32, rows sum to 1.

        Raises:
            ValueError: another shape or type.
        """
        return digit_probabilities(self._outputs(images))

    def digit_scores(self, images: np.ndarray) -> np.ndarray:
        """Return how much each image looks like a digit at all: (n,) float32 in [0, 1].

        Without an output for "not a digit" that is the largest probability.

        Args:
            images: as for `predict`.

        Raises:
            ValueError: another shape or type.
        """
        return digit_scores(self._outputs(images))

    def predict_scored(self, images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return what `predict` and `digit_scores` do, while the network reads only once."""
        outputs = self._outputs(images)
        return digit_probabilities(outputs), digit_scores(outputs)

    def log_probabilities(self, images: np.ndarray) -> np.ndarray:
        """Return the natural logarithms of `predict`, finite: (n, 10) float32.

        They are the network's logits but for a constant of each image.
        """
        return _logarithms(self.predict(images))

    @property
    def folder(self) -> Path:
        """Where the model's files lie."""
        return self._tflite.parent

    @property
    def feature_count(self) -> int | None:
        """How many features an image has; None where the model's file has no output of them."""
        return self._single.features

    def features(self, images: np.ndarray) -> np.ndarray:
        """Return what the network's last dense layer works on, (n, `feature_count`) float32.

        Logits are weights · features + bias; another set of both reads another way from what the
        network has seen.

        Args:
            images: as for `predict`.

        Raises:
            ModelError: the model has none.
            ValueError: another shape or type of images.
        """
        return self._run(images, with_features=True)[1]

    def predict_features(self, images: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return `log_probabilities`, `digit_scores` and `features`; the network reads only once.

        Raises:
            ModelError: the model has no features.
            ValueError: another shape or type of images.
        """
        outputs, features = self._run(images, with_features=True)
        logarithms = _logarithms(digit_probabilities(outputs))
        return logarithms, digit_scores(outputs), features

    def read(
        self,
        image: np.ndarray,
        *,
        paper: Sequence[int] | None = None,
        strokes: Strokes | None = None,
    ) -> Reading:
        """Read a drawing or a photo.

        Args:
            image: array of shape (H, W), (H, W, 3) or (H, W, 4), uint8.
            paper: the paper's colour where it is known; see `to_mnist`.
            strokes: of a drawing, all that is in the image; see `read_mnist`.

        Raises:
            PictureError: not such an array, or not such strokes.
        """
        seen = to_mnist(image, paper=paper)
        return BLANK if seen is None else self.read_mnist(seen, strokes)

    def read_mnist(self, image: np.ndarray, strokes: Strokes | None = None) -> Reading:
        """Read one picture that is in MNIST's form already, and how it was drawn if that is known.

        Args:
            image: array of shape (28, 28), uint8.
            strokes: the drawing's strokes in drawing order, arrays of shape (n, 2), n at least 1,
                of any unit, y down. None, or no stroke: the picture alone is read.

        Raises:
            PictureError: the strokes are not as above.
        """
        outputs = self._outputs(image[np.newaxis])
        probabilities, score = digit_probabilities(outputs)[0], digit_scores(outputs)[0]
        return make_reading(image, probabilities, score, self.card.rejection, strokes)

    def _outputs(self, images: np.ndarray) -> np.ndarray:
        """Return what the network gives, (n, 10) or (n, 11), for (n, 28, 28) uint8."""
        return self._run(images)[0]

    def _run(
        self, images: np.ndarray, *, with_features: bool = False
    ) -> tuple[np.ndarray, np.ndarray | None]:
        """Return outputs, (n, 10) or (n, 11), and features, (n, `feature_count`), if asked for."""
        if images.ndim != 3 or images.shape[1:] != (IMAGE_SIZE, IMAGE_SIZE):
            raise ValueError(f"images have shape {images.shape}, expected (n, 28, 28)")
        if images.dtype != np.uint8:
            raise ValueError(f"images are {images.dtype}, expected uint8 from 0 to 255")
        if with_features and self.feature_count is None:
            raise ModelError(
                f"{self.card.name} has no features: its file has probabilities only. Train it "
                "again, or choose another model."
            )
        outputs = np.empty((len(images), self._single.outputs), dtype=np.float32)
        features = None
        if with_features:
            features = np.empty((len(images), self._single.features), dtype=np.float32)
        interpreter, size = (self._single, 1) if len(images) <= FEW else (self._batched(), BATCH)
        for start in range(0, len(images), size):
            rows = slice(start, start + size)
            interpreter(
                network_input(images[rows]),
                outputs[rows],
                None if features is None else features[rows],
            )
        return outputs, features

    def _batched(self) -> "_Interpreter":
        with self._batch_lock:
            if self._batch is None:
                self._batch = _Interpreter(self._tflite, images=BATCH, threads=self._threads)
            return self._batch


def _logarithms(probabilities: np.ndarray) -> np.ndarray:
    return np.log(np.maximum(probabilities, np.finfo(np.float32).tiny))


class _Interpreter:
    """A LiteRT interpreter for a fixed number of images, one thread at a time.

    Attributes:
        outputs: numbers that the network gives an image, 10 or 11.
        features: numbers that its last layer works on; None where the file doesn't give them.
    """

    def __init__(self, tflite: Path, *, images: int, threads: int) -> None:
        from ai_edge_litert.interpreter import Interpreter

        self._lock = threading.Lock()
        try:
            self._runtime = Interpreter(model_path=str(tflite), num_threads=threads)
            self._input = self._runtime.get_input_details()[0]["index"]
            shape = (images, IMAGE_SIZE, IMAGE_SIZE, 1)
            self._runtime.resize_tensor_input(self._input, shape)
            self._runtime.allocate_tensors()
            self._find_outputs()
        except Exception as error:  # whatever a damaged file makes of it
            raise ModelError(
                f"{tflite.name} of {tflite.parent.name} is no network of ours "
                f"({reason(error)}): restore the file or train the model again."
            ) from error
        self._buffer = np.zeros(shape, dtype=np.float32)

    def _find_outputs(self) -> None:
        """Tell probabilities and features apart: their order in the file is the converter's.

        Raises:
            ValueError: none of the outputs can be the probabilities.
        """
        sizes = {
            one["index"]: int(one["shape"][-1])
            for one in self._runtime.get_output_details()
            if len(one["shape"]) == 2
        }
        fitting = [index for index, size in sizes.items() if size - len(LABELS) in (0, 1)]
        if not fitting:
            outputs = " and ".join(map(str, sizes.values())) or "no"
            raise ValueError(f"it gives {outputs} numbers an image, expected 10 or 11")
        self._output = fitting[0]
        self.outputs = sizes.pop(self._output)
        self._features = next(iter(sizes), None)
        self.features = sizes.get(self._features)

    def __call__(
        self, batch: np.ndarray, outputs: np.ndarray, features: np.ndarray | None = None
    ) -> None:
        """Read (n, 28, 28, 1) float32, n at most the fixed number.

        Args:
            batch: the images.
            outputs: array of shape (n, outputs), filled.
            features: likewise (n, features); None where they are not asked for.
        """
        with self._lock:
            self._buffer[: len(batch)] = batch
            self._runtime.set_tensor(self._input, self._buffer)
            self._runtime.invoke()
            outputs[:] = self._runtime.get_tensor(self._output)[: len(batch)]
            if features is not None:
                features[:] = self._runtime.get_tensor(self._features)[: len(batch)]
