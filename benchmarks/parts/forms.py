"""Photos of our own printed sheet, filled in: which cells are found in their place, and read."""

from itertools import product

import numpy as np

from benchmarks.bench import SEED, Bench
from benchmarks.helpers.filled_sheet import Taken, photograph_sheet
from recognizer.errors import PictureError
from recognizer.evaluation import wilson_interval
from recognizer.forms import MOST_COLUMNS, MOST_ROWS, PAPERS, SIDE, Form, Layout, read_form
from recognizer.imaging.decoding import decode_picture
from recognizer.inference import Recognizer

_SHEETS = 60
_FILLED = 0.7  # of the cells
_NEAR = 0.25  # of a cell's shorter side that its middle may be away from its place
_SIZES = ((1500, 2000), (2000, 1500))  # of a photo; a 12-megapixel one is reduced to this


def measure_forms(bench: Bench, recognizer: Recognizer) -> dict:
    """Return shares of cells: in the right place, empty or not as written, and digits read."""
    rng = np.random.default_rng(SEED)
    placed, kept, read, cells, digits, sheets = 0, 0, 0, 0, 0, bench.count(_SHEETS)
    for number in range(sheets):
        rows, columns = int(rng.integers(1, MOST_ROWS + 1)), int(rng.integers(1, MOST_COLUMNS + 1))
        layout = Layout(rows, columns, paper=list(PAPERS)[number % 2])
        written = {
            cell: bench.drawings[rng.integers(len(bench.drawings))]
            for cell in product(range(rows), range(columns))
            if rng.random() < _FILLED
        }
        side = number % 4 == 3  # every fourth lies on its side or upside down
        turn = float(rng.choice([90, 180, 270]) + rng.uniform(-8, 8)) if side else None
        size = _SIZES[turn is not None and abs(turn - 180) > 45]
        strokes = {cell: drawing.strokes for cell, drawing in written.items()}
        taken = photograph_sheet(layout, strokes, rng, turn=turn, size=size)
        cells, digits = cells + rows * columns, digits + len(written)
        try:
            form = read_form(recognizer, decode_picture(taken.jpeg, SIDE))
        except PictureError:
            continue
        labels = {cell: drawing.label for cell, drawing in written.items()}
        placed += _placed(form, taken)
        kept += sum(bool(c.text) == ((c.row, c.column) in labels) for c in form.cells)
        read += sum(bool(c.text) and labels.get((c.row, c.column)) == c.text for c in form.cells)
    return {
        "sheets": sheets,
        "in place": _share(placed, cells),
        "empty as written": _share(kept, cells),
        "digits read": _share(read, digits),
    }


def _placed(form: Form, taken: Taken) -> int:
    """Return how many cells were found where they are in the photo."""
    if (form.rows, form.columns) != (taken.layout.rows, taken.layout.columns):
        return 0
    count = 0
    for cell in form.cells:
        true = taken.corners(cell.row, cell.column)
        away = np.abs(cell.corners.mean(axis=0) - true.mean(axis=0)).max()
        count += bool(away <= _NEAR * np.ptp(true, axis=0).min())
    return count


def _share(right: int, n: int) -> dict:
    low, high = wilson_interval(right, n)
    return {
        "right": right,
        "n": n,
        "share": round(right / n, 4),
        "interval": [round(low, 4), round(high, 4)],
    }
