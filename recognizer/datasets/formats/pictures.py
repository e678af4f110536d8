"""Pictures as a table of digits: one digit each, labelled where they lie in folders 0 to 9."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from zipfile import ZipFile

import numpy as np

from recognizer.datasets.formats.dialect import TEST, TRAIN, Cells
from recognizer.errors import DataError, PictureError
from recognizer.imaging.decoding import decode_picture
from recognizer.preprocessing import to_mnist
from recognizer.records import IMAGE_SIZE, LABELS, PIXELS, WHITE

SUFFIXES = frozenset(
    (".png", ".jpg", ".jpeg", ".webp", ".avif", ".gif", ".bmp", ".tif", ".tiff", ".heic")
)
_LARGEST = 50 * 2**20  # bytes of a picture
_DARK, _LIGHT = 64, 191  # of 255: what meets the border of an image in MNIST's form, or inverted


@dataclass(frozen=True)
class Picture:
    """A picture that can be read.

    Attributes:
        path: in its folder or zip, with slashes.
        read: returns its bytes.
    """

    path: str
    read: Callable[[], bytes]

    @property
    def label(self) -> int | None:
        """The digit whose folder it lies in, the innermost; None where it lies in none."""
        folders = reversed(PurePosixPath(self.path).parts[:-1])
        return next((int(name) for name in folders if name in map(str, LABELS)), None)


def is_picture(path: str) -> bool:
    """Whether a file is a picture by its name, and not one that macOS hides."""
    pure = PurePosixPath(path)
    return pure.suffix.lower() in SUFFIXES and not pure.name.startswith(".")


def in_zip(archive: ZipFile) -> list[Picture]:
    """Return the pictures in a zip."""

    def reading(name: str) -> Callable[[], bytes]:
        def read() -> bytes:
            with archive.open(name) as file:
                return file.read(_LARGEST + 1)

        return read

    return [Picture(name, reading(name)) for name in archive.namelist() if is_picture(name)]


def in_folder(folder: Path) -> list[Picture]:
    """Return the pictures in a folder and the folders in it."""
    return [
        Picture(path.relative_to(folder).as_posix(), path.read_bytes)
        for path in folder.rglob("*")
        if path.is_file() and is_picture(path.name)
    ]


class PictureTable:
    """Pictures as rows, in the order of their names, numbers by their value.

    Args:
        pictures: at least one.
        part: "train" or "test", where folders of both names are among them.
        rows: the most of a piece.

    Raises:
        DataError: only some of them have labels.
    """

    def __init__(self, pictures: Sequence[Picture], part: str, rows: int) -> None:
        self._pictures = sorted(_of_part(pictures, part), key=_natural)
        self._rows, self._done = rows, 0
        bare = [picture for picture in self._pictures if picture.label is None]
        if bare and len(bare) < len(self._pictures):
            raise DataError(
                f"{bare[0].path[-60:]} lies in none of the folders 0 to 9 that other pictures lie "
                "in: put it into its digit's, or take it out."
            )
        said = "labelled by their folders" if not bare else "taken as one digit each"
        count = f"{len(self._pictures):,} picture{'' if len(self._pictures) == 1 else 's'}"
        self.dialect = replace(TEST if bare else TRAIN, header=0).noting(f"{count}, {said}")

    @property
    def share(self) -> float:
        """Of the pictures that were read so far."""
        return self._done / len(self._pictures)

    def __iter__(self) -> Iterator[Cells]:
        """Yield the pictures as rows in MNIST's form; a blank one is an empty row."""
        for start in range(0, len(self._pictures), self._rows):
            piece = self._pictures[start : start + self._rows]
            images = np.stack([digit(one.read(), one.path) for one in piece])
            self._done = start + len(piece)
            labels = None
            if self.dialect.labelled:
                labels = np.array([one.label for one in piece], np.uint8)
            yield Cells.of(images.reshape(-1, PIXELS), labels)


def digit(content: bytes, name: str) -> np.ndarray:
    """Return the digit in a picture in MNIST's form: (28, 28) uint8, all 0 where it is blank.

    A picture of 28 by 28 pixels is taken to be in that form already.

    Raises:
        DataError: it cannot be read.
    """
    if len(content) > _LARGEST:
        raise DataError(f"{name[-60:]} has more than {_LARGEST:,} bytes: make it smaller.")
    try:
        image = decode_picture(content)
        grey = _grey(image)
        if grey is not None:
            return grey
        found = to_mnist(image)
    except PictureError as error:
        raise DataError(f"{name[-60:]}: {error}") from error
    return np.zeros((IMAGE_SIZE, IMAGE_SIZE), np.uint8) if found is None else found


def _grey(image: np.ndarray) -> np.ndarray | None:
    """Return a picture that is in MNIST's form already, or inverted; None for any other."""
    if image.shape[:2] != (IMAGE_SIZE, IMAGE_SIZE):
        return None
    if image.ndim == 3:
        if image.shape[2] != 3 or (image != image[..., :1]).any():
            return None
        image = image[..., 0]
    ring = np.median(np.concatenate([image[0], image[-1], image[:, 0], image[:, -1]]))
    if ring < _DARK:
        return image
    return WHITE - image if ring > _LIGHT else None


def _of_part(pictures: Sequence[Picture], part: str) -> list[Picture]:
    """Return those below a folder of the part's name; all where there are not both parts."""

    def below(name: str) -> list[Picture]:
        return [
            one
            for one in pictures
            if any(folder.lower().startswith(name) for folder in one.path.split("/")[:-1])
        ]

    both = below("train") and below("test")
    return below(part) if both else list(pictures)


def _natural(picture: Picture) -> list[tuple[bool, int, str]]:
    """Return what sorts 10.png behind 9.png."""
    return [
        (part.isdecimal(), int(part[:18]) if part.isdecimal() else 0, part)
        for part in re.split(r"(\d+)", picture.path)
    ]
