"""The network that previews a model's readings in the browser, and its file.

The file is what pages/shared/canvas/network.js reads: the length of a header in four bytes
(little-endian), the header in JSON, then of all layers the scales and biases in float32, then
their weights in int8, each output's times its scale. Batch normalisation is part of the weights.
"""

import json
import struct
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from recognizer import outputs as of_outputs
from recognizer.architectures import network_input
from recognizer.models.registry import TFLITE_FILE, StoredModel
from recognizer.records import IMAGE_SIZE, NOT_A_DIGIT

FORMAT = 1  # raised when an older page could no longer read the file
_ALIGNED = 4  # bytes that the floats begin at a multiple of
_STEPS = 127  # of int8 on either side of 0
_AT_ONCE = 64  # images: the windows of more would take much memory


@dataclass(frozen=True, eq=False)
class Layer:
    """One convolution, or the dense layer at the end as a convolution over the whole map.

    Attributes:
        weights: array of shape (side, side, inputs, outputs), float32.
        bias: array of shape (outputs,), float32.
        stride: of the window, in pixels, either way.
        padded: whether there are zeros around the map, as TensorFlow's "same" has them.
        rectified: whether negative results become 0.
    """

    weights: np.ndarray
    bias: np.ndarray
    stride: int = 1
    padded: bool = True
    rectified: bool = True


@dataclass(frozen=True, eq=False)
class Preview:
    """A small network that says what a model would, and where it doubts.

    Attributes:
        teacher: the model's name.
        sha256: of the model's `.tflite`, that it was made to agree with.
        threshold: a smaller probability of being a digit is doubted.
        layers: the last one gives 11 logits.
    """

    teacher: str
    sha256: str
    threshold: float
    layers: Sequence[Layer]

    def outputs(self, images: np.ndarray) -> np.ndarray:
        """Return the 11 probabilities, (n, 11) float32, for (n, 28, 28) uint8."""
        pieces = [images[i : i + _AT_ONCE] for i in range(0, len(images), _AT_ONCE)]
        return np.concatenate([self._outputs(piece) for piece in pieces])

    def said(self, images: np.ndarray) -> np.ndarray:
        """Return the digit shown for each image, (n,); `NOT_A_DIGIT` where it is doubted."""
        return said(self.outputs(images), self.threshold)

    def _outputs(self, images: np.ndarray) -> np.ndarray:
        maps = network_input(images)  # (n, 28, 28, 1)
        for layer in self.layers:
            maps = _run(layer, maps)
        logits = maps.reshape(len(images), NOT_A_DIGIT + 1)
        powers = np.exp(logits - logits.max(axis=1, keepdims=True))
        return powers / powers.sum(axis=1, keepdims=True)


def said(outputs: np.ndarray, threshold: float) -> np.ndarray:
    """Return what is said of each row of outputs, (n,): the digit, or `NOT_A_DIGIT` in doubt.

    Args:
        outputs: a network's, array of shape (n, 11), rows sum to 1.
        threshold: a smaller probability of being a digit is doubted.
    """
    digits = of_outputs.digit_probabilities(outputs).argmax(axis=1)
    return np.where(of_outputs.digit_scores(outputs) < threshold, NOT_A_DIGIT, digits)


def is_made_for(file: bytes, model: StoredModel) -> bool:
    """Whether a file is a preview of this very model."""
    try:
        header = _header(file)
    except (ValueError, struct.error):
        return False
    made_for_it = header.get("sha256") == model.card.sha256.get(TFLITE_FILE)
    return made_for_it and header.get("format") == FORMAT


def pack(preview: Preview) -> bytes:
    """Return a preview's file."""
    layers = []
    floats, weights = [], []
    for layer in preview.layers:
        side, _, inputs, outputs = layer.weights.shape
        how = {name: getattr(layer, name) for name in ("stride", "padded", "rectified")}
        layers.append({"side": side, "inputs": inputs, "outputs": outputs, **how})
        largest = np.abs(layer.weights).max(axis=(0, 1, 2))
        scales = np.where(largest > 0, largest / _STEPS, 1).astype("<f4")  # (outputs,)
        floats += [scales, layer.bias.astype("<f4")]
        weights.append(np.rint(layer.weights / scales).astype(np.int8))
    fields = {name: getattr(preview, name) for name in ("teacher", "sha256", "threshold")}
    header = json.dumps({"format": FORMAT, **fields, "side": IMAGE_SIZE, "layers": layers})
    padded = header.encode() + b" " * (-len(header) % _ALIGNED)
    parts = [struct.pack("<I", len(padded)), padded, *(part.tobytes() for part in floats + weights)]
    return b"".join(parts)


def unpack(file: bytes) -> Preview:
    """Return the preview in a file, its weights as they were rounded.

    Raises:
        ValueError: it is not such a file.
    """
    header = _header(file)
    at = 4 + struct.unpack_from("<I", file)[0]
    rest = at + 8 * sum(layer["outputs"] for layer in header["layers"])
    layers = []
    for layer in header["layers"]:
        outputs = layer["outputs"]
        shape = layer["side"], layer["side"], layer["inputs"], outputs
        scales, bias = np.frombuffer(file, "<f4", 2 * outputs, at).reshape(2, outputs)
        weights = np.frombuffer(file, np.int8, int(np.prod(shape)), rest).reshape(shape)
        how = {name: layer[name] for name in ("stride", "padded", "rectified")}
        layers.append(Layer(weights * scales, bias, **how))
        at, rest = at + 8 * outputs, rest + weights.size
    return Preview(header["teacher"], header["sha256"], header["threshold"], layers)


def _header(file: bytes) -> dict:
    (length,) = struct.unpack_from("<I", file)
    header = json.loads(file[4 : 4 + length])
    if not isinstance(header, dict):
        raise ValueError("the header is no object")
    return header


def _run(layer: Layer, maps: np.ndarray) -> np.ndarray:
    """Return a layer's maps, (n, h, w, outputs), of (n, H, W, inputs)."""
    side, _, _, outputs = layer.weights.shape
    if layer.padded:
        size = -(-maps.shape[1] // layer.stride)
        padding = max(0, (size - 1) * layer.stride + side - maps.shape[1])
        around = (padding // 2, padding - padding // 2)
        maps = np.pad(maps, ((0, 0), around, around, (0, 0)))
    windows = np.lib.stride_tricks.sliding_window_view(maps, (side, side), axis=(1, 2))
    windows = windows[:, :: layer.stride, :: layer.stride]  # (n, h, w, inputs, side, side)
    kernel = layer.weights.transpose(2, 0, 1, 3).reshape(-1, outputs)  # (inputs * side * side, …)
    n, height, width = windows.shape[:3]
    results = windows.reshape(n * height * width, -1) @ kernel + layer.bias
    return np.maximum(results, 0 if layer.rectified else -np.inf).reshape(n, height, width, outputs)
