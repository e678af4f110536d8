"""A network laid open: its stages as its LiteRT file has them, and what each gives for a picture.

network = OpenNetwork(model.tflite)
values = network.look(image)  # values[0] is the picture, values[i] what network.stages[i - 1] gives

The file is the one that reads, so every number is the network's own. Converting has made some
layers one: a convolution or dense layer has its ReLU in it, and a batch normalisation is multiplied
into the kernels of the convolution before it. Dropout is gone: it works in training only. Where
weights are in int8, a stage multiplies what `Stage.multiplied` gives: its input in 256 steps.
"""

import threading
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

import numpy as np

from recognizer.architectures import network_input
from recognizer.errors import ModelError, reason

STEPS = 256  # that int8 can tell apart
BATCHNORM = "batchnorm"  # in the name of what a folded batch normalisation went into


class Kind(StrEnum):
    """What a stage does."""

    CONVOLUTION = "convolution"
    POOLING = "pooling"
    AVERAGE = "average"  # of each whole map
    FLATTEN = "flatten"
    DENSE = "dense"
    SOFTMAX = "softmax"
    OTHER = "other"  # shown, but not taken apart


@dataclass(frozen=True, eq=False)
class Stage:
    """One step of a network. Shapes are those of one image.

    Attributes:
        kind: what it does.
        operator: its name in LiteRT, such as CONV_2D.
        source: which of `look`'s values it takes.
        input_shape: (height, width, maps) or (numbers,).
        output_shape: likewise.
        weights: of a convolution (maps, height, width, input maps), of a dense layer
            (numbers, input numbers); None where there are none. Those in int8 times their scale.
        bias: array of shape (maps,) or (numbers,); None where there is none.
        window: height and width of a kernel or a pooling window; (1, 1) elsewhere.
        stride: how far the window moves down and to the right.
        padding: rows of zeros above the picture and columns to its left.
        relu: whether what is below zero becomes zero.
        normalised: whether a batch normalisation is multiplied into the weights.
        quantised: whether the weights are in int8, and the input is rounded before it is used.
    """

    kind: Kind
    operator: str
    source: int
    input_shape: tuple[int, ...]
    output_shape: tuple[int, ...]
    weights: np.ndarray | None = None
    bias: np.ndarray | None = None
    window: tuple[int, int] = (1, 1)
    stride: tuple[int, int] = (1, 1)
    padding: tuple[int, int] = (0, 0)
    relu: bool = False
    normalised: bool = False
    quantised: bool = False

    def multiplied(self, values: np.ndarray) -> np.ndarray:
        """Return an input as the weights are multiplied with it: in 256 steps with int8 weights.

        The steps are even, from the input's least value or 0 to its greatest or 0, and 0 is one of
        them (Jacob et al., 2018, "Quantization and training of neural networks").

        Args:
            values: the whole input of one image.
        """
        low, high = min(0.0, float(values.min())), max(0.0, float(values.max()))
        if not self.quantised or low == high:
            return values
        values = values.astype(np.float64)
        step = (high - low) / (STEPS - 1)
        least = -round(-low / step)  # steps below 0
        return np.clip(np.rint(values / step), least, least + STEPS - 1) * step

    @property
    def parameters(self) -> int:
        """How many numbers training has set, as far as they are in the file."""
        return sum(one.size for one in (self.weights, self.bias) if one is not None)


