"""The arithmetic of a network's stages once more, by NumPy alone."""

import numpy as np

from recognizer.explain.activations import Kind, Stage


def recomputed(stage: Stage, given: np.ndarray) -> np.ndarray:
    """What a stage gives, by NumPy, in float64."""
    given = stepped(given.astype(np.float64)) if stage.quantised else given.astype(np.float64)
    match stage.kind:
        case Kind.CONVOLUTION:
            gave = windows(stage, given, 0) @ stage.weights.reshape(len(stage.weights), -1).T
        case Kind.POOLING:
            gave = windows(stage, given, -np.inf)
            return gave.reshape(*gave.shape[:2], -1, given.shape[2]).max(axis=2)
        case Kind.AVERAGE:
            return given.mean(axis=(0, 1))
        case Kind.FLATTEN:
            return given.ravel()
        case Kind.DENSE:
            gave = stage.weights.astype(np.float64) @ given
        case Kind.SOFTMAX:
            return np.exp(given) / np.exp(given).sum()
    gave = gave if stage.bias is None else gave + stage.bias
    return np.maximum(gave, 0) if stage.relu else gave


def stepped(given: np.ndarray) -> np.ndarray:
    """An input in the 256 even steps from its least to its greatest value, of which 0 is one."""
    low, high = np.minimum(given.min(), 0), np.maximum(given.max(), 0)
    zero = np.rint(255 * (0 - low) / (high - low))
    steps = (np.arange(256) - zero) * (high - low) / 255
    return steps[np.abs(given[..., None] - steps).argmin(axis=-1)]


def windows(stage: Stage, given: np.ndarray, outside: float) -> np.ndarray:
    """What lies below the window at each place, (rows, columns, height × width × maps).

    The padding is told by the shapes alone: as much as is missing, one more at the end.
    """
    maps = given.shape[2]
    missing = [
        max(0, (after - 1) * stride + side - before)
        for before, after, stride, side in zip(
            given.shape[:2], stage.output_shape[:2], stage.stride, stage.window, strict=True
        )
    ]
    pads = [(one // 2, one - one // 2) for one in missing]
    padded = np.pad(given, [*pads, (0, 0)], constant_values=outside)
    seen = np.lib.stride_tricks.sliding_window_view(padded, stage.window, (0, 1))
    seen = seen[:: stage.stride[0], :: stage.stride[1]]  # (rows, columns, maps, height, width)
    rows, columns = stage.output_shape[:2]
    seen = seen[:rows, :columns].transpose(0, 1, 3, 4, 2)
    return seen.reshape(rows, columns, stage.window[0] * stage.window[1] * maps)
