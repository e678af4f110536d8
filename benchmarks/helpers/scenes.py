"""Pictures of one digit as people bring them, made from pen drawings: the kinds that go wrong.

data = picture("ruled paper", drawing.strokes, np.random.default_rng(1), 600)  # a file's bytes
"""

from collections.abc import Callable, Sequence

import cv2
import numpy as np

from benchmarks.helpers import paper
from recognizer.imaging.strokes import render
from recognizer.preprocessing import to_mnist

SIDES = (200, 300, 400, 500, 600, 600, 800, 900, 1600, 3000)  # of a picture, by turns, in pixels
_MADE = 1000  # longer side up to which a picture is made as it is; larger ones are enlarged

_RENDERED = 600  # pixels at which strokes are drawn before they come into the picture
_UNIT = 600  # longer side of a picture at which line widths below are given in pixels
_PENCIL = ((0.30, 0.30, 0.31), (0.42, 0.42, 0.43), (0.36, 0.36, 0.40))
_PALE_PENS = ((0.30, 0.36, 0.62), (0.25, 0.30, 0.55), (0.40, 0.42, 0.66))
_PENS = ((0.06, 0.06, 0.08), (0.10, 0.14, 0.45), (0.25, 0.25, 0.27), (0.16, 0.20, 0.52))
_RULES = ((0.45, 0.55, 0.80), (0.55, 0.60, 0.66), (0.35, 0.38, 0.44), (0.50, 0.66, 0.72))
_PRINTS = ((0.1, 0.1, 0.1), (0.2, 0.2, 0.22), *_RULES[1:3])  # of boxes
_CIRCLES = ((0.75, 0.15, 0.15), *_PENS, (0.1, 0.5, 0.2))
_FELTS = ((0.1, 0.1, 0.6), (0.1, 0.1, 0.1), (0.7, 0.1, 0.1))
_TABLES = ((0.24, 0.17, 0.11), (0.12, 0.12, 0.13), (0.40, 0.28, 0.17), (0.30, 0.33, 0.36),
           (0.62, 0.52, 0.40), (0.70, 0.68, 0.64), (0.20, 0.28, 0.22))  # fmt: skip
_ON_PAPER = (  # coloured ink and paper of about its brightness
    ((0.93, 0.82, 0.25), (0.95, 0.95, 0.92)),
    ((0.80, 0.74, 0.20), (0.86, 0.87, 0.80)),
    ((0.98, 0.75, 0.45), (0.93, 0.93, 0.93)),
    ((0.80, 0.22, 0.18), (0.33, 0.50, 0.35)),
    ((0.86, 0.30, 0.28), (0.40, 0.58, 0.42)),
    ((0.20, 0.45, 0.80), (0.72, 0.42, 0.34)),
    ((0.30, 0.62, 0.30), (0.85, 0.50, 0.52)),
    ((0.55, 0.78, 0.90), (0.96, 0.80, 0.62)),
    ((0.95, 0.60, 0.75), (0.78, 0.80, 0.62)),
)


def ruled(strokes: Sequence[np.ndarray], rng: np.random.Generator, side: int) -> bytes:
    """Return a photo of a digit in pencil or a pale pen, one to two lines high, on ruled paper."""
    return _on_rules(strokes, rng, side, squared=False)


def squared(strokes: Sequence[np.ndarray], rng: np.random.Generator, side: int) -> bytes:
    """Return the same on squared paper."""
    return _on_rules(strokes, rng, side, squared=True)


def _on_rules(strokes, rng, side, *, squared: bool) -> bytes:
    size = _size(rng, side)
    inks = _PENCIL if rng.random() < 0.5 else _PALE_PENS
    ink, box = _digit(strokes, rng, size, share=(0.2, 0.5))
    scene = paper.sheet(rng, size)
    spacing = box[3] / rng.uniform(1, 2)
    width, strength = rng.uniform(0.8, 2.2) * side / _UNIT, rng.uniform(0.3, 0.9)
    colour, tilt = _one(rng, _RULES), rng.normal(0, 1.0)
    for turn in (0, 90)[: 1 + squared]:
        rules = _parallels(rng, size, spacing, max(0.7, width), tilt + turn)
        scene = _laid(scene, rules * strength, colour)
    if not squared and rng.random() < 0.3:
        margin = _parallels(rng, size, 3.0 * max(size), max(0.7, width), tilt + 90)
        scene = _laid(scene, margin * strength, (0.85, 0.35, 0.35))
    scene = _laid(scene, ink * rng.uniform(0.65, 1.0), _one(rng, inks))
    return paper.camera(scene * paper.light(rng, size)[..., None], rng)


