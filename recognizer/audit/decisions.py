"""What a person decided about labels of a table: a layer on it, the table stays as it is.

Kept in RECOGNIZER_HOME/label-decisions, one file a table, named by the table's fingerprint, so that
the same rows have the same decisions under any file name.
"""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from recognizer.errors import DataError, StorageError, reason
from recognizer.records import LABELS, LEFT_OUT, Digits
from recognizer.system import atomic, home

DROP = LEFT_OUT
FORMAT = 1


@dataclass(frozen=True)
class Decisions:
    """Decisions about rows of one table.

    Attributes:
        choices: by row, from 0: the digit that it shows, or `DROP`; in the order of deciding.
    """

    choices: Mapping[int, int] = field(default_factory=dict)

    def deciding(self, row: int, choice: int) -> "Decisions":
        """Return these with one more decision; an earlier one about the same row goes."""
        return replace(self, choices={**self.without(row).choices, row: choice})

    def without(self, row: int) -> "Decisions":
        """Return these without the decision about a row."""
        return replace(self, choices={one: c for one, c in self.choices.items() if one != row})

    def apply(self, digits: Digits) -> Digits:
        """Return the table as it is decided: relabelled, and without the rows that are dropped.

        Raises:
            DataError: no row is left.
        """
        labels = digits.labels.copy()
        kept = np.ones(len(digits), bool)
        for row, choice in self.choices.items():
            if choice == DROP:
                kept[row] = False
            else:
                labels[row] = choice
        if not kept.any():
            raise DataError("Every row is dropped: keep at least one.")
        return Digits(digits.images[kept], labels[kept])

    def words(self, labels: np.ndarray) -> str:
        """Say how many rows are relabelled, dropped and kept, of a table with these labels."""
        dropped = sum(choice == DROP for choice in self.choices.values())
        kept = sum(choice == labels[row] for row, choice in self.choices.items())
        relabelled = len(self.choices) - dropped - kept
        return f"{relabelled:,} relabelled, {dropped:,} dropped, {kept:,} kept as they are"


def save(table: str, decisions: Decisions) -> None:
    """Keep the decisions about a table; without any, its file goes.

    Args:
        table: its `datasets.fingerprint`.
        decisions: all of them.

    Raises:
        StorageError: they cannot be written.
    """
    path = _path(table)
    try:
        if not decisions.choices:
            path.unlink(missing_ok=True)
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        rows = [[row, choice] for row, choice in decisions.choices.items()]
        atomic.write_json(path, {"format": FORMAT, "decisions": rows})
    except OSError as error:
        raise _unwritten(error, path) from error


def load(table: str, rows: int) -> Decisions:
    """Return the decisions about a table; none where none were kept.

    Args:
        table: its `datasets.fingerprint`.
        rows: how many it has.

    Raises:
        DataError: the file of the decisions is damaged.
    """
    path = _path(table)
    try:
        document = json.loads(path.read_bytes())
        pairs = [(row, choice) for row, choice in document["decisions"]]
        if document["format"] != FORMAT or not all(_fits(*pair, rows) for pair in pairs):
            raise ValueError("it holds other rows or labels than the table")
    except FileNotFoundError:
        return Decisions()
    except Exception as error:  # whatever a damaged file makes of it
        raise DataError(
            f"The decisions about this table's labels in {path} are damaged ({reason(error)}): "
            "restore the file or remove it."
        ) from error
    return Decisions(dict(pairs))


def freeze(decisions: Decisions) -> str:
    """Keep decisions as they are now, for trainings that follow them; return their id.

    Raises:
        StorageError: they cannot be written.
    """
    rows = sorted([row, choice] for row, choice in decisions.choices.items())
    name = hashlib.sha256(json.dumps(rows).encode()).hexdigest()[:12]
    path = _frozen(name)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        atomic.write_json(path, {"format": FORMAT, "decisions": rows})
    except OSError as error:
        raise _unwritten(error, path) from error
    return name


def frozen(name: str) -> Decisions:
    """Return the decisions that were kept under an id.

    Raises:
        DataError: there are none, or the file is damaged.
    """
    try:
        if not re.fullmatch("[0-9a-f]{12}", name):
            raise ValueError(f"{name[:20]!r} is no id")
        document = json.loads(_frozen(name).read_bytes())
        pairs = [(row, choice) for row, choice in document["decisions"]]
        if document["format"] != FORMAT or not all(_fits(*pair, 2**31) for pair in pairs):
            raise ValueError("it holds no decisions")
    except Exception as error:  # whatever a damaged file makes of it
        raise DataError(
            f"The decisions about labels {name[:20]} are not here, or damaged ({reason(error)}): "
            f"restore {_frozen(name[:20])}, or train without them."
        ) from error
    return Decisions(dict(pairs))


def _frozen(name: str) -> Path:
    return home.folder() / "label-decisions" / "of-trainings" / f"{name}.json"


def _unwritten(error: OSError, path: Path) -> StorageError:
    return StorageError(
        f"The decisions about labels cannot be written ({reason(error)}): make room or allow "
        f"writing in {path.parent}."
    )


def _fits(row: object, choice: object, rows: int) -> bool:
    return (
        type(row) is int and type(choice) is int and 0 <= row < rows and choice in (DROP, *LABELS)
    )


def _path(table: str) -> Path:
    if not re.fullmatch("[0-9a-f]{64}", table):
        raise ValueError(f"{table!r} is no fingerprint of a table")
    return home.folder() / "label-decisions" / f"{table}.json"
