"""Photos of digits on paper, made from pen drawings: nobody has photographed 17,000 pages.

picture = photograph(drawing.strokes, np.random.default_rng(1))  # the bytes of a JPEG
"""

from collections.abc import Sequence

import cv2
import numpy as np

from recognizer.imaging.strokes import render

TWELVE_MEGAPIXELS = (4032, 3024)  # a phone's, width and height

_INKS = ((0.06, 0.06, 0.08), (0.10, 0.14, 0.45), (0.30, 0.30, 0.31))  # black, ballpoint, pencil
_RULES = ((0.55, 0.68, 0.85), (0.6, 0.6, 0.62), (0.75, 0.55, 0.55), (0.25, 0.3, 0.45))
_RENDERED = 800  # pixels; a larger photo gets the drawing enlarged, as soft as a lens would


def photograph(
    strokes: Sequence[np.ndarray],
    rng: np.random.Generator,
    *,
    size: tuple[int, int] = (1200, 900),
) -> bytes:
    """Return a photo of strokes on unevenly lit paper, with shadow, noise and JPEG's marks.

    Args:
        strokes: arrays of shape (n, 2); see `imaging.strokes.Drawing`. None: blank paper.
        rng: every picture is another digit's size, place, pen, ink, paper, light and camera.
        size: width and height in pixels.
    """
    ink = _ink(strokes, rng, size)[..., None]  # (height, width, 1), 1 is ink
    paper = sheet(rng, size)
    colour = np.float32(_INKS[rng.integers(len(_INKS))])
    scene = (paper * (1 - ink) + colour * ink) * light(rng, size)[..., None]  # (h, w, 3) in [0, 1]
    return camera(scene, rng)


def camera(scene: np.ndarray, rng: np.random.Generator) -> bytes:
    """Return a scene as a camera takes it, a JPEG: a soft lens, shot noise, compression.

    Args:
        scene: array of shape (height, width, 3), float32, the light from each place, 0 to 1.
        rng: every picture is another camera's.
    """
    height, width = scene.shape[:2]
    scene = cv2.GaussianBlur(scene, (0, 0), rng.uniform(0.4, 1.5) * max(width, height) / 1200)
    noise = rng.uniform(0.005, 0.03) * np.sqrt(scene)  # shot noise
    scene += noise * rng.standard_normal((height, width, 3), np.float32)
    pixels = (scene.clip(0, 1) * 255).round().astype(np.uint8)
    quality = [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(50, 95))]
    return cv2.imencode(".jpg", pixels[..., ::-1], quality)[1].tobytes()


def photograph_line(
    drawn: np.ndarray,
    rng: np.random.Generator,
    *,
    ruling: str = "plain",
    size: tuple[int, int] = (1200, 900),
) -> bytes:
    """Return a photo of writing on plain, lined or squared paper, or in a row of boxes.

    Args:
        drawn: array of shape (h, w), uint8, black on white: the writing.
        rng: as for `photograph`.
        ruling: "plain", "lined", "squared" or "boxed".
        size: width and height in pixels.
    """
    width, height = size
    scale = rng.uniform(0.5, 0.9) * min(width / drawn.shape[1], 0.5 * height / drawn.shape[0])
    small = cv2.resize(drawn, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    tall, wide = small.shape
    x, y = rng.integers(width - wide + 1), rng.integers(height - tall + 1)
    ink = np.zeros((height, width), np.float32)
    ink[y : y + tall, x : x + wide] = (255 - small) / np.float32(255) * rng.uniform(0.75, 1)
    rules = _rules(rng, size, ruling, (x, y, wide, tall))
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), rng.uniform(-4, 4), 1)
    ink, rules = (cv2.warpAffine(one, turn, size) for one in (ink, rules))
    colour = np.float32(_INKS[rng.integers(len(_INKS))])
    tint = np.float32(_RULES[rng.integers(len(_RULES))])
    paper = sheet(rng, size) * (1 - rules[..., None]) + tint * rules[..., None]
    scene = (paper * (1 - ink[..., None]) + colour * ink[..., None]) * light(rng, size)[..., None]
    scene = cv2.GaussianBlur(scene, (0, 0), rng.uniform(0.4, 1.2) * max(size) / 1200)
    noise = rng.uniform(0.005, 0.025) * np.sqrt(scene)
    scene += noise * rng.standard_normal((height, width, 3), np.float32)
    pixels = (scene.clip(0, 1) * 255).round().astype(np.uint8)
    quality = [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(60, 95))]
    return cv2.imencode(".jpg", pixels[..., ::-1], quality)[1].tobytes()


