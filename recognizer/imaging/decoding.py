"""The bytes of a picture, from anyone -> an array of pixels.

What the file says of itself is read before a pixel is decoded, so that a file which claims to be
enormous costs nothing.
"""

import base64
import binascii
import io
import threading
from dataclasses import dataclass
from importlib import import_module

import cv2
import numpy as np
from PIL import ExifTags, Image

from recognizer.errors import PictureError
from recognizer.imaging.formats import (
    CHOOSE,
    EXPECTED,
    FILE_TYPES,
    FORMATS,
    MAX_PIXELS,
    PNG,
    SAVE_AGAIN,
    Format,
    check_chunks,
    check_parts,
    check_size,
    damaged,
    kind_of,
    not_a_picture,
    png_header,
)
from recognizer.imaging.ink import WORKING_SIDE
from recognizer.system.process import return_memory

_MODES = ("1", "L", "LA", "P", "PA", "RGB", "RGBA", "RGBX", "CMYK", "YCbCr", "LAB")
_DEEP_MODES = ("I;16", "I;16L", "I;16B", "I", "F")  # more than 8 bits a pixel, grey
_LARGE = 4_000_000  # pixels: such pictures are decoded one at a time, for memory's sake
_BAND = 2_000_000  # pixels that are reduced at a time
_large = threading.Lock()
_small = threading.BoundedSemaphore(8)  # others, of 16 MB each at most


@dataclass(frozen=True, eq=False)
class Picture:
    """A picture that was decoded.

    Attributes:
        pixels: array of shape (H, W), (H, W, 3) or (H, W, 4), uint8: grey, RGB or RGBA.
        note: what people should know of it, a sentence: that it has more frames; or "".
    """

    pixels: np.ndarray
    note: str = ""


def decode_picture(data: bytes, side: int = WORKING_SIDE) -> np.ndarray:
    """Decode an uploaded picture, upright; see `open_picture`.

    Returns:
        array of shape (H, W), (H, W, 3) or (H, W, 4), uint8: grey, RGB or RGBA.
    """
    return open_picture(data, side).pixels


def open_picture(data: bytes, side: int = WORKING_SIDE) -> Picture:
    """Decode an uploaded picture, upright, and say what was left out of it.

    Args:
        data: a file's content: PNG, JPEG, WebP, AVIF, HEIC, GIF, BMP or TIFF, of which the first
            frame is taken. A picture that is much larger than what ink is looked for in is reduced:
            a JPEG while it is decoded, others after that.
        side: pixels of the longer side that a large picture keeps at least; that at which the ink
            of one digit is looked for, where nothing else is said.

    Raises:
        PictureError: empty, damaged, of another kind, or too large.
    """
    if not data:
        raise PictureError(f"The file is empty; {EXPECTED}: {CHOOSE}.")
    kind = kind_of(data)
    if kind not in FORMATS:
        raise not_a_picture(kind)
    if kind == "png":
        check_size(*png_header(data)[:2])
        check_chunks(data)
    elif kind == "jpeg":
        check_parts(data)
    return _opened(data, FORMATS[kind], side=side)


