"""The corner marks: ArUco's, drawn, and found again in a photo, however it is turned and lit.

Garrido-Jurado and others, 2014: Automatic generation and detection of highly reliable fiducial
markers under occlusion. https://doi.org/10.1016/j.patcog.2014.01.005
"""

import cv2
import numpy as np

from recognizer.errors import PictureError
from recognizer.forms.layout import CORNERS

MODULES = 8  # black and white squares along a mark's side, its black frame among them
_DICTIONARY = cv2.aruco.DICT_6X6_1000
_SIDES = (1600, 900, 2400)  # longer side that a photo is looked at with, one after the other
_FEW = 3  # marks that tell the layout


def modules(code: int) -> np.ndarray:
    """Return a mark's squares, array of shape (8, 8), bool, True where it is black."""
    dictionary = cv2.aruco.getPredefinedDictionary(_DICTIONARY)
    return cv2.aruco.generateImageMarker(dictionary, code, MODULES) < 128


def find_marks(image: np.ndarray) -> dict[int, tuple[int, np.ndarray]]:
    """Return the corner marks in a photo.

    Args:
        image: array of shape (H, W) or (H, W, 3), uint8.

    Returns:
        Corner (as in `CORNERS`) -> the mark's code, and its four corners in the picture's pixels,
        array of shape (4, 2), from its own top left clockwise.

    Raises:
        PictureError: a corner's mark is there twice.
    """
    grey = image if image.ndim == 2 else cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
    found: dict[int, tuple[int, np.ndarray]] = {}
    for side in _SIDES:
        scale = min(1.0, side / max(grey.shape))
        small = cv2.resize(grey, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        for corner, (code, points) in _found(small).items():
            found.setdefault(corner, (code, points / scale))
        if len(found) == len(CORNERS):
            break
    return found


def _found(grey: np.ndarray) -> dict[int, tuple[int, np.ndarray]]:
    settings = cv2.aruco.DetectorParameters()
    settings.cornerRefinementMethod = cv2.aruco.CORNER_REFINE_SUBPIX
    settings.adaptiveThreshWinSizeMax = 53
    settings.minMarkerPerimeterRate = 0.04
    dictionary = cv2.aruco.getPredefinedDictionary(_DICTIONARY)
    corners, codes, _ = cv2.aruco.ArucoDetector(dictionary, settings).detectMarkers(grey)
    found: dict[int, tuple[int, np.ndarray]] = {}
    for points, code in zip(corners, [] if codes is None else codes.ravel(), strict=True):
        corner = int(code) // 250
        if corner in found:
            raise PictureError(
                f"The photo holds two marks of the {CORNERS[corner]} corner; expected one sheet: "
                "photograph one at a time."
            )
        # A pixel's middle is half a pixel from its corner.
        found[corner] = int(code), points.reshape(4, 2).astype(float) + 0.5
    return found


def enough(found: dict[int, object]) -> bool:
    """Whether so many marks tell where every cell is."""
    return len(found) >= _FEW
