"""Where the page is: its edges on a table, strips and frames at the border, a panel on a page."""

import cv2
import numpy as np

from recognizer.imaging.parts import at_least, chosen, components

STRIP = 0.08  # of the picture's side that a strip at its border may be deep
_SLIVER = 0.3  # of it, at least, that what is left of a strip is long
_WIDER = 0.2  # of it, where the strip runs along all of the border: no stroke does
LEAST_OF_BORDER = 0.1  # of all of the border, that a strip covers
_ALONG = 0.6  # of the border that a strip runs along
_SMOOTHED = 31  # pixels along the border over which a strip is about equally deep

_SLENDER = 0.4  # of its longer side is the least that a panel's shorter side has
_CELL = 8  # pixels a side of the cells in which a panel is looked for first
_CELLS = 0.4  # of each of its sides is solid in these cells: ink comes near
_ROUGHLY = 0.6  # of each of its sides is solid: ink may run to one of them
_SIDE = 0.97  # of three of its sides is solid, and of a strip along the whole border

_PEN = 0.028  # of the longer side: what is thinner is a pen's line or a rule, not a page's edge
_NEAR, _FAR = 0.0035, 0.0125  # of it: an edge rises within the first, a shadow over the second
_EDGE = 0.08  # of the brighter side, that a page's edge rises by
_SHARP = 0.72  # of what it rises by over the far distance, that an edge does over the near one
_LINE = 0.15  # of the longer side: a straight edge is longer
_FURTHER = 0.25  # of the longer side that an edge is drawn on at its ends
_MOST_LINES = 60
_FILLED = 0.6  # of its outline, that a page fills beside ink; a table around a sheet fills less
_EDGED = 0.8  # of what is around a page that is an edge
_PAGE = 0.06  # of the picture, at least, is a page
_WHOLE = 0.95  # of the picture: the page is all of it
_LEAST_INSIDE = -0.1  # share of the picture less that of its border, of a page
_STRAIGHT = 0.88  # of its hull, and of its four-sided outline, that a page fills


def strips(mask: np.ndarray) -> np.ndarray:
    """Return what runs along the picture's border, a mask of shape (h, w).

    A scan's dark strip, a window's border. A stroke that touches a strip is not part of it.

    Args:
        mask: array of shape (h, w), uint8, 255 where there is no paper.
    """
    found = np.zeros_like(mask)
    for turns in range(4):
        _find_strip(np.rot90(mask, turns), np.rot90(found, turns))
    return cv2.bitwise_or(found, _slivers(mask))


def _slivers(mask: np.ndarray) -> np.ndarray:
    """Return the long and thin parts that lie along the border: of a strip that runs askew."""
    _, labels, stats = components(mask)
    sides = np.array(mask.shape[::-1])
    low, size = stats[:, :2], stats[:, 2:4]
    at_border = (low <= 1) | (low + size >= sides - 1)  # (count, 2), left or right, top or bottom
    deep, long = size <= STRIP * sides, size >= _SLIVER * sides
    along = at_border[:, ::-1] & deep[:, ::-1] & long & (size >= 5 * size[:, ::-1])
    return chosen(labels, along.any(axis=1))


