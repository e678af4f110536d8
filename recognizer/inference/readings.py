"""What a model says of one image becomes a reading, together with the pen's path if it is known."""

from dataclasses import replace

import numpy as np

from recognizer import trajectory
from recognizer.models.card import RejectionThreshold
from recognizer.records import Reading


def make_reading(
    image: np.ndarray,
    probabilities: np.ndarray,
    digit_score: float,
    rejection: RejectionThreshold | None,
    strokes: trajectory.Strokes | None = None,
    uncorrected: np.ndarray | None = None,
) -> Reading:
    """Return a reading of one image.

    Args:
        image: (28, 28) uint8.
        probabilities: (10,) float32, of the picture.
        digit_score: how much it looks like a digit, 0 to 1.
        rejection: the model's rejection threshold; None where it never rejects.
        strokes: how it was drawn; see `Recognizer.read_mnist`.
        uncorrected: (10,) float32, the network's own probabilities where a person's drawings have
            corrected them. Where they have made it another digit, that counts in full, not by half
            beside the path: who corrects a digit sees it corrected.

    Raises:
        PictureError: the strokes are no strokes.
    """
    is_digit = rejection is None or bool(digit_score >= rejection.threshold)
    picture = _reading(probabilities, image, is_digit=is_digit)
    if strokes is None or not len(strokes):
        return picture
    shares, path_score = trajectory.read_drawing(strokes)
    joined = trajectory.join(probabilities, shares)
    if uncorrected is not None and uncorrected.argmax() != picture.digit:
        correction = probabilities / np.maximum(uncorrected, np.finfo(np.float32).tiny)
        joined = trajectory.join(uncorrected, shares) * correction.astype(float)
        joined /= joined.sum()
    path_is_digit = True
    if rejection is not None:
        is_digit = bool(trajectory.is_digit(digit_score, rejection.threshold, path_score))
        path_is_digit = path_score >= trajectory.path_threshold()
    return replace(
        _reading(joined, image, is_digit=is_digit),
        from_picture=picture,
        from_path=_reading(shares, None, is_digit=path_is_digit),
    )


def _reading(probabilities: np.ndarray, image: np.ndarray | None, *, is_digit: bool) -> Reading:
    digit = int(probabilities.argmax())
    return Reading(
        digit=digit,
        confidence=float(probabilities[digit]),
        probabilities=tuple(map(float, probabilities)),
        image=image,
        is_digit=is_digit,
    )