def on_a_table(strokes: Sequence[np.ndarray], rng: np.random.Generator, side: int) -> bytes:
    """Return a photo of a sheet on a dark or light table, its edges in the picture."""
    size = _size(rng, side)
    scene = _table(rng, size)
    covers = rng.uniform(0.6, 0.92, 2)
    half = np.array(size) * covers / 2
    angle = np.radians(rng.normal(0, 5))
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    corners = np.array([(-1, -1), (1, -1), (1, 1), (-1, 1)]) * half
    corners = corners * rng.uniform(0.93, 1.04, (4, 1)) @ turn.T
    middle = np.array(size) / 2 + rng.normal(0, 0.06, 2) * size
    corners = corners + middle
    mask = _polygon(size, corners)
    shade = cv2.GaussianBlur(mask, (0, 0), 0.012 * side)
    scene = scene * (1 - rng.uniform(0, 0.4) * shade[..., None])  # the sheet's own shadow
    scene = _laid(scene, mask, paper.sheet(rng, size))
    room = cv2.erode(mask, np.ones((3, 3)), iterations=max(1, round(0.015 * side)))
    for _ in range(40):
        ink, _ = _digit(strokes, rng, size, share=(0.15, 0.45))
        if (ink > 0).sum() and room[ink > 0].min() > 0.9:
            break
    else:
        ink, _ = _digit(strokes, rng, size, share=(0.3, 0.3), middle=middle)
    scene = _laid(scene, ink * rng.uniform(0.75, 1.0), _one(rng, _PENS + _PENCIL[:1]))
    return paper.camera(scene * paper.light(rng, size)[..., None], rng)


def scan_strip(strokes: Sequence[np.ndarray], rng: np.random.Generator, side: int) -> bytes:
    """Return a scan with a dark strip at one or two edges, 4 pixels wide and more."""
    size = width, height = _size(rng, side)
    ink, _ = _digit(strokes, rng, size, share=(0.12, 0.6))
    white = rng.choice([1.0, 0.99, 0.96, 0.93])
    scene = np.full((height, width, 3), white, np.float32)
    scene = _laid(scene, ink * rng.uniform(0.8, 1.0), _one(rng, _PENS))
    noise = rng.choice([0, 0, 0.004, 0.012])
    dark = np.float32(rng.uniform(0, 0.5))
    for edge in rng.choice(4, rng.integers(1, 3), replace=False):
        wide = max(2, round(rng.choice([3, 4, 4, 6, 10, 18]) * max(1.0, side / _UNIT)))
        slope = rng.choice([0, 0, 0, 0.6, 1.0]) * wide  # a page that lay askew
        ends = np.linspace(wide, max(1, wide - slope), size[edge % 2]).round().astype(int)
        mask = np.arange(max(size))[None, :] < ends[:, None]  # along the edge x away from it
        mask = mask[:, : size[1 - edge % 2]]
        mask = mask.T if edge % 2 == 0 else mask
        mask = mask[::-1, ::-1] if edge > 1 else mask
        scene[mask] = dark + rng.normal(0, 0.01)
    scene = scene + noise * rng.standard_normal(scene.shape, np.float32)
    return _file(scene, rng)