def _find_strip(mask: np.ndarray, found: np.ndarray) -> None:
    """Mark in `found`, a view, the strip along the upper border of `mask`, if there is one."""
    height, width = mask.shape
    whole = mask[:2].any(axis=0).mean() >= _SIDE
    deepest = max(3, round((_WIDER if whole else STRIP) * height))
    first = int(mask[:2].any(axis=0).mean() >= _ALONG and not mask[0].mean() >= 255 * _ALONG)
    band = mask[first : first + deepest + 1] > 0  # (depth, w)
    if len(band) < 3 or width < 8:
        return
    run = np.where(band.all(axis=0), len(band), band.argmin(axis=0))  # (w,) from the border
    there = run > 0
    if there.mean() < _ALONG:
        return
    usual = _running_median(run, min(_SMOOTHED, width // 4 * 2 + 1))
    if np.median(run[there]) > deepest:
        return
    depth = np.minimum(run, usual + 2) + first
    rows = np.arange(min(height, deepest + 3))[:, None]
    found[: len(rows)][rows < depth[None, :] * there] = 255


def _running_median(values: np.ndarray, window: int) -> np.ndarray:
    """Return the median of the values around each, array of shape (n,)."""
    padded = np.pad(values, window // 2, mode="reflect")
    return np.median(np.lib.stride_tricks.sliding_window_view(padded, window), axis=1)


def find_page(image: np.ndarray) -> np.ndarray | None:
    """Return where the page lies, when its edges are in the picture.

    A page is evenly coloured but for shadows, which rise slowly, and for lines, which are thin. Its
    edges are sharp and straight.

    Args:
        image: array of shape (h, w) or (h, w, 3), uint8: a photo.

    Returns:
        mask of shape (h, w), uint8, 255 well inside the page; None when the page is all there is.
    """
    edges = _edges(image)
    if not edges.any():
        return None
    seen = cv2.dilate(edges, np.ones((3, 3), np.uint8))
    border = _border(edges.shape)
    edges |= cv2.bitwise_and(_prolonged(edges), border)
    _, labels, stats = components(cv2.bitwise_not(edges))
    areas = stats[:, cv2.CC_STAT_AREA]
    found = []
    for part in np.argsort(areas)[::-1]:
        if part == 0:
            continue
        if areas[part] < _PAGE * labels.size:
            break
        page = _outline(np.where(labels == part, np.uint8(255), np.uint8(0)))
        if page is None or areas[part] < _FILLED * cv2.countNonZero(page):
            continue
        if _is_edged(page, seen, border):
            found.append(page)
    if not found:
        return None
    page = max(found, key=_inside)
    if _inside(page) < _LEAST_INSIDE or cv2.countNonZero(page) >= _WHOLE * page.size:
        return None
    return page


def _edges(image: np.ndarray) -> np.ndarray:
    """Return where an image rises sharply, in any channel, lines aside; mask of shape (h, w)."""
    longer = max(image.shape[:2])
    pen = round(_PEN * longer) // 2 * 2 + 1
    near, far = max(1, round(_NEAR * longer)), max(3, round(_FAR * longer))
    kernel = np.ones((pen, pen), np.uint8)
    plain = cv2.morphologyEx(image, cv2.MORPH_CLOSE, kernel)
    plain = cv2.morphologyEx(plain, cv2.MORPH_OPEN, kernel)
    mask = np.zeros(image.shape[:2], np.uint8)
    for axis in (0, 1):
        pad = [(far, far) if i == axis else (0, 0) for i in range(image.ndim)]
        padded = np.pad(plain, pad, mode="edge")
        step, brighter = _rise(padded, near, far, axis)
        over_all, _ = _rise(padded, far, far, axis)
        least = cv2.max(
            cv2.convertScaleAbs(brighter, alpha=_EDGE, beta=2),
            cv2.convertScaleAbs(over_all, alpha=_SHARP),
        )
        sharp = cv2.compare(step, least, cv2.CMP_GT)
        for channel in cv2.split(sharp):
            mask |= channel
    return cv2.dilate(mask, np.ones((3, 3), np.uint8))


def _rise(padded: np.ndarray, reach: int, pad: int, axis: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the difference of the values `reach` before and after each, and the larger of both."""
    length = padded.shape[axis] - 2 * pad
    before, after = (
        padded[start : start + length] if axis == 0 else padded[:, start : start + length]
        for start in (pad - reach, pad + reach)
    )
    return cv2.absdiff(before, after), cv2.max(before, after)


def _border(shape: tuple[int, int]) -> np.ndarray:
    """Return a mask, 255 so close to the border that an edge is not seen there."""
    wide = round(1.6 * _PEN * max(shape))
    border = np.full(shape, 255, np.uint8)
    border[wide:-wide, wide:-wide] = 0
    return border


def _prolonged(edges: np.ndarray) -> np.ndarray:
    """Return straight edges drawn on at their ends, a mask of the edges' shape."""
    further = np.zeros_like(edges)
    longer = max(edges.shape)
    lines = cv2.HoughLinesP(
        edges, 1, np.pi / 360, round(_LINE * longer), None, _LINE * longer, 0.02 * longer
    )
    for x1, y1, x2, y2 in [] if lines is None else lines.reshape(-1, 4)[:_MOST_LINES]:
        ends = np.array([(x1, y1), (x2, y2)], float)
        way = (ends[1] - ends[0]) / np.linalg.norm(ends[1] - ends[0]) * _FURTHER * longer
        start, end = np.rint([ends[0] - way, ends[1] + way]).astype(int).tolist()
        cv2.line(further, start, end, 255, 2)
    return further


def _outline(part: np.ndarray) -> np.ndarray | None:
    """Return a part as a page with all that is on it, shrunk off its edges; None when not one."""
    outer, _ = cv2.findContours(part, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    contour = max(outer, key=cv2.contourArea)
    hull = cv2.convexHull(contour)
    area, of_hull = cv2.contourArea(contour), cv2.contourArea(hull)
    if of_hull < _PAGE * part.size or area < _STRAIGHT * of_hull:
        return None
    four = cv2.boxPoints(cv2.minAreaRect(hull))
    if of_hull < _STRAIGHT * cv2.contourArea(four):
        corners = cv2.approxPolyDP(hull, 0.03 * cv2.arcLength(hull, True), True)
        if len(corners) != 4 or cv2.contourArea(corners) < 0.93 * of_hull:
            return None
    page = np.zeros_like(part)
    cv2.fillConvexPoly(page, hull, 255)
    return page


def _is_edged(page: np.ndarray, edges: np.ndarray, border: np.ndarray) -> bool:
    """Whether nearly all around a page, but for the border, there is an edge."""
    around = cv2.dilate(page, np.ones((5, 5), np.uint8))
    rim = cv2.bitwise_and(around, cv2.bitwise_not(cv2.bitwise_or(page, border)))
    on_edges = cv2.countNonZero(cv2.bitwise_and(rim, edges))
    return on_edges >= _EDGED * max(1, cv2.countNonZero(rim))


def _inside(page: np.ndarray) -> float:
    """Return how much more of the picture a page covers than of its border: a table covers less."""
    ring = np.concatenate([page[0], page[-1], page[:, 0], page[:, -1]])
    return (float(page.mean()) - float(ring.mean())) / 255


def find_panel(mask: np.ndarray) -> tuple[int, int, int, int] | None:
    """Return x, y, width and height of the largest solid rectangle in a drawing, if there is one.

    Args:
        mask: array of shape (h, w), uint8, 255 where there is no paper.
    """
    size = max(1, mask.shape[1] // _CELL), max(1, mask.shape[0] // _CELL)
    cells = at_least(cv2.resize(mask, size, interpolation=cv2.INTER_AREA), 254)
    # A stem nearly as high as the panel would leave two in cells.
    cells = cv2.morphologyEx(cells, cv2.MORPH_CLOSE, np.ones((5, 5), np.uint8))
    if _solid_rectangle(cells, least=3, deep=1, solid=_CELLS) is None:
        return None  # quickly found, as in most drawings
    opened = cv2.morphologyEx(mask, cv2.MORPH_OPEN, np.ones((7, 7), np.uint8))
    panel = _solid_rectangle(opened, least=3 * _CELL, deep=None, solid=_SIDE)
    if panel is None or panel[2] * panel[3] > _WHOLE * mask.size:
        return None
    sides = sorted(panel[2:])
    return panel if sides[0] >= _SLENDER * sides[1] else None  # else it is the stroke of a 1


def _solid_rectangle(mask: np.ndarray, *, least: int, deep: int | None, solid: float):
    """Return the box of the widest part when along its four sides it is solid, else None."""
    count, labels, stats = components(mask)
    if count < 2:
        return None
    part = 1 + int(stats[1:, cv2.CC_STAT_WIDTH : cv2.CC_STAT_HEIGHT + 1].prod(axis=1).argmax())
    x, y, width, height = (int(one) for one in stats[part, :4])
    if min(width, height) < least:
        return None
    if deep is None:
        deep = max(2, round(0.02 * min(width, height)))
    inside = labels[y : y + height, x : x + width] == part
    bands = (inside[:deep], inside[-deep:], inside[:, :deep], inside[:, -deep:])
    weakest, *others = sorted(float(band.mean()) for band in bands)
    if weakest < min(solid, _ROUGHLY) or others[0] < solid:
        return None
    return x, y, width, height
