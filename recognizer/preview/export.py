"""A model's own weights for the browser: what its LiteRT file holds, in int8."""

from collections.abc import Sequence

import numpy as np

from recognizer.explain.activations import Kind, OpenNetwork, Stage
from recognizer.models.registry import TFLITE_FILE, StoredModel
from recognizer.preview.network import Layer, Preview, pack
from recognizer.records import LABELS, NOT_A_DIGIT

MAX_PRODUCTS = 30_000_000  # of one picture: 10 ms in a browser's JavaScript, for most are with 0
_NEVER = -100.0  # logit of "not a digit" in a network that has no such output


def exported(model: StoredModel) -> bytes | None:
    """Return a model's preview that is the model itself.

    Returns:
        None where it is no chain of convolutions before one dense layer, or too slow.

    Raises:
        ModelError: the model's `.tflite` is damaged.
    """
    stages = OpenNetwork(model.tflite).stages
    if not _is_plain(stages) or _products(stages) > MAX_PRODUCTS:
        return None
    convolutions, dense = stages[:-3], stages[-2]
    layers = [_convolution(stage) for stage in convolutions]
    layers.append(_dense(dense, stages[-3].input_shape))
    rejection = model.card.rejection
    threshold = 0.0 if rejection is None else rejection.threshold
    return pack(Preview(model.name, model.card.sha256[TFLITE_FILE], threshold, layers))


def _is_plain(stages: Sequence[Stage]) -> bool:
    """Whether each stage works on the one before it, and is of a kind that previews have."""
    *convolutions, flatten, dense, softmax = stages if len(stages) > 2 else [None] * 3
    ends = flatten, dense, softmax
    return (
        all(stage is not None for stage in ends)
        and [stage.kind for stage in ends] == [Kind.FLATTEN, Kind.DENSE, Kind.SOFTMAX]
        and all(stage.source == place for place, stage in enumerate(stages))
        and all(_is_square(stage) for stage in convolutions)
        and not dense.relu
    )


def _is_square(stage: Stage) -> bool:
    alike = (stage.window, stage.stride, stage.input_shape[:2])
    return stage.kind == Kind.CONVOLUTION and all(one[0] == one[1] for one in alike)


def _products(stages: Sequence[Stage]) -> int:
    """Return how many numbers are multiplied for one picture."""
    pixels = (np.prod(stage.output_shape[:-1], dtype=int) for stage in stages)
    with_weights = zip(pixels, stages, strict=True)
    return sum(int(n) * one.weights.size for n, one in with_weights if one.weights is not None)


def _convolution(stage: Stage) -> Layer:
    weights = stage.weights.transpose(1, 2, 3, 0)  # (side, side, inputs, outputs)
    padded = -(-stage.input_shape[0] // stage.stride[0]) == stage.output_shape[0]
    return Layer(weights, _bias(stage), stage.stride[0], padded, stage.relu)


def _dense(stage: Stage, maps: tuple[int, ...]) -> Layer:
    """Return the last layer as a convolution over whole maps (side, side, inputs), 11 outputs."""
    outputs = len(stage.weights)
    weights = stage.weights.T.reshape(*maps, outputs)
    bias = _bias(stage)
    if outputs == len(LABELS):
        weights = np.concatenate([weights, np.zeros((*maps, 1))], axis=-1)
        bias = np.append(bias, _NEVER)
    assert weights.shape[-1] == NOT_A_DIGIT + 1
    return Layer(weights, bias, padded=False, rectified=False)


def _bias(stage: Stage) -> np.ndarray:
    return np.zeros(len(stage.weights)) if stage.bias is None else stage.bias