def window_border(strokes: Sequence[np.ndarray], rng: np.random.Generator, side: int) -> bytes:
    """Return a screenshot of a drawing with the window's border, or some of it, left on it."""
    size = width, height = _size(rng, side)
    dark_paper = rng.random() < 0.15
    ink, _ = _digit(strokes, rng, size, share=(0.2, 0.7), pens=(0.04, 0.16))
    white = np.float32((0.1, 0.1, 0.12) if dark_paper else (1, 1, 1))
    scene = np.broadcast_to(white, (height, width, 3)).astype(np.float32)
    colour = (0.95, 0.95, 0.95) if dark_paper else _one(rng, (*_PENS, (0, 0, 0), (0.8, 0.1, 0.1)))
    scene = _laid(scene, ink, colour)
    colours = ((0.4, 0.4, 0.4), (0, 0.47, 0.84), (0, 0, 0), (0.7, 0.7, 0.7), (0.2, 0.22, 0.25))
    border = np.float32(_one(rng, colours))
    sides = (0, 1, 2, 3) if rng.random() < 0.4 else rng.choice(4, rng.integers(1, 4), replace=False)
    wide = int(rng.integers(1, 7))
    for edge in sides:
        bar = wide
        if edge == 0 and rng.random() < 0.25:
            bar = max(wide, round(0.05 * height))  # the title bar
        _edge(scene, edge, bar)[:] = border
    return _file(scene, rng)


def boxed(strokes: Sequence[np.ndarray], rng: np.random.Generator, side: int) -> bytes:
    """Return a photo of a digit in a printed box."""
    size = _size(rng, side)
    ink, box = _digit(strokes, rng, size, share=(0.12, 0.4), margin=0.22)
    x, y, wide, tall = box
    square = max(wide, tall)
    half = np.array([square, square]) / 2 * rng.uniform(1.12, 1.9) * rng.uniform(0.9, 1.1, 2)
    half = np.maximum(half, np.array([wide, tall]) / 2 * 1.06)
    middle = np.array([x + wide / 2, y + tall / 2])
    middle = middle + rng.uniform(-1, 1, 2) * (half - np.array([wide, tall]) / 2) * 0.6
    corners = np.array([(-1, -1), (1, -1), (1, 1), (-1, 1)]) * half
    angle = np.radians(rng.normal(0, 1.5))
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    line = _line(size, [corners @ turn.T + middle], rng.uniform(0.9, 3) * side / _UNIT, closed=True)
    scene = paper.sheet(rng, size)
    scene = _laid(
        scene,
        line * rng.uniform(0.6, 1),
        _one(rng, _PRINTS),
    )
    scene = _laid(scene, ink * rng.uniform(0.8, 1), _one(rng, _PENS))
    return paper.camera(scene * paper.light(rng, size)[..., None], rng)


def circled(strokes: Sequence[np.ndarray], rng: np.random.Generator, side: int) -> bytes:
    """Return a photo of a digit that someone drew a circle around."""
    size = _size(rng, side)
    ink, box = _digit(strokes, rng, size, share=(0.12, 0.38), margin=0.25)
    x, y, wide, tall = box
    middle = np.array([x + wide / 2, y + tall / 2])
    reach = np.hypot(wide, tall) / 2 * rng.uniform(1.12, 1.6)
    t = np.linspace(0, 2 * np.pi * rng.uniform(0.95, 1.04), 90)
    wobble = sum(rng.normal(0, 0.025) * np.cos(k * t + rng.uniform(0, 6.3)) for k in (1, 2, 3))
    radius = reach * (1 + wobble + rng.normal(0, 0.02) * t / 6)
    start = rng.uniform(0, 6.3)
    aspect = rng.uniform(0.9, 1.1)
    path = np.stack([np.cos(t + start) * aspect, np.sin(t + start)], 1) * radius[:, None] + middle
    pen = rng.uniform(1.5, 4.5) * side / _UNIT
    scene = paper.sheet(rng, size)
    colour = _one(rng, _PENS)
    around = colour if rng.random() < 0.4 else _one(rng, _CIRCLES)
    scene = _laid(scene, _line(size, [path], pen) * rng.uniform(0.7, 1), around)
    scene = _laid(scene, ink * rng.uniform(0.8, 1), colour)
    return paper.camera(scene * paper.light(rng, size)[..., None], rng)