def _rules(rng, size: tuple[int, int], ruling: str, box: tuple[int, ...]) -> np.ndarray:
    """Return how much a rule covers each pixel, array of shape (height, width), float32."""
    width, height = size
    rules = np.zeros((height, width), np.uint8)
    thick = int(rng.integers(1, 4))
    x, y, wide, tall = box
    if ruling in ("lined", "squared"):
        step = max(12, int(tall * rng.uniform(0.5, 1.3)))
        for at in range(int(rng.integers(step)), height, step):
            cv2.line(rules, (0, at), (width, at), 255, thick, cv2.LINE_AA)
        for at in range(int(rng.integers(step)), width if ruling == "squared" else 0, step):
            cv2.line(rules, (at, 0), (at, height), 255, thick, cv2.LINE_AA)
    if ruling == "boxed":
        room = int(0.2 * tall)
        cv2.rectangle(
            rules, (x - room, y - room), (x + wide + room, y + tall + room), 255, thick + 1
        )
    return rules.astype(np.float32) / 255 * np.float32(rng.uniform(0.4, 1))


def _ink(strokes, rng: np.random.Generator, size: tuple[int, int]) -> np.ndarray:
    """Return how much ink covers each pixel, array of shape (height, width), float32, 0 to 1."""
    width, height = size
    ink = np.zeros((height, width), np.float32)
    if not len(strokes):
        return ink
    room = min(size)
    side = rng.uniform(0.2, 0.7)  # of the photo's shorter side
    drawn = render(
        strokes,
        size=_RENDERED,
        side=side * _RENDERED,
        pen=max(3.0, rng.uniform(0.03, 0.12) * side * _RENDERED),
        angle=rng.uniform(-10, 10),
        place=rng.uniform(0.1, 0.9, 2),
    )
    drawn = cv2.resize(255 - drawn, (room, room), interpolation=cv2.INTER_LINEAR)
    x, y = rng.integers(width - room + 1), rng.integers(height - room + 1)
    ink[y : y + room, x : x + room] = drawn / np.float32(255) * rng.uniform(0.75, 1)
    return ink


def sheet(rng: np.random.Generator, size: tuple[int, int]) -> np.ndarray:
    """Return the paper's colour, array of shape (height, width, 3), float32: fibres and a tint."""
    tint = rng.uniform(0.8, 0.97) * rng.uniform([0.97, 0.95, 0.88], 1.0)
    fibres = clouds(rng, size, 6) * 0.004 + clouds(rng, size, 40) * 0.006
    return (tint + fibres[..., None]).astype(np.float32)


def light(rng: np.random.Generator, size: tuple[int, int]) -> np.ndarray:
    """Return the light on each pixel, array of shape (height, width), float32, 0 to 1.

    A lamp to one side, a lens that darkens the corners, and the soft shadow of whoever holds it.
    """
    x, y = _grid(size)
    turn = rng.uniform(0, 2 * np.pi)
    lamp = 1 - rng.uniform(0, 0.35) * (0.5 + (x * np.cos(turn) + y * np.sin(turn)) / 2)
    lens = 1 - rng.uniform(0, 0.25) * (x**2 + y**2) / 2
    turn, reach = rng.uniform(0, 2 * np.pi), rng.uniform(-0.5, 0.7)
    softness = rng.uniform(0.03, 0.25)
    edge = (x * np.cos(turn) + y * np.sin(turn) - reach) / softness
    shadow = 1 - rng.uniform(0.15, 0.55) / (1 + np.exp(-4 * edge.clip(-10, 10)))
    return np.float32(rng.uniform(0.65, 1)) * lamp * lens * shadow


def _grid(size: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
    """Return x and y from -1 to 1, arrays of shapes (1, width) and (height, 1), float32."""
    width, height = size
    x, y = (np.linspace(-1, 1, side, dtype=np.float32) for side in (width, height))
    return x[None], y[:, None]


def clouds(rng: np.random.Generator, size: tuple[int, int], grain: int) -> np.ndarray:
    """Return smooth noise with spots `grain` thousandths of the longer side wide, sd about 0.7."""
    width, height = (max(2, round(1000 * side / max(size) / grain)) for side in size)
    noise = rng.standard_normal((height, width), np.float32)
    return cv2.resize(noise, size, interpolation=cv2.INTER_CUBIC)
