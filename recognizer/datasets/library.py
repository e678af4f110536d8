"""Data used before: tables of digits, kept under their own fingerprint in RECOGNIZER_HOME/data.

table = library.add(read_digits("train.csv"), "train.csv")
library.load(table.id)
"""

import json
import re
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from recognizer.datasets import reader
from recognizer.errors import DataError, StorageError, reason
from recognizer.records import Digits
from recognizer.system import atomic, home, locks

UNKNOWN_LICENCE = "as its owner says"
ID = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class StoredTable:
    """A table of digits that is kept.

    Attributes:
        id: the rows' `datasets.fingerprint`.
        name: the file it came from.
        rows: number of digits.
        labelled: whether it can be trained on.
        added: day and time in UTC, ISO 8601.
        licence: of the data, with its source.
        extra: whether it is only trained on beside others, and never measured on: drawings of
            the people who drew the other rows would flatter the figures.
        validation: whether it is used for validation only, beside the validation rows.
        offered: whether people are offered it for trainings of their own; a recipe's parts not.
        set_aside: whether it is only measured on, before and after a training that goes on from a
            model: drawings of one person, or of pupils, that it does not learn from.
        derived: what it was made of for one training, such as "class K7QX2M"; then it is not
            offered either. Empty for all others.
    """

    id: str
    name: str
    rows: int
    labelled: bool
    added: str
    licence: str
    extra: bool = False
    validation: bool = False
    offered: bool = True
    set_aside: bool = False
    derived: str = ""


def add(
    digits: Digits,
    name: str,
    licence: str = UNKNOWN_LICENCE,
    **role: bool | str,
) -> StoredTable:
    """Keep a table; the same rows again change nothing.

    Args:
        digits: with or without labels.
        name: of the file they came from, for people.
        licence: of the data, with its source.
        **role: `extra`, `validation`, `offered`, `set_aside` and `derived` of a `StoredTable`.

    Returns:
        The table as it is kept, with the name it was first added under.

    Raises:
        StorageError: the folder cannot be written, or the disk is full.
    """
    table = StoredTable(
        id=reader.fingerprint(digits),
        name=name,
        rows=len(digits),
        labelled=digits.labels is not None,
        added=datetime.now(UTC).isoformat(timespec="seconds"),
        licence=licence,
        **role,
    )
    with _writing(name):
        _folder().mkdir(parents=True, exist_ok=True)
        with locks.acquire(_folder()):
            if _is_whole(table.id):
                return find_table(table.id)
            arrays = {"images": digits.images}
            if digits.labels is not None:
                arrays["labels"] = digits.labels
            atomic.write(_rows_file(table.id), lambda file: np.savez(file, **arrays))
            atomic.write_json(_facts_file(table.id), asdict(table))
    return table


def tables() -> tuple[StoredTable, ...]:
    """Return the tables that can be read, the last added first; `damaged` has the others."""
    found, _ = _look()
    return tuple(sorted(found, key=lambda table: (table.added, table.id), reverse=True))


def damaged() -> dict[str, str]:
    """Return why each table that `tables` leaves out is left out, by id."""
    return _look()[1]


def find_table(table_id: str) -> StoredTable:
    """Return what is known of a table, without its rows.

    Raises:
        DataError: there is no such table, or it is damaged.
    """
    if not ID.fullmatch(table_id) or not _facts_file(table_id).is_file():
        raise DataError(
            f"The table {table_id[:12]!r} is not kept here: bring its file again, as at first."
        )
    try:
        facts = json.loads(_facts_file(table_id).read_text("utf-8"))
        if "watching" in facts:  # its name in older versions
            facts["validation"] = facts.pop("watching")
        table = StoredTable(**facts)
        plain = all(
            type(getattr(table, one)) is kind for one, kind in StoredTable.__annotations__.items()
        )
        if not plain or table.id != table_id:
            raise ValueError("its facts are not this table's")
        if not _rows_file(table_id).is_file():
            raise ValueError("its rows are missing")
    except Exception as error:  # whatever a damaged file makes of it
        raise _broken(table_id, error) from error
    return table


def is_of_recipe(table_ids: Collection[str]) -> bool:
    """Whether some of these tables were made by a recipe."""
    return any(table.id in table_ids and not table.offered for table in tables())


def load(table_id: str) -> Digits:
    """Return the rows of a table.

    Raises:
        DataError: there is no such table, or it is damaged.
    """
    table = find_table(table_id)
    try:
        with _rows_file(table_id).open("rb") as file:
            arrays = np.load(file, allow_pickle=False)
            digits = Digits(arrays["images"], arrays["labels"] if table.labelled else None)
        if reader.fingerprint(digits) != table_id:
            raise ValueError("its rows are not those that were added")
    except Exception as error:  # whatever a damaged file makes of it
        raise _broken(table.name, error) from error
    return digits


def remove(table_id: str) -> None:
    """Delete a table, whole or damaged, if it is there.

    Raises:
        StorageError: it cannot be deleted.
    """
    if not ID.fullmatch(table_id):
        return
    with _writing("The table"):
        _facts_file(table_id).unlink(missing_ok=True)
        _rows_file(table_id).unlink(missing_ok=True)


def forget(derived: str) -> None:
    """Delete the tables that were made of something that is deleted.

    Args:
        derived: as of `add`.

    Raises:
        StorageError: one cannot be deleted.
    """
    for table in tables():
        if table.derived == derived:
            remove(table.id)


def _look() -> tuple[list[StoredTable], dict[str, str]]:
    whole, broken = [], {}
    for path in sorted(_folder().glob("*.json")):
        if ID.fullmatch(path.stem):
            try:
                whole.append(find_table(path.stem))
            except DataError as error:
                broken[path.stem] = str(error)
    return whole, broken


def _is_whole(table_id: str) -> bool:
    try:
        load(table_id)
    except DataError:
        return False
    return True


def _broken(name: str, error: BaseException) -> DataError:
    return DataError(
        f"The table {name[:40]} is damaged ({reason(error)}): remove it and bring it again."
    )


@contextmanager
def _writing(name: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise StorageError(
            f"{name} cannot be kept in {_folder()} ({error.strerror or error}): "
            "make room or the folder writable."
        ) from error


def _folder() -> Path:
    return home.folder() / "data"


def _rows_file(table_id: str) -> Path:
    return _folder() / f"{table_id}.npz"


def _facts_file(table_id: str) -> Path:
    return _folder() / f"{table_id}.json"
