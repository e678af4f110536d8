"""What a file is, by its first bytes, and the table of digits that it holds.

Kaggle's own form is the usual case and goes straight on; all else is recognised here once, for
the pages, the command line and training.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path, PurePosixPath
from typing import IO, TYPE_CHECKING, Protocol
from zipfile import ZipFile

from recognizer.datasets import compression, locations
from recognizer.datasets.formats import arrays, columns, kinds
from recognizer.datasets.formats.dialect import Cells, Dialect
from recognizer.datasets.kaggle_csv import TextTable
from recognizer.datasets.parquet import ParquetTable, is_parquet
from recognizer.errors import DataError

if TYPE_CHECKING:
    from recognizer.datasets.formats import pictures

TABLE = (".csv", ".tsv", ".txt", ".csv.gz")


class Table(Protocol):
    """A table's rows as they are written.

    Attributes:
        dialect: how.
    """

    dialect: Dialect

    def __iter__(self) -> Iterator[Cells]:
        """Yield the rows, piece by piece."""


Share = Callable[[], float | None]


def open_table(
    source: compression.Source, member: str, rows: int, stack: ExitStack
) -> tuple[Table, Share]:
    """Open the table of digits that a file holds.

    Args:
        source: a path of a file or a folder of pictures, an address, an open file, or a pipe.
        member: of a zip, the file to read; where there are a part to train with and one to test
            with, "test" in it asks for the latter.
        rows: the most of a piece.
        stack: closes what is opened.

    Returns:
        The table, and a function that returns the share of it that was read.

    Raises:
        DataError: it holds none.
    """
    part = "test" if "test" in member.lower() else "train"
    folder = Path(source) if _is_folder(source) else None
    if folder is not None:
        from recognizer.datasets.formats import pictures  # OpenCV and Pillow, for pictures only

        return of_pictures(pictures.in_folder(folder), folder.name, part, rows)
    if is_parquet(source):
        table = ParquetTable(source, rows=rows)
        stack.callback(table.close)
        return table, lambda: table.share
    opened = stack.enter_context(compression.opened(source))
    if opened.archive is not None:
        return _in_archive(opened.archive, member, part, rows, stack)
    beside = _beside(source, opened.name)
    return _in_file(opened.file, opened.head, opened.name, rows, stack, beside), opened.share


def open_files(files: Sequence[IO[bytes]], rows: int, stack: ExitStack) -> tuple[Table, Share]:
    """Open files that belong together: pictures of one digit each, or images and their labels.

    Args:
        files: with names; they stay open.
        rows: the most of a piece.
        stack: closes what is opened.

    Raises:
        DataError: they do not belong together.
    """
    from recognizer.datasets.formats import pictures

    named = {PurePosixPath(file.name).name: file for file in files}
    if all(map(pictures.is_picture, named)):
        found = [pictures.Picture(file.name, _reading(file)) for file in files]
        return of_pictures(found, "The choice", "train", rows)

    def beside(other: str, opening: ExitStack) -> IO[bytes] | None:
        return (
            opening.enter_context(compression.opened(named[other])).file if other in named else None
        )

    for name, file in named.items():
        wanted = arrays.labels_name(name) or ""
        stem = wanted.removesuffix(".gz")
        if len(named) == 2 and {wanted, stem, f"{wanted}.gz"} & named.keys() - {name}:
            opened = stack.enter_context(compression.opened(file))
            table = _in_file(opened.file, opened.head, name, rows, stack, beside)
            return table, opened.share
    listed = ", ".join(list(named)[:3])
    raise DataError(
        f"{len(files)} files were chosen ({listed[:120]}): expected one table, several pictures, "
        "or images and labels in IDX."
    )


def _reading(file: IO[bytes]) -> Callable[[], bytes]:
    def read() -> bytes:
        file.seek(0)
        return file.read()

    return read


def _is_folder(source: compression.Source) -> bool:
    named = compression.is_named(source) and not locations.is_address(source)
    return named and str(source) not in ("", ".") and Path(source).is_dir()


Beside = Callable[[str, ExitStack], IO[bytes] | None]


def _in_file(
    file: IO[bytes], head: bytes, name: str, rows: int, stack: ExitStack, beside: Beside
) -> Table:
    """Return the table in a file that is packed no more."""
    if not head:
        raise columns.refused([])
    if head.startswith(arrays.NPY):
        images = arrays.open_npy(file, name)
        labels = _labels_beside(name, stack, beside, arrays.open_npy)
        return arrays.ArrayTable(images, labels, rows, _said("an array", labels))
    if arrays.is_idx(head):
        images = arrays.open_idx(file, name)
        if len(images.shape) == 1:
            raise DataError(
                f"{name} holds {images.shape[0]:,} labels and no images: give the file of images, "
                "such as train-images-idx3-ubyte, with this one beside it."
            )
        labels = _labels_beside(name, stack, beside, arrays.open_idx)
        return arrays.ArrayTable(images, labels, rows, _said("IDX", labels))
    if refusal := kinds.refusal(head):
        raise refusal
    return TextTable(head, file, rows)


def _said(kind: str, labels: arrays.Array | None) -> str:
    return f"{kind}, its labels from {labels.name}" if labels else f"{kind} without labels"


def _labels_beside(
    name: str,
    stack: ExitStack,
    beside: Beside,
    open_array: Callable[[IO[bytes], str], arrays.Array],
) -> arrays.Array | None:
    """Return the labels that lie beside images; None where there are none."""
    wanted = arrays.labels_name(name)
    if wanted is None:
        return None
    stems = (wanted, wanted.removesuffix(".gz"), f"{wanted}.gz")
    for one in dict.fromkeys(stems):
        if (file := beside(one, stack)) is not None:
            return open_array(file, one)
    return None


def _beside(source: compression.Source, name: str) -> Beside:
    """Return what opens another file in the folder of this one."""
    path = source if compression.is_named(source) else getattr(source, "name", None)

    def beside(other: str, stack: ExitStack) -> IO[bytes] | None:
        if not compression.is_named(path) or locations.is_address(path):
            return None
        there = Path(path).with_name(other)
        if there == Path(path) or not there.is_file() or not Path(path).is_file():
            return None
        return stack.enter_context(compression.opened(there)).file

    return beside


def _in_archive(
    archive: ZipFile, member: str, part: str, rows: int, stack: ExitStack
) -> tuple[Table, Share]:
    """Return the table in a zip, whatever it holds."""
    names = archive.namelist()
    if any(name.endswith(".npy") for name in names):
        return _in_npz(archive, part, rows, stack)
    if refusal := kinds.refusal_of_archive(names):
        raise refusal
    visible = [name for name in names if not PurePosixPath(name).name.startswith("._")]
    if not any(name.lower().endswith(TABLE) for name in visible):
        if idx := _images_of(visible, part):
            return _member(archive, idx, rows, stack)
        from recognizer.datasets.formats import pictures

        if found := pictures.in_zip(archive):
            return of_pictures(found, "The zip", part, rows)
    packed = [name for name in visible if name.lower().endswith((".csv.gz", ".tsv", ".txt"))]
    plain = [name for name in visible if name.lower().endswith(".csv")]
    if not plain and len(packed) == 1:
        try:
            return _member(archive, packed[0], rows, stack)
        except DataError as error:
            raise DataError(f"In the zip, {packed[0]} was read: {error}") from error
    return _member(archive, compression.table_in(archive, member), rows, stack)


def _images_of(names: list[str], part: str) -> str | None:
    """Return the IDX file of images among the files of a zip; None where there is none."""
    idx = [name for name in names if "ubyte" in name.lower() or "idx3" in name.lower()]
    images = [name for name in idx if "label" not in name.lower() and not name.endswith("/")]
    wanted = ("t10k", "test") if part == "test" else ("train",)
    chosen = [name for name in images if any(word in name.lower() for word in wanted)] or images
    return min(chosen, key=len, default=None)


def _member(archive: ZipFile, name: str, rows: int, stack: ExitStack) -> tuple[Table, Share]:
    file, head, share = stack.enter_context(compression.member(archive, name))
    inside = {PurePosixPath(one).name: one for one in archive.namelist() if not one.endswith("/")}

    def beside(other: str, opening: ExitStack) -> IO[bytes] | None:
        if other not in inside:
            return None
        return opening.enter_context(compression.member(archive, inside[other]))[0]

    return _in_file(file, head, PurePosixPath(name).name, rows, stack, beside), share


def _in_npz(archive: ZipFile, part: str, rows: int, stack: ExitStack) -> tuple[Table, Share]:
    images, labels = arrays.pick(archive, part)
    file, _, share = stack.enter_context(compression.member(archive, images))
    first = arrays.open_npy(file, images.removesuffix(".npy"))
    second = None
    if labels is not None:
        beside = stack.enter_context(compression.member(archive, labels))[0]
        second = arrays.open_npy(beside, labels.removesuffix(".npy"))
    said = f"the array {first.name}"
    if second is not None:
        said = f"the arrays {first.name} and, as labels, {second.name}"
    return arrays.ArrayTable(first, second, rows, said), share


def of_pictures(
    found: "list[pictures.Picture]", name: str, part: str, rows: int
) -> tuple[Table, Share]:
    """Return pictures, one digit each, as a table.

    Args:
        found: the pictures.
        name: where they were looked for.
        part: as for `pictures.PictureTable`.
        rows: the most of a piece.

    Raises:
        DataError: there are none, or only some of them have labels.
    """
    from recognizer.datasets.formats import pictures

    if not found:
        raise DataError(f"{name} holds no pictures: expected PNG or JPEG files, one digit each.")
    table = pictures.PictureTable(found, part, rows)
    return table, lambda: table.share
