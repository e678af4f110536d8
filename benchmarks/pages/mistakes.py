"""Draw the held-out drawings that the default model misreads, for docs/default-model.md.

python -m benchmarks.pages.mistakes OUT.png    with RECOGNIZER_DATA set

They are the *random* drawings that `reading` counts. Under each: what was meant, what was read,
and its probability; "?" where the model doubts that it is a digit at all.
"""

import os
import sys
from pathlib import Path

import cv2
import numpy as np

from benchmarks.bench import STROKES, Bench
from benchmarks.parts.reading import RANDOM, pictures
from recognizer.errors import RecognizerError
from recognizer.models import registry
from recognizer.records import Reading

COLUMNS = 10
SIDE, CAPTION, GAP = 84, 18, 6  # pixels of a tile, of the line under it, and between tiles
PAPER = 255


def main(arguments: list[str]) -> int:
    """Write the picture and say how many there are."""
    (out,) = arguments
    data = os.environ.get("RECOGNIZER_DATA")
    bench = Bench(Path(data) if data else None, registry.SHIPPED)
    try:
        bench.check([STROKES])
    except RecognizerError as error:
        print(error, file=sys.stderr)
        return 2
    recognizer = bench.recognizers[bench.models[0].name]
    tiles = []
    for drawing, canvas in zip(bench.drawings, pictures(bench.drawings, RANDOM), strict=True):
        reading = recognizer.read(canvas)
        if reading.digit != int(drawing.label):
            tiles.append(tile(canvas, drawing.label, reading))
    cv2.imwrite(out, sheet(tiles), [cv2.IMWRITE_PNG_COMPRESSION, 9])
    print(f"{len(tiles)} of {len(bench.drawings):,} drawings are misread: {out}")
    return 0


def tile(canvas: np.ndarray, label: str, reading: Reading) -> np.ndarray:
    """Return the ink of a canvas (H, W), cut out, with a line under it."""
    rows, columns = (np.flatnonzero((canvas < PAPER).any(axis=axis)) for axis in (1, 0))
    ink = canvas[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    scale = (SIDE - 2 * GAP) / max(ink.shape)
    ink = cv2.resize(ink, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    made = np.full((SIDE + CAPTION, SIDE), PAPER, np.uint8)
    y, x = ((SIDE - side) // 2 for side in ink.shape)
    made[y : y + ink.shape[0], x : x + ink.shape[1]] = ink
    told = f"{label}: {reading.digit} {reading.confidence:.2f}{'' if reading.is_digit else ' ?'}"
    cv2.putText(made, told, (GAP, SIDE + CAPTION - 5), cv2.FONT_HERSHEY_SIMPLEX, 0.42, 0, 1)
    return made


def sheet(tiles: list[np.ndarray]) -> np.ndarray:
    """Return tiles in rows of `COLUMNS`."""
    empty = np.full((SIDE + CAPTION, SIDE), PAPER, np.uint8)
    rows = -(-max(len(tiles), 1) // COLUMNS)
    tiles = [*tiles, *[empty] * (rows * COLUMNS - len(tiles))]
    framed = [
        cv2.copyMakeBorder(one, *[GAP] * 4, cv2.BORDER_CONSTANT, value=PAPER) for one in tiles
    ]
    return np.vstack([np.hstack(framed[i : i + COLUMNS]) for i in range(0, len(framed), COLUMNS)])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
