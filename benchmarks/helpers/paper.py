"""Photos of digits on paper, made from pen drawings: nobody has photographed 17,000 pages.

picture = photograph(drawing.strokes, np.random.default_rng(1))  # the bytes of a JPEG
"""

from collections.abc import Sequence

import cv2
import numpy as np

from recognizer.imaging.strokes import render

TWELVE_MEGAPIXELS = (4032, 3024)  # a phone's, width and height

_INKS = ((0.06, 0.06, 0.08), (0.10, 0.14, 0.45), (0.30, 0.30, 0.31))  # black, ballpoint, pencil
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
