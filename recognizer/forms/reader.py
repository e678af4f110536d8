"""Reads a photo of a form: straightened by its corner marks or its ruled lines, cell by cell."""

from dataclasses import dataclass, replace

import cv2
import numpy as np

from recognizer.errors import PictureError
from recognizer.forms import marks
from recognizer.forms.cells import find_cells
from recognizer.forms.layout import CORNERS, KINDS, Layout, layout_of
from recognizer.forms.results import Cell, Form
from recognizer.forms.ruled import find_ruled
from recognizer.forms.sheet import LINE
from recognizer.inference import Recognizer
from recognizer.inference.readings import make_reading
from recognizer.numbers import Page, check_image, read_inks
from recognizer.preprocessing import from_ink

SIDE = 2400  # longer side at which a photo should be decoded: a cell's digit is 30 pixels then
SCALE = 8.0  # pixels of the straightened sheet a millimetre
_OUTSIDE = 0.05  # of a cell that may lie outside the photo
_AGAIN = "photograph the whole sheet from above, flat and in even light"
_SHARP = 40.0  # variance of the Laplacian below which a photo is called blurred


@dataclass(frozen=True, eq=False)
class Grid:
    """Where a form's cells are.

    Attributes:
        boxes: array of shape (rows * columns, 4), float: x, y, width and height in pixels of the
            straightened form.
        shape: rows and columns.
        size: width and height of the straightened form, in pixels.
        to_photo: array of shape (3, 3): the homography from its pixels to the picture's.
        line: width of the cells' borders, in its pixels.
        kind: "digit" or "number".
        printed: whether it is a sheet of this app.
    """

    boxes: np.ndarray
    shape: tuple[int, int]
    size: tuple[int, int]
    to_photo: np.ndarray
    line: float
    kind: str
    printed: bool


def read_form(recognizer: Recognizer, image: np.ndarray, kind: str | None = None) -> Form:
    """Read a photo of a filled-in sheet, or of another grid of ruled cells.

    Args:
        recognizer: the model that reads.
        image: array of shape (H, W), (H, W, 3) or (H, W, 4), uint8; upside down works too.
        kind: what a cell holds, "digit" or "number", where the form does not tell: a printed sheet
            does; other grids are of numbers.

    Raises:
        PictureError: there is no form in it, or not all of one; or the array is not as above.
    """
    check_image(image)
    photo = _colours(image)
    grid = find_grid(photo, kind)
    straight = cv2.warpPerspective(
        photo,
        grid.to_photo,
        grid.size,
        flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_REPLICATE,
    )
    found = find_cells(straight, grid.boxes, grid.shape, grid.line)
    readings = _read(recognizer, found.inks, grid.kind)
    cells = []
    for number, (box, reading) in enumerate(zip(found.boxes, readings, strict=True)):
        x, y, wide, tall = np.rint(box).astype(int)
        corners = _corners(box[None], grid.to_photo)[0]
        row, column = divmod(number, grid.shape[1])
        picture = straight[max(0, y) : y + tall, max(0, x) : x + wide]
        cells.append(Cell(row, column, *reading, corners, tuple(box.tolist()), picture))
    return Form(tuple(cells), *grid.shape, grid.printed, straight)


def find_grid(photo: np.ndarray, kind: str | None = None) -> Grid:
    """Return where the cells of a form are in a photo, array of shape (H, W, 3), uint8.

    Raises:
        PictureError: there is no form in it, or not all of one.
    """
    found = marks.find_marks(photo)
    if marks.enough(found):
        grid = _printed(found)
    elif found or (ruled := find_ruled(photo)) is None:
        raise _no_form(photo, found)
    else:
        grid = Grid(**vars(ruled), kind=KINDS[1], printed=False)
    if kind is not None:
        grid = replace(grid, kind=kind)
    _check_inside(grid, photo.shape)
    return grid


def _printed(found: dict[int, tuple[int, np.ndarray]]) -> Grid:
    """Return the cells of a sheet by its corner marks."""
    layout = layout_of({corner: code for corner, (code, _) in found.items()})
    if layout is None:
        raise PictureError(
            "The corner marks are of different sheets; expected one: photograph one at a time."
        )
    here, there = [], []
    for corner, (_, points) in found.items():
        x, y, side, _ = layout.mark(corner)
        here += [(x, y), (x + side, y), (x + side, y + side), (x, y + side)]
        there += points.tolist()
    to_photo, _ = cv2.findHomography(np.array(here) * SCALE, np.array(there), 0)
    width, height = layout.size
    return Grid(
        boxes=cell_boxes(layout) * SCALE,
        shape=(layout.rows, layout.columns),
        size=(round(width * SCALE), round(height * SCALE)),
        to_photo=to_photo,
        line=LINE * SCALE,
        kind=layout.kind,
        printed=True,
    )


