"""One loaded model: images in, probabilities out. LiteRT only, so that reading starts at once.

Importing Keras and TensorFlow takes 14 s and 650 MB, LiteRT 0.3 s and 50 MB.
"""

import threading
from collections.abc import Sequence
from os import cpu_count
from pathlib import Path

import numpy as np

from recognizer.architectures import network_input
from recognizer.errors import ModelError
from recognizer.models import registry
from recognizer.models.card import ModelCard
from recognizer.outputs import digit_probabilities, digit_scores
from recognizer.preprocessing import to_mnist
from recognizer.records import BLANK, IMAGE_SIZE, LABELS, Reading

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
        model = registry.find_model(name, models_dir)
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

    def read(self, image: np.ndarray, *, paper: Sequence[int] | None = None) -> Reading:
        """Read a drawing or a photo.

        Args:
            image: array of shape (H, W), (H, W, 3) or (H, W, 4), uint8.
            paper: the paper's colour where it is known; see `to_mnist`.

        Raises:
            PictureError: not such an array.
        """
        seen = to_mnist(image, paper=paper)
        return BLANK if seen is None else self.read_mnist(seen)

    def read_mnist(self, image: np.ndarray) -> Reading:
        """Read one picture that is in MNIST's form already: (28, 28), uint8."""
        outputs = self._outputs(image[np.newaxis])
        probabilities = digit_probabilities(outputs)[0]
        digit = int(probabilities.argmax())
        rejection = self.card.rejection
        return Reading(
            digit=digit,
            confidence=float(probabilities[digit]),
            probabilities=tuple(map(float, probabilities)),
            image=image,
            is_digit=rejection is None or bool(digit_scores(outputs)[0] >= rejection.threshold),
        )

    def _outputs(self, images: np.ndarray) -> np.ndarray:
        """Return what the network gives, (n, 10) or (n, 11), for (n, 28, 28) uint8."""
        if images.ndim != 3 or images.shape[1:] != (IMAGE_SIZE, IMAGE_SIZE):
            raise ValueError(f"images have shape {images.shape}, expected (n, 28, 28)")
        if images.dtype != np.uint8:
            raise ValueError(f"images are {images.dtype}, expected uint8 from 0 to 255")
        outputs = np.empty((len(images), self._single.outputs), dtype=np.float32)
        if len(images) <= FEW:
            for row, image in enumerate(images):
                outputs[row] = self._single(network_input(image[np.newaxis]))[0]
            return outputs
        with self._batch_lock:
            if self._batch is None:
                self._batch = _Interpreter(self._tflite, images=BATCH, threads=self._threads)
        for start in range(0, len(images), BATCH):
            piece = network_input(images[start : start + BATCH])
            outputs[start : start + BATCH] = self._batch(piece)
        return outputs


class _Interpreter:
    """A LiteRT interpreter for a fixed number of images, one thread at a time."""

    def __init__(self, tflite: Path, *, images: int, threads: int) -> None:
        from ai_edge_litert.interpreter import Interpreter

        self._lock = threading.Lock()
        try:
            self._runtime = Interpreter(model_path=str(tflite), num_threads=threads)
            self._input = self._runtime.get_input_details()[0]["index"]
            self._output = self._runtime.get_output_details()[0]["index"]
            shape = (images, IMAGE_SIZE, IMAGE_SIZE, 1)
            self._runtime.resize_tensor_input(self._input, shape)
            self._runtime.allocate_tensors()
            self.outputs = int(self._runtime.get_output_details()[0]["shape"][-1])
            if self.outputs - len(LABELS) not in (0, 1):
                raise ValueError(f"it gives {self.outputs} numbers an image, expected 10 or 11")
        except (ValueError, RuntimeError) as error:
            raise ModelError(
                f"{tflite.name} of {tflite.parent.name} is no network of ours "
                f"({str(error).splitlines()[0]}): restore the file or train the model again."
            ) from error
        self._buffer = np.zeros(shape, dtype=np.float32)

    def __call__(self, batch: np.ndarray) -> np.ndarray:
        """Return (n, outputs) for (n, 28, 28, 1) float32; n at most the fixed number."""
        with self._lock:
            self._buffer[: len(batch)] = batch
            self._runtime.set_tensor(self._input, self._buffer)
            self._runtime.invoke()
            return self._runtime.get_tensor(self._output)[: len(batch)]
