"""A look at a table's first rows: are its pixels what a network expects, or how do they differ?

What is beyond doubt is understood and said; the rest is left as it is, with a warning that says
what to do about it.
"""

from dataclasses import replace

import numpy as np

from recognizer.datasets.formats import values
from recognizer.datasets.formats.dialect import Adjustments, Cells, Dialect, Notice
from recognizer.datasets.formats.orientation import orientation
from recognizer.errors import DataError
from recognizer.records import IMAGE_SIZE, LABELS, WHITE

ROWS = 256  # looked at
STANDARDISED = (-0.42421296, 2.8214867)  # MNIST's 0 and 255, less its mean, by its deviation
_LEVELS = (1, 3, 7, 15, 16)  # highest values of coarse greys; no ink is as faint as 16 of 255
_PALE = 128  # a table whose highest value is less has hardly the range 0 to 255
_LEAST_INK = 0.02  # of the pixels of an image with a digit, at the median of the rows
_LIGHT = 150  # of 255: paper above it is light,
_GREY = 80  # and below it dark
_FRACTIONS = 10  # cells with fractions from which on they are meant


def examine(sample: list[Cells], dialect: Dialect, adjustments: Adjustments) -> Dialect:
    """Return the dialect with what the first rows say of their pixels.

    Args:
        sample: the first rows, at least one.
        dialect: how they are written.
        adjustments: what a person says of them.

    Raises:
        DataError: no such rows can be read as images.
    """
    pixels = np.concatenate([cells.pixels for cells in sample])[:ROWS]
    labels = _labels(sample)
    if not np.isfinite(pixels).all():
        return dialect  # the cell is named when it is converted
    dialect = _scaled(pixels, dialect, adjustments.scale)
    try:
        images = values.unit(Cells.of(pixels, None), dialect)
    except DataError:
        return dialect
    dialect = _inverted(images, dialect, adjustments.invert)
    dialect = _sized(dialect)
    return _oriented(images, labels, dialect, adjustments.transpose)


def _labels(sample: list[Cells]) -> np.ndarray | None:
    if any(cells.labels is None for cells in sample):
        return None
    labels = np.concatenate([cells.labels for cells in sample])[:ROWS]
    return labels.astype(int) if np.isin(labels, LABELS).all() else None


def _scaled(pixels: np.ndarray, dialect: Dialect, scale: float | None) -> Dialect:
    """Find the range of the values."""
    low, high = float(pixels.min()), float(pixels.max())
    fractions = 0
    if pixels.dtype != np.uint8:
        fractions = int((pixels != np.rint(pixels)).sum())
    if scale is not None:
        kept = replace(dialect, high=scale, whole=not fractions)
        return kept.noting(f"full ink is {scale:g}")
    if low < 0:
        return _below_zero(low, high, dialect)
    if fractions and high <= 1:
        return replace(dialect, high=1, whole=False).noting("values from 0 to 1, times 255")
    if not _has_digits(pixels):
        return dialect
    if not fractions and high <= _LEVELS[-1]:
        level = next(level for level in _LEVELS if high <= level)
        said = "values are 0 or 1" if level == 1 else f"values from 0 to {level}"
        kept = replace(dialect, high=level).noting(f"{said}, scaled to 255")
        return _with(kept, Notice(
            f"The largest value of the first {len(pixels):,} rows is {high:g}, where full ink is "
            f"255: all are scaled from {level} to 255.", settled=True,
        ))  # fmt: skip
    if fractions > _FRACTIONS and high <= WHITE:
        dialect = replace(dialect, whole=False).noting("fractions are rounded")
    if high < _PALE:
        return _with(
            dialect,
            Notice(
                f"The largest value of the first {len(pixels):,} rows is {high:g}, where full ink "
                "is 255: the digits may be read too pale.",
                settled=False,
                action=f"Scale {high:g} to 255",
                remedy=Adjustments(scale=high),
            ),
        )
    return dialect