def cell_boxes(layout: Layout) -> np.ndarray:
    """Return the cells' boxes in millimetres, array of shape (rows * columns, 4), row by row."""
    return np.array(
        [layout.cell(row, column) for row in range(layout.rows) for column in range(layout.columns)]
    )


def _no_form(photo: np.ndarray, found: dict[int, object]) -> PictureError:
    """Return the sentence on a photo without a whole form."""
    if found:
        missing = ", ".join(name for corner, name in enumerate(CORNERS) if corner not in found)
        return PictureError(
            f"Only {len(found)} of the sheet's 4 corner marks can be seen (missing: {missing}); "
            f"expected at least 3: {_AGAIN}."
        )
    grey = cv2.cvtColor(photo, cv2.COLOR_RGB2GRAY)
    scale = min(1.0, 1000 / max(grey.shape))
    grey = cv2.resize(grey, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    blurred = float(cv2.Laplacian(grey, cv2.CV_32F).var()) < _SHARP
    why = "The photo is blurred: no corner marks" if blurred else "No corner marks"
    return PictureError(
        f"{why} of a printed sheet and no ruled table can be made out in it; expected one form: "
        f"{_AGAIN}."
    )


def _check_inside(grid: Grid, shape: tuple[int, ...]) -> None:
    """Raise PictureError where cells lie outside the photo."""
    corners = _corners(grid.boxes, grid.to_photo)  # (n, 4, 2)
    height, width = shape[:2]
    reach = _OUTSIDE * np.ptp(corners, axis=1).max(axis=1)[:, None, None]
    out = (corners < -reach) | (corners > np.array([width, height]) + reach)
    count = int(out.any(axis=(1, 2)).sum())
    if count:
        raise PictureError(
            f"{count:,} of the sheet's {len(corners):,} cells lie outside the photo; expected all "
            f"of it: {_AGAIN}."
        )


def _corners(boxes: np.ndarray, to_photo: np.ndarray) -> np.ndarray:
    """Return boxes' corners in the photo's pixels, array of shape (n, 4, 2)."""
    x, y, wide, tall = boxes.T
    points = np.stack([[x, y], [x + wide, y], [x + wide, y + tall], [x, y + tall]])  # (4, 2, n)
    flat = points.transpose(2, 0, 1).reshape(-1, 1, 2)
    return cv2.perspectiveTransform(flat, to_photo).reshape(-1, 4, 2)


def _read(
    recognizer: Recognizer, inks: list[np.ndarray | None], kind: str
) -> list[tuple[str, float, bool]]:
    """Return text, confidence and whether it looks like digits, of each cell."""
    readings = [("", 1.0, True)] * len(inks)
    filled = [number for number, ink in enumerate(inks) if ink is not None]
    if not filled:
        return readings
    some = [inks[number] for number in filled]
    if kind == "digit":
        read = _digits(recognizer, np.stack([from_ink(ink) for ink in some]))
    else:
        read = [_number(page) for page in read_inks(recognizer, some)]
    for number, reading in zip(filled, read, strict=True):
        readings[number] = reading
    return readings


def _digits(recognizer: Recognizer, images: np.ndarray) -> list[tuple[str, float, bool]]:
    probabilities, scores = recognizer.predict_scored(images)
    read = []
    for image, row, score in zip(images, probabilities, scores, strict=True):
        one = make_reading(image, row, score, recognizer.card.rejection)
        read.append((str(one.digit), float(one.confidence), bool(one.is_digit)))
    return read


def _number(page: Page) -> tuple[str, float, bool]:
    text = " ".join(line.text for line in page.lines)
    sure = len(page.lines) == 1 and all(digit.is_digit for digit in page.digits)
    return text, page.confidence or 0.0, sure


def _colours(image: np.ndarray) -> np.ndarray:
    """Return a picture as (H, W, 3), on white where it is transparent."""
    if image.ndim == 2 or image.shape[2] == 1:
        return cv2.cvtColor(image, cv2.COLOR_GRAY2RGB)
    if image.shape[2] == 3:
        return np.ascontiguousarray(image)
    alpha = image[..., 3:].astype(np.float32) / 255
    return (image[..., :3] * alpha + 255 * (1 - alpha)).round().astype(np.uint8)
