"""What the commands that read tables share: options on pixels, and what is said of a table."""

import argparse
import sys
from typing import TYPE_CHECKING

import numpy as np

from recognizer.datasets.formats.dialect import Adjustments, Dialect

if TYPE_CHECKING:
    from collections.abc import Sequence

_NAMED = 5  # rows that are named one by one
_MOST_SCALE = 1e9


def add_to(command: argparse.ArgumentParser) -> None:
    """Add the options that say what the pixels of a table are."""
    pixels = command.add_argument_group(
        "the pixels of the table", "what its first rows leave no doubt of is found out without them"
    )
    pixels.add_argument(
        "--invert", action=argparse.BooleanOptionalAction, help="the ink is dark on light paper"
    )
    pixels.add_argument(
        "--transpose",
        action=argparse.BooleanOptionalAction,
        help="the pixels run down the columns of each image, as EMNIST's do",
    )
    pixels.add_argument(
        "--scale", type=_scale, metavar="auto|N", help="the value of full ink (default: auto)"
    )


def adjustments(options: argparse.Namespace) -> Adjustments:
    """Return what the options say of the pixels."""
    return Adjustments(options.invert, options.transpose, options.scale)


def say(table: str, dialect: Dialect) -> None:
    """Say on stderr how a table was understood, and what is doubtful about it."""
    if dialect.understood:
        print(f"{table}: understood as follows. {dialect.understood}", file=sys.stderr)
    for notice in dialect.notices:
        option = f" {notice.action}: {notice.option}." if notice.option else ""
        print(f"Warning: {table}: {notice.message}{option}", file=sys.stderr)


def say_doubted(table: str, rows: "Sequence[np.ndarray]", of: int) -> None:
    """Name on stderr the rows that do not look like a digit; rows count from 1."""
    found = np.concatenate([np.empty(0, int), *rows]) + 1
    if not len(found):
        return
    listed = ", ".join(f"{row:,}" for row in found[:_NAMED])
    more = ", …" if len(found) > _NAMED else ""
    one = len(found) == 1
    print(
        f"Warning: {table}: {len(found):,} of {of:,} rows {'does' if one else 'do'} not look like "
        f"a digit: row{'' if one else 's'} {listed}{more}",
        file=sys.stderr,
    )


def _scale(text: str) -> float | None:
    """Return the value of full ink; None where it is to be found out."""
    if text == "auto":
        return None
    try:
        value = float(text)
    except ValueError:
        value = 0
    if not 0 < value <= _MOST_SCALE:
        raise argparse.ArgumentTypeError(
            f"{text!r}: expected auto or a number above 0, such as 255"
        )
    return value
