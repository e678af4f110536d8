"""The output of a stage as pictures: a pixel a number, black is zero, each stage on one scale."""

import numpy as np

from recognizer.records import WHITE

FOR, AGAINST = (45, 212, 191), (251, 146, 60)  # teal above zero, orange below, on black
GREY = 70  # between two maps


def shaded(values: np.ndarray) -> np.ndarray:
    """Return numbers of any shape as colours, with an axis more, the last: RGB.

    Where none is below zero, white is the largest; else teal is above zero and orange below.
    """
    strength = values / max(float(np.abs(values).max(initial=0)), 1e-12)
    if strength.min(initial=0) >= 0:
        return (np.repeat(strength[..., np.newaxis], 3, axis=-1) * WHITE).round().astype(np.uint8)
    colours = np.where(strength[..., np.newaxis] > 0, FOR, AGAINST)
    return (np.abs(strength)[..., np.newaxis] * colours).round().astype(np.uint8)


def stretched(values: np.ndarray) -> np.ndarray:
    """Return (height, width, maps) numbers with each map divided by its largest one."""
    largest = np.abs(values).max(axis=(0, 1), keepdims=True)
    return values / np.where(largest > 0, largest, 1)


def tiled(values: np.ndarray, across: int) -> np.ndarray:
    """Return (height, width, maps) numbers as one picture; a gap follows each of several maps."""
    height, width, maps = values.shape
    down, gap = -(-maps // across), gap_after(maps)
    cells = np.full((down * across, height + gap, width + gap, 3), GREY, np.uint8)
    cells[:maps, :height, :width] = shaded(values.transpose(2, 0, 1))
    rows = cells.reshape(down, across, height + gap, width + gap, 3).transpose(0, 2, 1, 3, 4)
    return rows.reshape(down * (height + gap), across * (width + gap), 3)


def gap_after(maps: int) -> int:
    """Return how many pixels follow each map, below it and to its right."""
    return 1 if maps > 1 else 0


def across(maps: int) -> int:
    """Return how many maps stand side by side."""
    return min(maps, 8 if maps <= 64 else 16)


def sheet(values: np.ndarray) -> np.ndarray:
    """Return a row of numbers as (height, width, 1), line by line, the last line filled up."""
    width = columns(len(values))
    height = -(-len(values) // width)
    return np.pad(values, (0, height * width - len(values))).reshape(height, width, 1)


def columns(numbers: int) -> int:
    """Return how many numbers of a row stand in a line."""
    return min(numbers, 16 if numbers <= 256 else 32 if numbers <= 1024 else 64)


def marked(image: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Return a digit in grey with numbers laid over it as colours, (28, 28, 3).

    Args:
        image: array of shape (28, 28), uint8.
        values: array of shape (28, 28); above zero teal, below orange.
    """
    strength = (np.abs(values) / max(float(np.abs(values).max()), 1e-12))[..., np.newaxis]
    ink = image[..., np.newaxis] / WHITE
    colours = np.where(values[..., np.newaxis] > 0, FOR, AGAINST)
    light = 0.55 + 0.45 * ink  # on paper the colours are darker, so that the digit stays visible
    grey = np.array([150, 150, 150]) * ink
    return (grey * (1 - strength) + light * colours * strength).round().astype(np.uint8)
