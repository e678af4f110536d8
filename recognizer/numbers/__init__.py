"""Several digits: from strokes or a picture to lines of digits, each with its box and reading.

page = read_numbers(Recognizer.load(), image)
page.lines[0].text         # "679-1238"
"""

from recognizer.numbers.ink import WORKING_SIDE as SIDE
from recognizer.numbers.reader import check_image, read_inks, read_numbers
from recognizer.numbers.results import (
    COLUMNS,
    Digit,
    Line,
    Page,
    Separator,
    harmless,
    holds_several,
    table_rows,
)

__all__ = [
    "COLUMNS",
    "SIDE",
    "Digit",
    "Line",
    "Page",
    "Separator",
    "check_image",
    "harmless",
    "holds_several",
    "read_inks",
    "read_numbers",
    "table_rows",
]
