"""Digits as arrays: NumPy's .npy and .npz, and the IDX files in which MNIST is published.

Arrays are read piece by piece, as they lie in the file; nothing in them is ever executed.
"""

import io
import struct
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from typing import IO

import numpy as np
from numpy.lib import format as npy

from recognizer.datasets.formats import columns
from recognizer.datasets.formats.dialect import TEST, Cells, Dialect
from recognizer.errors import DataError
from recognizer.records import IMAGE_SIZE, LABELS

NPY = b"\x93NUMPY"
_IDX_KINDS = {8: ">u1", 9: ">i1", 11: ">i2", 12: ">i4", 13: ">f4", 14: ">f8"}
_KINDS = {"O": "Python objects", "U": "text", "S": "text"}  # by NumPy's letter
_NUMBERS = "buif"  # kinds of NumPy's that are numbers
_AT_ONCE = 400_000_000  # bytes of what cannot be read in pieces
_IMAGE_NAMES = ("x", "image", "images", "img", "imgs", "data", "pixel", "pixels", "arr_0", "digits")
_LABEL_NAMES = ("y", "label", "labels", "target", "targets", "class", "classes", "digit", "arr_1")


@dataclass(frozen=True, eq=False)
class Array:
    """An array in a file, read up to its first number.

    Attributes:
        name: for messages.
        shape: of the array.
        kind: of its numbers.
        file: behind its header.
    """

    name: str
    shape: tuple[int, ...]
    kind: np.dtype
    file: IO[bytes]

    def all(self) -> np.ndarray:
        """Return all of it, which has to be small.

        Raises:
            DataError: it is not, or is cut short.
        """
        size = int(np.prod(self.shape, dtype=object)) * self.kind.itemsize
        if size > _AT_ONCE:
            raise DataError(
                f"{self.name} takes {size:,} bytes at once: split it, or save it in C's order."
            )
        return self.rows(self.shape[0])

    def rows(self, count: int) -> np.ndarray:
        """Return the next rows.

        Raises:
            DataError: the file ends before.
        """
        wanted = count * int(np.prod(self.shape[1:], dtype=object)) * self.kind.itemsize
        content = self.file.read(wanted)
        while len(content) < wanted and (more := self.file.read(wanted - len(content))):
            content += more
        if len(content) < wanted:
            raise DataError(f"{self.name} is cut short: expected {self.shape[0]:,} rows in it.")
        return np.frombuffer(content, self.kind).reshape(count, *self.shape[1:])


def is_idx(head: bytes) -> bool:
    """Whether a file of these first bytes is IDX."""
    return head[:2] == b"\0\0" and len(head) > 8 and head[2] in _IDX_KINDS and 1 <= head[3] <= 4


def open_npy(file: IO[bytes], name: str) -> Array:
    """Read the header of a .npy file.

    Raises:
        DataError: it is damaged, or holds objects and no numbers.
    """
    try:
        version = npy.read_magic(file)
        header = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
        shape, by_columns, kind = header(file)
    except (ValueError, EOFError, TypeError, SyntaxError) as error:
        raise DataError(f"{name} is damaged: expected an array as numpy.save writes it.") from error
    if kind.kind not in _NUMBERS:
        held = _KINDS.get(kind.kind, str(kind)[:30])
        raise DataError(f"{name} holds {held}: expected numbers, such as uint8.")
    shape = tuple(map(int, shape))
    if by_columns and len(shape) > 1:  # as pandas keeps its values: not to be had in pieces
        whole = Array(name, shape[::-1], kind, file).all().T
        return Array(name, shape, kind, io.BytesIO(np.ascontiguousarray(whole).tobytes()))
    return Array(name, shape, kind, file)


def open_idx(file: IO[bytes], name: str) -> Array:
    """Read the header of an IDX file (http://yann.lecun.com/exdb/mnist).

    Raises:
        DataError: it is cut short.
    """
    head = file.read(4)
    sizes = file.read(4 * head[3]) if len(head) == 4 else b""
    if len(head) < 4 or len(sizes) < 4 * head[3]:
        raise DataError(f"{name} is cut short: expected an IDX file, as MNIST is published in.")
    shape = struct.unpack(f">{head[3]}I", sizes)
    return Array(name, shape, np.dtype(_IDX_KINDS[head[2]]), file)


def labels_name(name: str) -> str | None:
    """Return the name under which the labels of images lie beside them; None for other names."""
    changed = name
    for images, labels in (("images", "labels"), ("idx3", "idx1"), ("x_", "y_"), ("X_", "y_")):
        changed = changed.replace(images, labels)
    stem, dot, rest = name.partition(".")
    if stem in ("x", "X"):
        changed = f"y{dot}{rest}"
    return None if changed == name else changed


