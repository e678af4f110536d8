"""The one way from ink to the 28x28 image that every network here reads.

As LeCun made MNIST (http://yann.lecun.com/exdb/mnist): the ink is cropped to its bounding box,
scaled with its aspect kept so that the longer side is 20 pixels, and placed in 28x28 with its
centre of mass in the middle.

    image = to_mnist(canvas)  # (28, 28) uint8, white on black; None when nothing is drawn
"""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from recognizer.errors import PictureError
from recognizer.imaging.cleaning import Ink
from recognizer.imaging.ink import find_ink
from recognizer.records import IMAGE_SIZE

DIGIT_SIDE = 20  # pixels of the digit's longer side, MNIST's
CENTRE = IMAGE_SIZE // 2  # the pixel that holds MNIST's centres of mass, 14.0 ± 0.3 on its rows


@dataclass(frozen=True, eq=False)
class Preprocessed:
    """The steps from a picture to what a network sees. Arrays are uint8, white ink on black.

    Attributes:
        ink: array of shape (H, W), the ink that was found; a large photo's is reduced.
        box: x, y, width and height of the ink in `ink`, in pixels.
        crop: array of shape (height, width), the ink in the box.
        scaled: array whose longer side is 20 and whose other side keeps the aspect.
        image: array of shape (28, 28), `scaled` with its centre of mass in the middle.
        removed: what was left out of the ink, in words: "ruled lines".
        left_out: mask of the ink's shape, 255 where that lay; None where nothing was left out.
    """

    ink: np.ndarray
    box: tuple[int, int, int, int]
    crop: np.ndarray
    scaled: np.ndarray
    image: np.ndarray
    removed: tuple[str, ...] = ()
    left_out: np.ndarray | None = None


def to_mnist(image: np.ndarray, *, paper: Sequence[int] | None = None) -> np.ndarray | None:
    """Return a picture of a digit in MNIST's form.

    Args:
        image: array of shape (H, W), (H, W, 1), (H, W, 3) or (H, W, 4), uint8: a drawing or a
            photo, in grey, RGB or RGBA, dark on light or light on dark.
        paper: the paper's colour where it is known, as on a canvas: one value in grey, else R, G
            and B. All else is ink then, also where it fills most of the picture.

    Returns:
        array of shape (28, 28), uint8, white ink on black; None when nothing is drawn.

    Raises:
        PictureError: another type or shape.
    """
    steps = preprocess(image, paper=paper)
    return None if steps is None else steps.image


def preprocess(image: np.ndarray, *, paper: Sequence[int] | None = None) -> Preprocessed | None:
    """Return a picture of a digit in MNIST's form, with the steps; see `to_mnist`."""
    _check(image)
    return _place(find_ink(image, paper=paper))


def place_ink(ink: np.ndarray) -> np.ndarray | None:
    """Return ink in MNIST's form.

    Args:
        ink: array of shape (H, W), uint8, white ink on black, 0 wherever there is none.

    Returns:
        array of shape (28, 28), uint8; None when there is no ink.
    """
    steps = _place(Ink(ink))
    return None if steps is None else steps.image


def _place(found: Ink) -> Preprocessed | None:
    ink = found.ink
    x, y, width, height = box = cv2.boundingRect(ink)
    if not width:
        return None
    crop = ink[y : y + height, x : x + width]
    scaled = _scale(crop)
    return Preprocessed(ink, box, crop, scaled, centre(scaled), found.removed, found.left_out)


def from_ink(crop: np.ndarray) -> np.ndarray:
    """Return ink that is cropped to its bounding box in MNIST's form, (28, 28) uint8.

    Args:
        crop: array of shape (height, width), uint8, white ink on black, not all 0.
    """
    return centre(_scale(crop))


def _check(image: np.ndarray) -> None:
    """Raise PictureError when `image` is not one that `to_mnist` takes."""
    if not isinstance(image, np.ndarray):
        received = type(image).__name__
    elif image.dtype != np.uint8:
        received = f"an array of {image.dtype}"
    elif image.ndim not in (2, 3) or (image.ndim == 3 and image.shape[2] not in (1, 3, 4)):
        received = f"an array of shape {image.shape}"
    elif not image.size:
        received = f"an empty array of shape {image.shape}"
    else:
        return
    raise PictureError(
        f"The picture is {received}; expected a uint8 array of shape (H, W), (H, W, 3) or "
        "(H, W, 4): convert it first."
    )


def _scale(crop: np.ndarray) -> np.ndarray:
    """Return the crop with a longer side of 20 pixels, its aspect kept, the fullest ink 255."""
    height, width = crop.shape
    scale = DIGIT_SIDE / max(height, width)
    size = max(1, round(width * scale)), max(1, round(height * scale))
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    scaled = cv2.resize(crop, size, interpolation=method)
    return cv2.convertScaleAbs(scaled, alpha=255 / max(1, cv2.minMaxLoc(scaled)[1]))


def centre(scaled: np.ndarray) -> np.ndarray:
    """Return the scaled ink in 28x28, its centre of mass in the middle pixel, all of it inside."""
    height, width = scaled.shape
    mass = cv2.moments(scaled)
    x = round(CENTRE - mass["m10"] / mass["m00"])
    y = round(CENTRE - mass["m01"] / mass["m00"])
    x, y = min(max(x, 0), IMAGE_SIZE - width), min(max(y, 0), IMAGE_SIZE - height)
    image = np.zeros((IMAGE_SIZE, IMAGE_SIZE), np.uint8)
    image[y : y + height, x : x + width] = scaled
    return image
