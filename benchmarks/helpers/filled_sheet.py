"""Photos of our own printed sheet, filled in: tilted, bent, shadowed, and as a JPEG.

taken = photograph_sheet(Layout(12, 6), {(0, 2): strokes}, np.random.default_rng(1))
taken.jpeg, taken.corners(0, 2)   # bytes; where that cell is in the photo
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from benchmarks.helpers.paper import camera, clouds, light, sheet
from recognizer.forms.layout import CORNERS, Layout, column_name
from recognizer.forms.marks import MODULES, modules
from recognizer.forms.sheet import LINE, LINE_GREY

FINE = 8  # pixels a millimetre of the sheet before it is photographed
_INKS = ((0.06, 0.06, 0.08), (0.10, 0.14, 0.45), (0.34, 0.34, 0.35))  # black, ballpoint, pencil
_FAR = 2.2  # paper heights from the camera to the paper

Strokes = Sequence[np.ndarray]


@dataclass(frozen=True, eq=False)
class Taken:
    """A photo of a sheet.

    Attributes:
        jpeg: the file's content.
        layout: of the sheet.
        to_photo: array of shape (3, 3): from the flat sheet's millimetres to the photo's pixels.
        bend: millimetres that the middle of the sheet is lower than its sides.
    """

    jpeg: bytes
    layout: Layout
    to_photo: np.ndarray
    bend: float

    def corners(self, row: int, column: int) -> np.ndarray:
        """Return the corners of a cell in the photo, from the top left clockwise, (4, 2)."""
        x, y, wide, tall = self.layout.cell(row, column)
        points = np.array([[x, y], [x + wide, y], [x + wide, y + tall], [x, y + tall]])
        points[:, 1] += _bent(points[:, 0], self.layout.size[0], self.bend)
        return cv2.perspectiveTransform(points[None], self.to_photo)[0]


def photograph_sheet(
    layout: Layout,
    filled: Mapping[tuple[int, int], Strokes],
    rng: np.random.Generator,
    *,
    size: tuple[int, int] = (1500, 2000),
    tilt: float = 22.0,
    turn: float | None = None,
    bend: float = 1.0,
) -> Taken:
    """Return a photo of a filled-in sheet on a desk.

    Args:
        layout: of the sheet.
        filled: row and column -> the strokes written there, arrays of shape (n, 2) of any size.
        rng: every photo has other places, pens, light, shadows, tilt and compression.
        size: width and height in pixels.
        tilt: degrees that the camera looks aside, at most.
        turn: degrees that the sheet is turned in its plane; None: a few.
        bend: millimetres that the paper is bent by, at most.
    """
    flat = _printed(layout)
    ink = _ink(layout, filled, rng, flat.shape)
    bend = float(rng.uniform(-bend, bend))
    flat, ink = (_bend(one, bend, layout) for one in (flat, ink))
    to_photo = _view(layout, rng, size, tilt, rng.uniform(-6, 6) if turn is None else turn)
    matrix = to_photo @ np.diag([1 / FINE, 1 / FINE, 1])
    small = (
        cv2.GaussianBlur(one, (0, 0), 0.6 * FINE * _coarse(layout, size)) for one in (flat, ink)
    )
    flat, ink = (cv2.warpPerspective(one, matrix, size, flags=cv2.INTER_LINEAR, borderValue=at)
                 for one, at in zip(small, (1.0, 0.0), strict=True))  # fmt: skip
    there = cv2.warpPerspective(np.ones_like(_printed(layout)), matrix, size)[..., None]
    colour = np.float32(_INKS[rng.integers(len(_INKS))]) * np.float32(rng.uniform(0.8, 1.1))
    paper = sheet(rng, size) * flat[..., None]
    paper = paper * (1 - ink[..., None]) + colour * ink[..., None]
    desk = rng.uniform(0.1, 0.8) * np.float32(rng.uniform(0.7, 1, 3))
    desk = (desk + 0.05 * clouds(rng, size, 20)[..., None]).clip(0, 1).astype(np.float32)
    scene = (paper * there + desk * (1 - there)) * light(rng, size)[..., None]
    return Taken(camera(scene.astype(np.float32), rng), layout, to_photo, bend)


def _coarse(layout: Layout, size: tuple[int, int]) -> float:
    """Return about how many millimetres a pixel of the photo is."""
    return max(layout.size[0] / size[0], layout.size[1] / size[1]) * 0.8


def _printed(layout: Layout) -> np.ndarray:
    """Return the empty sheet from above, array of shape (h, w), float32, 0 is black."""
    width, height = layout.size
    flat = np.full((round(height * FINE), round(width * FINE)), 255, np.uint8)
    for corner in range(len(CORNERS)):
        x, y, side, _ = (round(value * FINE) for value in layout.mark(corner))
        black = modules(layout.code(corner)).astype(np.uint8)
        square = cv2.resize(black, (side, side), interpolation=cv2.INTER_NEAREST)
        flat[y : y + side, x : x + side] = np.where(square, 20, 255)
    grey = int(LINE_GREY[3:5], 16)
    for row in range(layout.rows):
        for column in range(layout.columns):
            x, y, wide, tall = (value * FINE for value in layout.cell(row, column))
            ends = (round(x), round(y)), (round(x + wide), round(y + tall))
            cv2.rectangle(flat, *ends, grey, round(LINE * FINE), cv2.LINE_AA)
            if row == 0:
                at = round(x + wide / 2 - 8), round(y - 12)
                cv2.putText(flat, column_name(column), at, cv2.FONT_HERSHEY_PLAIN, 2, 119, 2)
    assert MODULES == 8
    return flat.astype(np.float32) / 255


def _ink(layout, filled, rng: np.random.Generator, shape: tuple[int, int]) -> np.ndarray:
    """Return how much ink covers each pixel of the sheet, array of its shape, float32."""
    drawn = np.zeros(shape, np.uint8)
    pen = max(2, round(rng.uniform(0.4, 0.9) * FINE))
    for (row, column), strokes in filled.items():
        x, y, wide, tall = layout.cell(row, column)
        points = np.concatenate(strokes)
        low, high = points.min(axis=0), points.max(axis=0)
        extent = np.maximum(high - low, 1e-6)
        scale = rng.uniform(0.5, 0.8) * min(tall / extent[1], 0.9 * wide / extent[0])
        room = np.array([wide, tall]) - scale * extent
        corner = np.array([x, y]) + room * (0.5 + 0.35 * rng.uniform(-1, 1, 2))
        for stroke in strokes:
            path = np.rint(((stroke - low) * scale + corner) * FINE * 16).astype(np.int32)
            path = np.concatenate([path[:1], path])
            cv2.polylines(drawn, [path], False, 255, pen, cv2.LINE_AA, 4)
    return drawn.astype(np.float32) / 255 * np.float32(rng.uniform(0.8, 1))


def _bent(x: np.ndarray, width: float, bend: float) -> np.ndarray:
    return bend * np.sin(np.pi * x / width)


def _bend(image: np.ndarray, bend: float, layout: Layout) -> np.ndarray:
    """Return the sheet's picture with its middle lower, as paper that is not flat looks."""
    height, width = image.shape
    x = np.arange(width, dtype=np.float32)
    down = np.float32(_bent(x / FINE, layout.size[0], bend) * FINE)
    y = np.arange(height, dtype=np.float32)[:, None] - down[None]
    across = np.broadcast_to(x[None], y.shape).copy()
    return cv2.remap(image, across, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)


def _view(layout: Layout, rng, size: tuple[int, int], tilt: float, turn: float) -> np.ndarray:
    """Return the homography of a camera that sees the whole sheet, aside by up to `tilt`."""
    width, height = layout.size
    angles = np.radians([*rng.uniform(-tilt, tilt, 2), turn])
    turned, _ = cv2.Rodrigues(np.array([0, 0, angles[2]]))
    aside, _ = cv2.Rodrigues(np.array([angles[0], angles[1], 0]))
    corners = np.array([[0, 0], [width, 0], [width, height], [0, height]])
    space = np.column_stack([corners - corners.mean(axis=0), np.zeros(4)]) @ turned.T @ aside.T
    seen = space[:, :2] / (space[:, 2:] + _FAR * height)
    low, high = seen.min(axis=0), seen.max(axis=0)
    scale = rng.uniform(0.82, 0.97) * float((np.array(size) / (high - low)).min())
    room = np.array(size) - scale * (high - low)
    placed = (seen - low) * scale + room * rng.uniform(0.1, 0.9, 2)
    return cv2.getPerspectiveTransform(np.float32(corners), np.float32(placed))
