"""What each column of a table holds: by the names in its header, or by its first values."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from math import isqrt

from recognizer.errors import DataError
from recognizer.records import LABELS, PIXELS

LABEL_NAMES = frozenset(
    ("label", "labels", "class", "digit", "target", "y", "number", "true_label", "truth")
)
INDEX_NAMES = frozenset(
    ("", "index", "id", "imageid", "image_id", "row", "rowid", "row_id", "level_0", "filename")
    + ("__index_level_0__", "unnamed: 0", "unnamed: 0.1", "file", "image", "name", "key")
)
SIDES = range(8, 65)  # pixels; 4 by 4 would be the features of other tables
_NUMBERED = re.compile(r"(\D*)(\d+)(?:\D+(\d+))?\D?")  # pixel0, 1x1, pixel_0_0, V785


@dataclass(frozen=True)
class Columns:
    """Which columns hold what.

    Attributes:
        label: the column of labels, from 0; None where there is none.
        pixels: the columns of pixels, row by row of the image.
        notes: how they differ from Kaggle's, each a part of a sentence.
    """

    label: int | None
    pixels: tuple[int, ...]
    notes: tuple[str, ...]

    @property
    def side(self) -> int:
        """Width and height of an image in pixels."""
        return isqrt(len(self.pixels))


def side_of(count: int) -> int | None:
    """Return the side of a square image of so many pixels; None where there is none."""
    side = isqrt(max(0, count))
    return side if side * side == count and side in SIDES else None


def refused(names: Sequence[str]) -> DataError:
    """Return why a table of these columns, none in an empty file, is not one of digits."""
    known = [name.lower() for name in names]
    if known[:1] == ["imageid"] and len(known) in (2, 1 + len(LABELS)):
        return DataError(
            f"This is a submission ({','.join(names)[:40]}): expected the table of pixels that it "
            "was read from, such as Kaggle's test.csv."
        )
    text = ",".join(names)
    expected = (
        f"expected Kaggle's header, label,pixel0,…,pixel{PIXELS - 1} ({PIXELS + 1} columns), or "
        f"the same without label ({PIXELS})."
    )
    if not text:
        return DataError(f"The {'first line is blank' if names else 'file is empty'}: {expected}")
    if any(ord(character) < ord("\t") for character in text):
        return DataError(
            "The file is neither text nor of another known kind: expected a table of digits as "
            "CSV, .npz, .npy, IDX or Parquet."
        )
    start = text[:40] + ("…" if len(text) > 40 else "")
    return DataError(
        f"The first line has {len(names)} column{'' if len(names) == 1 else 's'} and starts with "
        f"{start!r}; {expected}"
    )


def by_names(names: Sequence[str], rows: Sequence[Sequence[str]]) -> Columns:
    """Return what the columns hold, by their names.

    Args:
        names: of all columns.
        rows: the first rows, for names that number the label as if it were a pixel.

    Raises:
        DataError: they are not those of a table of digits.
    """
    numbered = _largest_group(names)
    others = [column for column in range(len(names)) if column not in numbered]
    order = sorted(numbered, key=numbered.__getitem__)
    if _is_complete([numbered[column] for column in order]):
        return _named(names, order, others)
    if not numbered and names and (blank := _unnamed(names)):
        return blank
    is_numbered = not others or (others == [0] and names[0].lower() in INDEX_NAMES)
    if is_numbered and _is_a_run([numbers[0] for numbers in numbered.values()]):
        # V1 to V785, or 0 to 784: the label is numbered too
        found = by_values([row[len(others) :] for row in rows], len(numbered))
        shift = len(others)
        label = None if found.label is None else found.label + shift
        return Columns(label, tuple(column + shift for column in found.pixels), found.notes)
    raise refused(names)


def by_values(rows: Sequence[Sequence[str]], count: int) -> Columns:
    """Return what the columns hold where nothing names them.

    Args:
        rows: the first rows, each of `count` cells.
        count: number of columns.

    Raises:
        DataError: nothing in the table decides it.
    """
    if side_of(count):
        return Columns(None, tuple(range(count)), (f"taken as {count} pixels",))
    first, second, last = ([row[at] for row in rows] for at in (0, 1, -1))
    if size := side_of(count - 1):
        pixels = size * size
        if _are_labels(first, last):
            return Columns(0, tuple(range(1, count)), (f"taken as label, then {pixels} pixels",))
        if _are_labels(last, first) and not _is_constant(last):
            note = f"taken as {pixels} pixels, then label"
            return Columns(count - 1, tuple(range(count - 1)), (note,))
        if is_index(first):
            note = f"the first column numbers the rows and is left out, then {pixels} pixels"
            return Columns(None, tuple(range(1, count)), (note,))
    if (size := side_of(count - 2)) and is_index(first):
        left_out = "the first column numbers the rows and is left out"
        if _are_labels(second, last):
            return Columns(1, tuple(range(2, count)), (f"{left_out}, then label and pixels",))
        if _are_labels(last, second):
            pixels = tuple(range(1, count - 1))
            return Columns(count - 1, pixels, (f"{left_out}, then pixels and label",))
    raise DataError(
        f"The file has no header and {count} columns: expected {PIXELS} pixels, and a label from 0 "
        "to 9 before or after them."
    )


def _largest_group(names: Sequence[str]) -> dict[int, tuple[int, ...]]:
    """Return the numbers in the names of the columns that are named alike, by column."""
    groups: dict[tuple[str, bool], dict[int, tuple[int, ...]]] = {}
    for column, name in enumerate(names):
        if found := _NUMBERED.fullmatch(name):
            numbers = tuple(int(number[:6]) for number in found.groups()[1:] if number)
            key = (found[1].lower(), len(numbers) == 2)
            groups.setdefault(key, {})[column] = numbers
    largest = max(groups.values(), key=len, default={})
    return largest if len(largest) >= SIDES[0] ** 2 else {}


def _is_complete(numbers: list[tuple[int, ...]]) -> bool:
    """Whether sorted numbers name every pixel of a square image once, from 0 or from 1."""
    side = side_of(len(numbers))
    if not side:
        return False
    start = numbers[0][0]
    if len(numbers[0]) == 1:
        wanted = [(number,) for number in range(start, start + len(numbers))]
    else:
        span = range(start, start + side)
        wanted = [(row, column) for row in span for column in span]
    return start in (0, 1) and numbers == wanted


def _is_a_run(numbers: list[int]) -> bool:
    """Whether columns are numbered in their order, and one or two too many for an image."""
    if not numbers or not any(side_of(len(numbers) - more) for more in (1, 2)):
        return False
    return numbers[0] in (0, 1) and numbers == list(range(numbers[0], numbers[0] + len(numbers)))


def _named(names: Sequence[str], pixels: list[int], others: list[int]) -> Columns:
    lower = [name.lower() for name in names]
    labels = [column for column in others if lower[column] in LABEL_NAMES]
    if len(labels) > 1:
        listed = " and ".join(names[column] for column in labels)
        raise DataError(f"The columns {listed} may all be the label: leave one of them.")
    label = labels[0] if labels else None
    first, last = names[pixels[0]], names[pixels[-1]]
    notes = []
    if first.lower() != "pixel0":
        notes.append(f"the pixels are named {first} to {last}")
    if label is not None and lower[label] != "label":
        notes.append(f"the label is the column {names[label]}")
    if label is not None and label > min(pixels):
        notes.append("the label stands last" if label > max(pixels) else "the label comes between")
    if pixels != sorted(pixels):
        notes.append("the columns are put in the order of their names")
    return Columns(label, tuple(pixels), (*notes, _left_out(names, others, label)))


def _left_out(names: Sequence[str], others: list[int], label: int | None) -> str:
    """Say which columns are left out; those without a name are the row numbers of pandas."""
    left = [column for column in others if column != label]
    named = [names[column][:20] or "without a name" for column in left]
    if left == [len(names) - 1] and not names[-1]:
        return "the empty last column is left out"
    if not left:
        return ""
    listed = ", ".join(named[:3]) + (f" and {len(named) - 3} more" if len(named) > 3 else "")
    plural = "s" if len(left) > 1 else ""
    return f"the column{plural} {listed} {'are' if plural else 'is'} left out"


def _unnamed(names: Sequence[str]) -> Columns | None:
    """Return the columns where only the label has a name."""
    at = [column for column, name in enumerate(names) if name]
    if len(at) != 1 or names[at[0]].lower() not in LABEL_NAMES or not side_of(len(names) - 1):
        return None
    if at[0] not in (0, len(names) - 1):
        return None
    pixels = tuple(column for column in range(len(names)) if column != at[0])
    return Columns(at[0], pixels, ("the pixels have no names",))


def _numbers(cells: Sequence[str]) -> list[float] | None:
    try:
        return [float(cell.strip().strip("\"'")) for cell in cells]
    except ValueError:
        return None


def _is_label(cells: Sequence[str]) -> bool:
    numbers = _numbers(cells)
    return numbers is not None and all(number in LABELS for number in numbers)


def _is_constant(cells: Sequence[str]) -> bool:
    return len(set(_numbers(cells) or cells)) <= 1


def _are_labels(cells: Sequence[str], others: Sequence[str]) -> bool:
    """Whether cells are labels and not, as the corner of an image may be, always the same."""
    if not _is_label(cells):
        return False
    return not _is_label(others) or not _is_constant(cells) or _is_constant(others)


def is_index(cells: Sequence[str]) -> bool:
    """Whether each cell is another name or whole number, as what identifies rows is."""
    numbers = _numbers(cells)
    return len(set(cells)) == len(cells) and (
        numbers is None or all(number.is_integer() for number in numbers)
    )