def underlined(strokes: Sequence[np.ndarray], rng: np.random.Generator, side: int) -> bytes:
    """Return a photo of a digit with a line, or two, drawn under it."""
    size = _size(rng, side)
    ink, (x, y, wide, tall) = _digit(strokes, rng, size, share=(0.12, 0.45), margin=0.15)
    lines = []
    below = y + tall + tall * rng.uniform(0.07, 0.3)
    length = max(wide * rng.uniform(1.0, 2.2), tall * 0.5)
    pen = rng.uniform(1.5, 5) * side / _UNIT
    for _ in range(1 + (rng.random() < 0.2)):
        start = x + wide / 2 - length / 2 + rng.normal(0, 0.08) * length
        s = np.linspace(0, 1, 12)
        drop = rng.normal(0, 0.04) * length
        wave = rng.normal(0, 0.01) * length * np.sin(np.pi * s)
        lines.append(np.stack([start + s * length, below + drop * (s - 0.5) + wave], 1))
        below += max(3 * pen, 0.12 * tall)
    scene = paper.sheet(rng, size)
    colour = _one(rng, _PENS)
    under = colour if rng.random() < 0.7 else _one(rng, ((0.75, 0.15, 0.15), *_PENS))
    scene = _laid(scene, _line(size, lines, pen) * rng.uniform(0.75, 1), under)
    scene = _laid(scene, ink * rng.uniform(0.8, 1), colour)
    return paper.camera(scene * paper.light(rng, size)[..., None], rng)