class OpenNetwork:
    """A network whose every stage can be looked at. Safe to share between threads.

    Attributes:
        stages: in the order in which they work.
    """

    def __init__(self, tflite: Path) -> None:
        """Open a file.

        Raises:
            ModelError: it is missing or no network of ours.
        """
        from ai_edge_litert.interpreter import Interpreter, OpResolverType

        self._lock = threading.Lock()
        try:
            self._runtime = Interpreter(
                model_path=str(tflite),
                # Without it the memory of a stage is used again by a later one ...
                experimental_preserve_all_tensors=True,
                # ... and XNNPACK, which makes reading quick, keeps the stages to itself.
                experimental_op_resolver_type=OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES,
            )
            self._runtime.allocate_tensors()
            self._runtime.invoke()  # weights in float16 become float32 only now
            self._tensors = [self._runtime.get_input_details()[0]["index"]]
            self._quantisation = {
                one["index"]: one["quantization_parameters"]
                for one in self._runtime.get_tensor_details()
            }
            self.stages = tuple(self._open(tflite.read_bytes()))
        except Exception as error:  # whatever a damaged file makes of it
            raise ModelError(
                f"{tflite.name} of {tflite.parent.name} cannot be opened "
                f"({reason(error)}): restore the file or train the model again."
            ) from error

    def look(self, image: np.ndarray) -> tuple[np.ndarray, ...]:
        """Return the picture, (28, 28, 1) from 0 to 1, and what each stage gives for it.

        Args:
            image: array of shape (28, 28), uint8, MNIST's form.
        """
        with self._lock:
            self._runtime.set_tensor(self._tensors[0], network_input(image[np.newaxis]))
            self._runtime.invoke()
            return tuple(self._runtime.get_tensor(index)[0] for index in self._tensors)

    def _open(self, content: bytes) -> list[Stage]:
        """Return the stages on the way from the picture; what works on shapes is left out."""
        from ai_edge_litert import schema_py_generated as schema

        model = schema.ModelT.InitFromObj(schema.Model.GetRootAs(content, 0))
        graph, names = model.subgraphs[0], _names(schema.BuiltinOperator)
        stages = []
        for one in graph.operators:
            code = model.operatorCodes[one.opcodeIndex]
            operator = names[max(code.builtinCode, code.deprecatedBuiltinCode)]
            known = [i for i in one.inputs if i in self._tensors]
            output = int(one.outputs[0])
            if not known or graph.tensors[output].type != schema.TensorType.FLOAT32:
                continue
            source = self._tensors.index(known[0])
            stages.append(self._stage(operator, one, source, graph.tensors[output].name.decode()))
            self._tensors.append(output)
        return stages

    def _stage(self, operator: str, one: Any, source: int, name: str) -> Stage:
        get, options = self._runtime.get_tensor, one.builtinOptions
        input_shape = get(self._tensors[source]).shape[1:]
        output_shape = get(int(one.outputs[0])).shape[1:]
        activation = getattr(options, "fusedActivationFunction", 0)
        kind = _kind(operator, options, input_shape, output_shape)
        if activation not in (0, 1):  # neither none nor ReLU
            kind = Kind.OTHER
        facts: dict[str, Any] = {"relu": activation == 1}
        if kind in (Kind.CONVOLUTION, Kind.DENSE):
            facts["weights"], facts["quantised"] = self._weights(int(one.inputs[1]))
            facts["normalised"] = BATCHNORM in name
            if len(one.inputs) > 2 and one.inputs[2] >= 0:
                facts["bias"] = get(int(one.inputs[2]))
        if kind == Kind.CONVOLUTION:
            facts["window"] = facts["weights"].shape[1:3]
        if kind == Kind.POOLING:
            facts["window"] = (options.filterHeight, options.filterWidth)
        if "window" in facts:
            facts["stride"] = (options.strideH, options.strideW)
            same = options.padding == 0
            facts["padding"] = tuple(
                _before(length, window, stride) if same else 0
                for length, window, stride in zip(
                    input_shape[:2], facts["window"], facts["stride"], strict=True
                )
            )
        return Stage(kind, operator, source, input_shape, output_shape, **facts)

    def _weights(self, index: int) -> tuple[np.ndarray, bool]:
        """Return weights in float32, and whether they are in int8 with a scale for each map."""
        weights = self._runtime.get_tensor(index)
        if weights.dtype != np.int8:
            return weights, False
        scales = self._quantisation[index]["scales"]
        return weights * scales.reshape(-1, *[1] * (weights.ndim - 1)), True


def _names(codes: type) -> dict[int, str]:
    """Return the name of each operator by its code."""
    return {code: name for name, code in vars(codes).items() if isinstance(code, int)}


def _kind(operator: str, options: Any, before: tuple[int, ...], after: tuple[int, ...]) -> Kind:
    match operator:
        case "CONV_2D" if options.dilationHFactor == options.dilationWFactor == 1:
            return Kind.CONVOLUTION
        case "MAX_POOL_2D":
            return Kind.POOLING
        case "MEAN" if len(before) == 3 and after == before[2:]:
            return Kind.AVERAGE
        case "RESHAPE" if len(after) == 1:
            return Kind.FLATTEN
        case "FULLY_CONNECTED":
            return Kind.DENSE
        case "SOFTMAX":
            return Kind.SOFTMAX
    return Kind.OTHER


def _before(length: int, window: int, stride: int) -> int:
    """Return how many zeros TensorFlow's padding "same" puts before a row of that length."""
    steps = -(-length // stride)
    return max(0, (steps - 1) * stride + window - length) // 2