def decode_canvas(data: bytes | str, width: int, height: int | None = None) -> np.ndarray:
    """Decode the drawing that a browser sent.

    Args:
        data: a PNG, or a data URL that holds one.
        width: of the canvas in pixels: no other picture can come from it.
        height: likewise; None: a square.

    Returns:
        array of shape (height, width, 4), uint8, RGBA.

    Raises:
        PictureError: not a PNG of exactly that size.
    """
    size = width, height or width
    limit = 5 * size[0] * size[1] + 4096  # RGBA without any compression, and room for the wrapping
    if len(data) > (limit if isinstance(data, bytes) else limit * 4 // 3):
        raise _not_the_canvas(f"{len(data):,} characters", size)
    if isinstance(data, str):
        data = _from_data_url(data, size)
    if not data.startswith(PNG):
        kind = kind_of(data) if data else "empty"
        raise _not_the_canvas(FORMATS[kind].name if kind in FORMATS else kind, size)
    *sent, depth = png_header(data)
    if tuple(sent) != size:
        raise _not_the_canvas(f"a PNG of {sent[0]}x{sent[1]} pixels", size)
    if depth > 8:
        raise _not_the_canvas(f"a PNG of {depth} bits a channel", size)
    return _opened(data, FORMATS["png"], mode="RGBA").pixels


def _not_the_canvas(received: str, size: tuple[int, int]) -> PictureError:
    return PictureError(
        f"The drawing is {received}; expected a PNG of {size[0]}x{size[1]} pixels from the canvas: "
        "clear it and draw again."
    )


def _from_data_url(url: str, size: tuple[int, int]) -> bytes:
    """Return the bytes in `data:image/png;base64,...`."""
    try:
        return base64.b64decode(url.removeprefix("data:image/png;base64,"), validate=True)
    except (binascii.Error, ValueError) as error:
        raise _not_the_canvas("not base64", size) from error


def _opened(data: bytes, of: Format, mode: str | None = None, side: int = WORKING_SIDE) -> Picture:
    """Return the first frame of a file of a known kind, in `mode` or the nearest that we take."""
    try:
        opener = getattr(import_module(of.module), of.opener)
    except ImportError as error:
        raise PictureError(
            f"The file is {of.name}, and {of.module.split('.')[0]} is not installed; expected "
            f"another format: install it, or {SAVE_AGAIN}."
        ) from error
    try:
        with opener(io.BytesIO(data)) as image:
            check_size(*image.size, of.pixels)
            if image.size[0] * image.size[1] < _LARGE:
                with _small:
                    return _first_frame(image, mode, side)
            with _large:
                try:
                    return _first_frame(image, mode, side)
                finally:
                    image.close()
                    return_memory()
    except PictureError:
        raise
    except Exception as error:  # Pillow and its decoders raise many kinds for damaged files
        raise damaged(error) from error


def _first_frame(image: Image.Image, mode: str | None, side: int) -> Picture:
    """Decode what was opened."""
    if image.mode not in _MODES + _DEEP_MODES:
        raise PictureError(
            f"The picture's colours are {image.mode}; expected grey or RGB: {SAVE_AGAIN}."
        )
    several = bool(getattr(image, "is_animated", False))
    image.draft(None, _draft_size(image.size, side))
    turn = _orientation(image)
    image.load()
    if image.mode in _DEEP_MODES:
        pixels = _deep(image)
    else:
        pixels = _reduced(image, mode or _mode(image), side)
    if turn is not None:
        pixels = np.ascontiguousarray(turn(pixels))
    return Picture(pixels, "It has several frames or pages; the first is read." if several else "")


def _reduced(image: Image.Image, mode: str, side: int) -> np.ndarray:
    """Return an image's pixels in a mode, a large one's at 1/2, 1/3, ... in bands: memory is dear.

    It is what `recognizer.imaging.ink` would reduce it to.
    """
    width, height = image.size
    step = max(width, height) // side
    if width * height < _LARGE or step < 2 or min(width, height) < side:
        return np.array(image if image.mode == mode else image.convert(mode))
    size = width // step, height // step
    bands = []
    at_once = max(1, _BAND // (width * step))
    for top in range(0, size[1], at_once):
        rows = min(at_once, size[1] - top)
        box = (0, top * step, size[0] * step, (top + rows) * step)
        pixels = np.asarray(image.crop(box).convert(mode))
        bands.append(_shrunk(pixels, (size[0], rows)))
    return np.concatenate(bands)


def _shrunk(pixels: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Return a band reduced; what cannot be seen is not mixed into what can."""
    small = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)
    if pixels.ndim == 2 or pixels.shape[2] != 4 or cv2.minMaxLoc(pixels[..., 3])[0] == 255:
        return small
    alpha = np.ascontiguousarray(pixels[..., 3])
    for channel in range(3):
        seen = cv2.multiply(np.ascontiguousarray(pixels[..., channel]), alpha, scale=1 / 255)
        seen = cv2.resize(seen, size, interpolation=cv2.INTER_AREA)
        small[..., channel] = cv2.divide(seen, np.ascontiguousarray(small[..., 3]), scale=255)
    return small


def _deep(image: Image.Image) -> np.ndarray:
    """Return grey of more than 8 bits in 8: the highest of the bits that are used."""
    values = np.asarray(image)
    if values.dtype.kind == "f":
        values = np.nan_to_num(values, nan=0.0, posinf=0.0, neginf=0.0)
        top = float(values.max(initial=0.0))
        most = 1.0 if top <= 1 else 255.0 if top <= 255 else top
    else:
        top = int(values.max(initial=0))
        most = next((2**bits - 1 for bits in (8, 10, 12, 14, 16) if top < 2**bits), top)
    return (values.clip(0, most) * (255.0 / most)).round().astype(np.uint8)


def _draft_size(size: tuple[int, int], side: int) -> tuple[int, int]:
    """Return the least size at which a JPEG may be decoded: that with such a longer side."""
    scale = min(1.0, side / max(size))
    return max(1, round(size[0] * scale)), max(1, round(size[1] * scale))


def _orientation(image: Image.Image):
    """Return how a picture is turned upright, None where it is; a damaged note counts as none."""
    try:
        number = image.getexif().get(ExifTags.Base.Orientation, 1)
    except Exception:  # as above
        return None
    return _TURNS.get(number)


def _mode(image: Image.Image) -> str:
    """Return grey, RGB or RGBA, whichever holds all that is in the image."""
    if image.has_transparency_data:
        return "RGBA"
    return "L" if image.mode in ("1", "L") else "RGB"


_TURNS = {  # EXIF's number -> what shows the picture upright
    2: np.fliplr,
    3: lambda pixels: np.rot90(pixels, 2),
    4: np.flipud,
    5: lambda pixels: pixels.swapaxes(0, 1),
    6: lambda pixels: np.rot90(pixels, -1),
    7: lambda pixels: np.rot90(pixels.swapaxes(0, 1), 2),
    8: lambda pixels: np.rot90(pixels, 1),
}


__all__ = ["FILE_TYPES", "MAX_PIXELS", "Picture", "decode_canvas", "decode_picture", "open_picture"]
