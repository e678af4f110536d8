"""From cells as they are written to images in MNIST's form: scaled, inverted, turned, resized."""

import numpy as np

from recognizer.datasets.formats.dialect import Adjustments, Cells, Dialect
from recognizer.datasets.kaggle_csv import bad_cell
from recognizer.errors import RowError
from recognizer.records import IMAGE_SIZE, LABELS, WHITE, Digits

_TOLERANCE = 1e-4  # of the range, as floats are rounded when they are written
_FAINT = 0.1  # of full ink; less is the noise of a resized image


def convert(cells: Cells, dialect: Dialect) -> Digits:
    """Return rows as digits.

    Raises:
        RowError: a cell is no label or pixel of this dialect; the row is counted from these.
    """
    images = unit(cells, dialect)
    labels = None if cells.labels is None else _labels(cells, dialect)
    return Digits(turned(images, dialect), labels)


def unit(cells: Cells, dialect: Dialect) -> np.ndarray:
    """Return pixels as bytes, 255 at the dialect's highest value: (n, side, side) uint8.

    Raises:
        RowError: a cell is outside the dialect's range.
    """
    pixels = cells.pixels
    if pixels.dtype != np.uint8 or (dialect.low, dialect.high) != (0, WHITE):
        _check(cells, dialect)
        span = dialect.high - dialect.low
        pixels = np.rint((pixels.astype(np.float32) - dialect.low) * (WHITE / span))
        pixels = pixels.clip(0, WHITE).astype(np.uint8)
    return np.ascontiguousarray(pixels).reshape(-1, dialect.side, dialect.side)


def turned(images: np.ndarray, dialect: Dialect) -> np.ndarray:
    """Return images of bytes in MNIST's form: (n, 28, 28) uint8."""
    if dialect.inverted:
        images = WHITE - images
    if dialect.transposed:
        images = np.ascontiguousarray(images.transpose(0, 2, 1))
    return images if dialect.side == IMAGE_SIZE else resized(images)


def resized(images: np.ndarray) -> np.ndarray:
    """Return images of another size in MNIST's form.

    Of larger ones whose border is empty, as of MNIST padded to 32 by 32, the middle is taken;
    else the ink is scaled to 20 pixels and centred by its mass.
    """
    from recognizer.preprocessing import place_ink  # OpenCV, which most tables do without

    margin = (images.shape[1] - IMAGE_SIZE) // 2
    result = np.zeros((len(images), IMAGE_SIZE, IMAGE_SIZE), np.uint8)
    for image, digit in zip(images, result, strict=True):
        ink = np.where(image > _FAINT * image.max(initial=1), image, 0)
        if margin > 0 and images.shape[1] % 2 == 0:
            middle = image[margin:-margin, margin:-margin]
            if middle.sum(dtype=int) == image.sum(dtype=int):
                digit[:] = middle
                continue
        if (placed := place_ink(ink)) is not None:
            digit[:] = placed
    return result


def adjusted(digits: Digits, adjustments: Adjustments) -> Digits:
    """Return digits that were read, changed as a person says."""
    images = digits.images
    if adjustments.scale is not None:
        factor = WHITE / adjustments.scale
        images = np.rint(images * factor).clip(0, WHITE).astype(np.uint8)
    if adjustments.invert is not None:
        images = WHITE - images
    if adjustments.transpose is not None:
        images = np.ascontiguousarray(images.transpose(0, 2, 1))
    return Digits(images, digits.labels)


def _labels(cells: Cells, dialect: Dialect) -> np.ndarray:
    labels = cells.labels
    if labels.dtype == np.uint8:
        bad = labels >= len(LABELS)
    else:
        bad = ~((labels >= 0) & (labels < len(LABELS)) & (labels == np.floor(labels)))
    if bad.any():
        row = int(bad.argmax())
        text = cells.text(row, -1)
        if labels.dtype == np.uint8:
            raise RowError(row + 1, f" has the label {text}: expected a digit, 0 to 9.")
        raise bad_cell(row + 1, (dialect.label or 0) + 1, text, is_label=True)
    return labels.astype(np.uint8)


def _check(cells: Cells, dialect: Dialect) -> None:
    """Raise RowError for the first cell outside the dialect's range."""
    pixels, slack = cells.pixels, _TOLERANCE * (dialect.high - dialect.low)
    good = (pixels >= dialect.low - slack) & (pixels <= dialect.high + slack)  # nan is not
    if dialect.whole and pixels.dtype != np.uint8:
        good &= pixels == np.rint(pixels)
    if good.all():
        return
    row, pixel = divmod(int(good.ravel().argmin()), pixels.shape[1])
    kind = "an integer" if dialect.whole else "a number"
    raise bad_cell(
        row + 1,
        dialect.pixels[pixel] + 1,
        cells.text(row, pixel),
        is_label=False,
        expected=f"{kind} from {dialect.low:g} to {dialect.high:g}",
    )