def mnist_screenshot(strokes: Sequence[np.ndarray], rng: np.random.Generator, side: int) -> bytes:
    """Return a notebook's screenshot of a digit in MNIST's form: a dark square on a white page."""
    size = width, height = _size(rng, side)
    image = to_mnist(render(strokes, pen=rng.uniform(12, 26)))
    square = round(min(size) * rng.uniform(0.4, 0.9))
    method = (cv2.INTER_NEAREST, cv2.INTER_LINEAR, cv2.INTER_CUBIC)[rng.integers(3)]
    shown = cv2.resize(image, (square, square), interpolation=method)
    viridis = rng.random() < 0.25
    pixels = cv2.applyColorMap(shown, cv2.COLORMAP_VIRIDIS) if viridis else cv2.merge([shown] * 3)
    page = np.full((height, width, 3), 255, np.uint8)
    x, y = (int(rng.integers(0.04 * side, max(0.04 * side + 1, room))) if room > 0.05 * side
            else room // 2 for room in (width - square, height - square))  # fmt: skip
    page[y : y + square, x : x + square] = pixels
    if rng.random() < 0.6:
        _put_axes(page, x, y, square, titled=rng.random() < 0.5)
    return _file(page[..., ::-1].astype(np.float32) / 255, rng)


def _put_axes(page: np.ndarray, x: int, y: int, square: int, *, titled: bool) -> None:
    """Draw a plot's ticks with their numbers, and a title, around a square."""
    scale, tick = square / 700, square // 60

    def write(text: str, left: int, bottom: int, size: float) -> None:
        cv2.putText(
            page, text, (left, bottom), cv2.FONT_HERSHEY_SIMPLEX, size, (0, 0, 0), 1, cv2.LINE_AA
        )

    for number in range(0, 28, 5):
        at = round((number + 0.5) * square / 28)
        cv2.line(page, (x + at, y + square), (x + at, y + square + tick), (0, 0, 0), 1)
        cv2.line(page, (x - tick, y + at), (x, y + at), (0, 0, 0), 1)
        write(str(number), x + at - 5, y + square + square // 14, scale)
        write(str(number), x - square // 12, y + at + 4, scale)
    if titled:
        write("label: ?", x + square // 3, y - 8, scale * 1.3)


def coloured(strokes: Sequence[np.ndarray], rng: np.random.Generator, side: int) -> bytes:
    """Return a photo of a digit whose ink is coloured, and about as bright as its paper."""
    size = _size(rng, side)
    ink, _ = _digit(strokes, rng, size, share=(0.2, 0.6), pens=(0.05, 0.15))
    of_ink, of_paper = (np.float32(colour) for colour in _one(rng, _ON_PAPER))
    scene = paper.sheet(rng, size)
    scene = scene / scene.mean((0, 1)) * of_paper
    if rng.random() < 0.4:  # crayon: the paper's grain shows through
        grain = cv2.GaussianBlur(rng.standard_normal(ink.shape, np.float32), (0, 0), side / _UNIT)
        grain = grain / grain.std()
        ink = ink * (0.8 + 0.2 * grain).clip(0.2, 1)
    scene = _laid(scene, ink * rng.uniform(0.8, 1.0), of_ink)
    return paper.camera(scene * paper.light(rng, size)[..., None], rng)


def photographed(strokes: Sequence[np.ndarray], rng: np.random.Generator, side: int) -> bytes:
    """Return a photo of a digit on plain paper, as it was always read."""
    return paper.photograph(strokes, rng, size=_size(rng, side))


def whiteboard(strokes: Sequence[np.ndarray], rng: np.random.Generator, side: int) -> bytes:
    """Return a photo of felt pen on a whiteboard, or chalk on a dark board."""
    size = _size(rng, side)
    ink, _ = _digit(strokes, rng, size, share=(0.2, 0.7), pens=(0.05, 0.14))
    chalk = rng.random() < 0.5
    board = (0.18, 0.26, 0.22) if chalk else (0.88, 0.9, 0.92)
    scene = paper.sheet(rng, size)
    scene = scene / scene.mean((0, 1)) * np.float32(board)
    colour = (0.92, 0.92, 0.88) if chalk else _one(rng, _FELTS)
    scene = _laid(scene, ink * rng.uniform(0.75, 1), colour)
    return paper.camera(scene * paper.light(rng, size)[..., None], rng)


KINDS: dict[str, Callable[[Sequence[np.ndarray], np.random.Generator, int], bytes]] = {
    "ruled paper": ruled,
    "squared paper": squared,
    "a sheet on a table": on_a_table,
    "a scan with a dark strip": scan_strip,
    "a window's border": window_border,
    "in a printed box": boxed,
    "circled": circled,
    "underlined": underlined,
    "an MNIST image in a notebook": mnist_screenshot,
    "coloured ink as bright as its paper": coloured,
    "plain paper": photographed,
    "whiteboard and chalk": whiteboard,
}


def picture(kind: str, strokes: Sequence[np.ndarray], rng: np.random.Generator, side: int) -> bytes:
    """Return the file of a picture of a kind whose longer side is about `side` pixels.

    Args:
        kind: one of `KINDS`.
        strokes: arrays of shape (n, 2); see `recognizer.imaging.strokes.Drawing`.
        rng: every picture is of another hand, pen, paper, light and camera.
        side: in pixels; a larger one is made smaller and enlarged, as soft as a lens would be.
    """
    times = -(-side // _MADE)
    data = KINDS[kind](strokes, rng, side // times)
    if times == 1:
        return data
    small = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    whole = kind in ("a window's border", "an MNIST image in a notebook")  # pixels stay square
    method = cv2.INTER_NEAREST if whole else cv2.INTER_LINEAR
    large = cv2.resize(small, None, fx=times, fy=times, interpolation=method)
    suffix, options = (
        (".png", []) if data[:4] == b"\x89PNG" else (".jpg", [cv2.IMWRITE_JPEG_QUALITY, 88])
    )
    return cv2.imencode(suffix, large, options)[1].tobytes()


def _size(rng: np.random.Generator, side: int) -> tuple[int, int]:
    """Return width and height: `side` is the longer one, upright or not, or a square."""
    short = round(side * _one(rng, (0.75, 0.75, 0.67, 0.56, 1.0)))
    return (short, side) if rng.random() < 0.6 else (side, short)


def _one(rng: np.random.Generator, of: Sequence):
    return of[rng.integers(len(of))]


def _digit(
    strokes, rng, size, *, share, pens=(0.04, 0.11), margin=0.06, middle=None
) -> tuple[np.ndarray, tuple[int, int, int, int]]:
    """Return how much ink covers each pixel, (height, width) float32, and its x, y, width, height.

    `share` is of the shorter side, `pens` of the digit's longer side, `margin` of the shorter side.
    """
    width, height = size
    side = rng.uniform(*share) * min(size)
    thick = max(1.3 / side, rng.uniform(*pens))
    drawn = 255 - render(
        strokes, size=_RENDERED, side=0.8 * _RENDERED, pen=thick * 0.8 * _RENDERED,
        angle=rng.uniform(-8, 8),
    )  # fmt: skip
    x, y, wide, tall = cv2.boundingRect(drawn)
    drawn = drawn[y : y + tall, x : x + wide]
    scale = side / (0.8 * _RENDERED)
    wide, tall = (max(1, round(one * scale)) for one in (wide, tall))
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    drawn = cv2.resize(drawn, (wide, tall), interpolation=method)
    edge = margin * min(size)
    if middle is None:
        x, y = (
            round(rng.uniform(min(edge, room / 2), max(room - edge, room / 2)))
            for room in (width - wide, height - tall)
        )
    else:
        x, y = round(middle[0] - wide / 2), round(middle[1] - tall / 2)
    ink = np.zeros((height, width), np.float32)
    ink[y : y + tall, x : x + wide] = drawn / np.float32(255)
    return ink, (x, y, wide, tall)


def _laid(scene: np.ndarray, cover: np.ndarray, colour) -> np.ndarray:
    """Return the scene (h, w, 3) with a colour laid over it where `cover` (h, w) is not 0."""
    cover = cover[..., None].astype(np.float32)
    return scene * (1 - cover) + np.float32(colour) * cover


def _line(size, paths, width: float, *, closed: bool = False) -> np.ndarray:
    """Return paths (n, 2) drawn smoothly, (h, w) float32 from 0 to 1; a thin one is fainter."""
    fine = 4 if max(size) <= 1200 else 2
    drawn = np.zeros((size[1] * fine, size[0] * fine), np.uint8)
    for path in paths:
        points = np.rint(path * fine).astype(np.int32)
        cv2.polylines(drawn, [points], closed, 255, max(1, round(width * fine)))
    return cv2.resize(drawn, size, interpolation=cv2.INTER_AREA) / np.float32(255)


def _parallels(rng, size, spacing: float, width: float, tilt: float) -> np.ndarray:
    """Return parallel lines over the whole picture, (h, w) float32; `tilt` in degrees."""
    direction = np.array([np.cos(np.radians(tilt)), np.sin(np.radians(tilt))])
    across = np.array([-direction[1], direction[0]])
    reach = float(np.hypot(*size))
    first = rng.uniform(0, min(spacing, min(size)))
    middle = np.array(size) / 2
    count = int(reach / spacing) + 2
    paths = [
        middle + across * (first + k * spacing) + np.outer((-reach, reach), direction)
        for k in range(-count, count + 1)
    ]
    return _line(size, paths, width)


def _polygon(size, corners: np.ndarray) -> np.ndarray:
    fine = 4 if max(size) <= 1200 else 2
    drawn = np.zeros((size[1] * fine, size[0] * fine), np.uint8)
    cv2.fillPoly(drawn, [np.rint(corners * fine).astype(np.int32)], 255)
    return cv2.resize(drawn, size, interpolation=cv2.INTER_AREA) / np.float32(255)


def _table(rng, size) -> np.ndarray:
    """Return a table top, (h, w, 3) float32: one colour, or wood with its grain."""
    height = size[1]
    colour = np.float32(_one(rng, _TABLES)) * rng.uniform(0.8, 1.15)
    texture = paper.clouds(rng, size, 30) * 0.02
    if rng.random() < 0.6:
        stripes = rng.standard_normal((max(2, height // 4), 3), np.float32)
        grain = cv2.resize(stripes, size, interpolation=cv2.INTER_CUBIC)
        texture = texture + grain * rng.uniform(0.02, 0.1)
        if rng.random() < 0.5:
            texture = np.ascontiguousarray(cv2.resize(texture.T, size))
    return (colour * (1 + texture[..., None])).astype(np.float32)


def _edge(scene: np.ndarray, edge: int, wide: int) -> np.ndarray:
    """Return a view of the outermost `wide` rows or columns at an edge."""
    return (scene[:wide], scene[:, :wide], scene[-wide:], scene[:, -wide:])[edge]


def _file(scene: np.ndarray, rng: np.random.Generator) -> bytes:
    """Return a scene (h, w, 3), 0 to 1, as a PNG, or as a JPEG of good quality."""
    pixels = (scene.clip(0, 1) * 255).round().astype(np.uint8)[..., ::-1]
    if rng.random() < 0.6:
        return cv2.imencode(".png", pixels)[1].tobytes()
    quality = [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(75, 96))]
    return cv2.imencode(".jpg", pixels, quality)[1].tobytes()