def _below_zero(low: float, high: float, dialect: Dialect) -> Dialect:
    """Find the range of values that were normalised for a network."""
    if -1 <= low < -0.5 and 0.5 < high <= 1:
        return replace(dialect, low=-1, high=1, whole=False).noting("values from -1 to 1")
    least, most = STANDARDISED
    if abs(low - least) < 1e-3 and high < most + 1e-3:
        kept = replace(dialect, low=least, high=most, whole=False)
        return kept.noting("values less their mean, divided by their deviation")
    return dialect


def _has_digits(pixels: np.ndarray) -> bool:
    """Whether enough of the rows' pixels differ from 0 for a digit."""
    inked = (pixels != 0).mean(axis=1)
    inked = inked[inked > 0]
    return bool(len(inked)) and float(np.median(inked)) >= _LEAST_INK


def _inverted(images: np.ndarray, dialect: Dialect, asked: bool | None) -> Dialect:
    """Find whether ink is dark on light paper: by the paper, which meets the border."""
    if asked is not None:
        note = "dark ink on light paper, inverted" if asked else ""
        return replace(dialect, inverted=asked).noting(note)
    ringed = np.concatenate([images[:, [0, -1]], images[:, :, [0, -1]].transpose(0, 2, 1)], axis=1)
    paper = np.median(ringed.reshape(len(images), -1), axis=1)
    middle = np.median(images.reshape(len(images), -1), axis=1)
    light = (paper > _LIGHT) & (middle > _LIGHT)
    grey = (paper > _GREY) & ~light
    n, share = len(images), float(light.mean())
    if share == 1:
        notice = Notice(
            f"The paper of the first {n:,} rows is light and the ink dark; networks learn from "
            "light ink on black, so the rows are inverted.",
            settled=True,
            action="Read them as they are",
            remedy=Adjustments(invert=False),
        )
        return _with(replace(dialect, inverted=True).noting("dark on light, inverted"), notice)
    if share > 0.02:
        note = f"{int(light.sum()):,} of the first {n:,} rows are dark on light paper, the others "
        return _with(dialect, Notice(
            note + "light on black: a table has to be one or the other.",
            settled=False,
            action="Invert all of them",
            remedy=Adjustments(invert=True),
        ))  # fmt: skip
    if grey.mean() > 0.5:
        return _with(dialect, Notice(
            f"The background of the first {n:,} rows is grey (about {np.median(paper):.0f} of "
            "255), where networks expect black: subtract it first.", settled=False,
        ))  # fmt: skip
    return dialect


def _sized(dialect: Dialect) -> Dialect:
    if dialect.side == IMAGE_SIZE:
        return dialect
    side = dialect.side
    return dialect.noting(
        f"images of {side} × {side} pixels, brought to {IMAGE_SIZE} × {IMAGE_SIZE}"
    )


def _oriented(
    images: np.ndarray, labels: np.ndarray | None, dialect: Dialect, asked: bool | None
) -> Dialect:
    """Find whether the pixels run down the columns, as EMNIST's do."""
    if asked is not None:
        note = "pixels run down the columns, transposed" if asked else ""
        return replace(dialect, transposed=asked).noting(note)
    found = orientation(values.turned(images, dialect), labels)
    if found == "upright":
        return dialect
    n = len(images)
    if found == "transposed":
        notice = Notice(
            f"The digits of the first {n:,} rows lie on their side, mirrored, as EMNIST's do: "
            "rows and columns are exchanged.",
            settled=True,
            action="Read them as they are",
            remedy=Adjustments(transpose=False),
        )
        return _with(replace(dialect, transposed=True).noting("transposed as in EMNIST"), notice)
    return _with(
        dialect,
        Notice(f"The digits of the first {n:,} rows look {found}: turn them first.", settled=False),
    )


def _with(dialect: Dialect, notice: Notice) -> Dialect:
    return replace(dialect, notices=(*dialect.notices, notice))
