"""Files and addresses of pictures, read into the rows of a table of numbers."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from recognizer.datasets import locations
from recognizer.errors import PictureError, RecognizerError, reason
from recognizer.imaging.decoding import decode_picture
from recognizer.inference import Recognizer
from recognizer.numbers.ink import WORKING_SIDE
from recognizer.numbers.reader import read_numbers
from recognizer.numbers.results import table_rows

_TRIES = 3  # of an address that could not be fetched: object stores have moods

Rows = list[tuple[str, ...]]  # of results.COLUMNS


def read_rows(recognizer: Recognizer, name: str, wanted: Mapping[str, Any]) -> Rows:
    """Return the rows of one picture; one with the reason where it cannot be read.

    Args:
        recognizer: the model that reads.
        name: a path, or an address such as s3://bucket/7.png.
        wanted: `length` and `pattern`, as `read_numbers` takes them.
    """
    try:
        return table_rows(name, read_numbers(recognizer, load(name), **wanted))
    except RecognizerError as error:
        return [(name, "", "", "", "", str(error))]


def load(name: str) -> np.ndarray:
    """Return the picture at a path or an address, as `read_numbers` takes it.

    Raises:
        PictureError: it cannot be had, or is none.
    """
    tries = _TRIES if locations.is_address(name) else 1
    for left in reversed(range(tries)):
        try:
            with locations.open_binary(name) as file:
                data = file.read()
            break
        except OSError as error:
            if not left:
                raise PictureError(f"{reason(error)}; name a PNG or JPEG file.") from error
    return decode_picture(data, WORKING_SIDE)