class ArrayTable:
    """Images in an array, with their labels if there are any.

    Args:
        images: (n, side, side), (n, 1, side, side), (n, side, side, 1) or (n, side²); or, without
            `labels`, (n, 1 + side²) with the label first or last.
        labels: (n,), (n, 1) or, one-hot, (n, 10); None where there are none.
        rows: the most of a piece.
        note: what is said of it.

    Raises:
        DataError: of other shapes.
    """

    def __init__(self, images: Array, labels: Array | None, rows: int, note: str) -> None:
        self._images, self._rows, self._done = images, rows, 0
        self._labels = None if labels is None else _labels(labels, images)
        self._pending: list[np.ndarray] = []
        dialect = replace(TEST, header=0)
        side = image_side(images.shape)
        if side:
            label = None if labels is None else 0
            count = side * side
            self.dialect = replace(
                dialect, columns=count, pixels=tuple(range(count)), side=side, label=label
            ).noting(note)
        elif len(images.shape) == 2 and labels is None:
            self.dialect = self._as_table(dialect).noting(note)
        else:
            raise DataError(
                f"{images.name} has the shape {images.shape}: expected images, "
                f"(n, {IMAGE_SIZE}, {IMAGE_SIZE}) or (n, {IMAGE_SIZE * IMAGE_SIZE})."
            )

    def _as_table(self, dialect: Dialect) -> Dialect:
        """Find the label among the columns of an array."""
        first = self._images.rows(min(64, self._images.shape[0]))
        self._pending = [first]
        texts = [[f"{cell:g}" for cell in row] for row in first.astype(float)]
        if not texts:
            raise DataError(f"{self._images.name} has no rows: expected one a digit.")
        found = columns.by_values(texts, self._images.shape[1])
        return replace(
            dialect,
            columns=self._images.shape[1],
            label=found.label,
            pixels=found.pixels,
            side=found.side,
        ).noting(*found.notes)

    def __iter__(self) -> Iterator[Cells]:
        """Yield the rows in the file's order."""
        total, done = self._images.shape[0], 0
        while done < total:
            if self._pending:
                values = self._pending.pop()
            else:
                values = self._images.rows(min(self._rows, total - done))
            flat = _numbers(values.reshape(len(values), -1))
            labels = None
            if self._labels is not None:
                labels = self._labels[done : done + len(flat)]
            elif self.dialect.label is not None:
                labels = flat[:, self.dialect.label]
            if flat.shape[1] != len(self.dialect.pixels):
                flat = flat[:, list(self.dialect.pixels)]
            done += len(flat)
            yield Cells.of(flat, labels)


def image_side(shape: Sequence[int]) -> int | None:
    """Return the side of the square images in an array of this shape; None where it has none."""
    if len(shape) == 4 and 1 in (shape[1], shape[3]):
        shape = (shape[0], *sorted(shape[1:])[1:])
    if len(shape) == 3 and shape[1] == shape[2] and shape[1] in columns.SIDES:
        return shape[1]
    if len(shape) == 2:
        return columns.side_of(shape[1])
    return None


def _numbers(values: np.ndarray) -> np.ndarray:
    """Return numbers as bytes where they are, else as floats."""
    return values if values.dtype == np.uint8 else values.astype(np.float32)


def _labels(labels: Array, images: Array) -> np.ndarray:
    """Return labels of shape (n,)."""
    if labels.shape[:1] != images.shape[:1]:
        raise DataError(
            f"{images.name} has {images.shape[0]:,} images and {labels.name} "
            f"{(labels.shape or (0,))[0]:,} labels: expected as many of each."
        )
    values = labels.all()
    if values.ndim == 2 and values.shape[1] == len(LABELS):
        values = values.argmax(axis=1).astype(np.uint8)
    if values.ndim == 2 and values.shape[1] == 1:
        values = values[:, 0]
    if values.ndim != 1:
        raise DataError(f"{labels.name} has the shape {values.shape}: expected one label a digit.")
    return _numbers(values)


def pick(archive: zipfile.ZipFile, part: str) -> tuple[str, str | None]:
    """Return the arrays of images and of labels in an .npz.

    Args:
        archive: the .npz.
        part: "train" or "test", where it holds both.

    Raises:
        DataError: nobody can tell which.
    """
    arrays = {}
    for name in archive.namelist():
        if name.endswith(".npy"):
            with archive.open(name) as file:
                arrays[name] = open_npy(file, PurePosixPath(name).stem).shape
    images = [name for name, shape in arrays.items() if _are_images(name, shape)]
    chosen = [name for name in images if part in name.lower()] or (
        [name for name in images if "train" in name.lower()] if len(images) > 1 else images
    )
    if len(chosen) > 1:
        chosen = [name for name in chosen if _is_named(name, _IMAGE_NAMES)] or chosen
    if len(chosen) != 1:
        listed = ", ".join(f"{name[:-4][:20]} {shape}" for name, shape in list(arrays.items())[:4])
        raise DataError(
            f"The .npz holds {listed or 'no arrays'}: expected images (n, 28, 28) named x_train or "
            "images, and labels named y_train or labels."
        )
    return chosen[0], _labels_of(chosen[0], arrays)


def _are_images(name: str, shape: tuple[int, ...]) -> bool:
    wide = len(shape) == 2 and (columns.side_of(shape[1] - 1) or columns.side_of(shape[1]))
    return bool(wide or image_side(shape))


def _is_named(name: str, wanted: Sequence[str]) -> bool:
    words = name.lower().removesuffix(".npy").replace("train", "").replace("test", "")
    return words.strip("_-") in wanted


def _labels_of(images: str, arrays: dict[str, tuple[int, ...]]) -> str | None:
    """Return the labels of images: in the same part, and one a row unless their name says it."""
    rows = arrays[images][0]
    part = [word for word in ("train", "test", "val") if word in images.lower()]
    found = [
        name
        for name, shape in arrays.items()
        if (len(shape) == 1 or (len(shape) == 2 and shape[1] in (1, len(LABELS))))
        and name != images
        and [word for word in ("train", "test", "val") if word in name.lower()] == part
    ]
    named = [name for name in found if _is_named(name, _LABEL_NAMES)]
    fitting = [name for name in found if arrays[name][:1] == (rows,)]
    # labels by name alone are picked too, so that their number is refused and not passed over
    found = [name for name in named if name in fitting] or fitting or named
    return found[0] if len(found) == 1 else None
