"""The bytes of a picture, from anyone -> an array of pixels.

What the file says of itself is read before a pixel is decoded, so that a file which claims to be
enormous costs nothing.
"""

import base64
import binascii
import io
import re
import struct

import numpy as np
from PIL import ExifTags, Image, ImageOps
from PIL.JpegImagePlugin import JpegImageFile
from PIL.PngImagePlugin import PngImageFile

from recognizer.errors import PictureError
from recognizer.imaging.ink import WORKING_SIDE

MAX_PIXELS = 50_000_000  # phones take up to 48 megapixels; 50 as RGBA are 200 MB while decoding

MAX_PARTS = 5_000  # of a JPEG, scans aside up to 64 KB each; a photo has a few dozen
MAX_CHUNKS = 100_000  # of a PNG; programs write its pixels in chunks of 8 KB and more
MAX_SCANS = 100  # of a progressive JPEG, each over all its pixels; cameras and programs make 10

_PNG = b"\x89PNG\r\n\x1a\n"
_JPEG = b"\xff\xd8\xff"
_KINDS = {  # what the bytes from 0, 4 or 8 on say, of kinds that people try
    _PNG: "a PNG",
    _JPEG: "a JPEG",
    b"GIF8": "a GIF",
    b"WEBP": "a WebP picture",
    b"ftyphei": "a HEIC photo",
    b"ftypmif1": "a HEIC photo",
    b"ftypavif": "an AVIF picture",
    b"BM": "a BMP picture",
    b"II*\0": "a TIFF picture",
    b"MM\0*": "a TIFF picture",
    b"%PDF": "a PDF",
}
_MARKER = re.compile(rb"\xff([\x01-\xcf\xd8-\xfe])")  # in scans, ff comes before 00 or d0 to d7
_END, _SCAN, _BARE = 0xD9, 0xDA, (0x01, 0xD8)  # markers; those without a length after them
_NO_PICTURES = ("a HEIC photo", "a PDF", "text", "no picture that we know")
_EXPECTED = "expected a PNG or JPEG"
_CHOOSE = "choose another file"
_SAVE_AGAIN = "save it again as a plain 8-bit PNG or JPEG"


def decode_picture(data: bytes) -> np.ndarray:
    """Decode an uploaded PNG or JPEG, upright.

    Args:
        data: the file's content. Of a phone's multi-picture JPEG the first picture is taken. A
            JPEG that is much larger than what ink is looked for in is decoded at 1/2 to 1/8.

    Returns:
        array of shape (H, W), (H, W, 3) or (H, W, 4), uint8: grey, RGB or RGBA.

    Raises:
        PictureError: empty, damaged, of another kind, too large, animated, 16-bit or CMYK.
    """
    if not data:
        raise PictureError(f"The picture is empty; {_EXPECTED}: {_CHOOSE}.")
    if data.startswith(_PNG):
        _check_header(*_png_header(data))
        _check_chunks(data)
        return _pixels(data, PngImageFile)
    if data.startswith(_JPEG):
        _check_parts(data)
        return _pixels(data, JpegImageFile)
    kind = _kind(data)
    fix = _CHOOSE if kind in _NO_PICTURES else _SAVE_AGAIN
    raise PictureError(f"The file is {kind}; {_EXPECTED}: {fix}.")


def decode_canvas(data: bytes | str, size: int) -> np.ndarray:
    """Decode the drawing that a browser sent.

    Args:
        data: a PNG, or a data URL that holds one.
        size: width and height of the canvas in pixels: no other picture can come from it.

    Returns:
        array of shape (size, size, 4), uint8, RGBA.

    Raises:
        PictureError: not a PNG of exactly that size.
    """
    limit = 5 * size * size + 4096  # RGBA without any compression, and room for the wrapping
    if len(data) > (limit if isinstance(data, bytes) else limit * 4 // 3):
        raise _not_the_canvas(f"{len(data):,} characters", size)
    if isinstance(data, str):
        data = _from_data_url(data, size)
    if not data.startswith(_PNG):
        raise _not_the_canvas(_kind(data) if data else "empty", size)
    width, height, depth = _png_header(data)
    if (width, height) != (size, size):
        raise _not_the_canvas(f"a PNG of {width}x{height} pixels", size)
    _check_header(width, height, depth)
    return _pixels(data, PngImageFile, mode="RGBA")


def _not_the_canvas(received: str, size: int) -> PictureError:
    return PictureError(
        f"The drawing is {received}; expected a PNG of {size}x{size} pixels from the canvas: "
        "clear it and draw again."
    )


def _from_data_url(url: str, size: int) -> bytes:
    """Return the bytes in `data:image/png;base64,...`."""
    try:
        return base64.b64decode(url.removeprefix("data:image/png;base64,"), validate=True)
    except (binascii.Error, ValueError) as error:
        raise _not_the_canvas("not base64", size) from error


def _png_header(data: bytes) -> tuple[int, int, int]:
    """Return width, height and bits a channel, which a PNG states in its first chunk."""
    if len(data) < 33 or data[12:16] != b"IHDR":
        raise _damaged("its header is missing")
    return struct.unpack_from(">IIB", data, 16)


def _check_header(width: int, height: int, depth: int = 8) -> None:
    """Raise PictureError for a size or depth that is not taken."""
    if not width or not height:
        raise PictureError(
            f"The picture is {width}x{height} pixels; expected at least 1x1: {_CHOOSE}."
        )
    if width * height > MAX_PIXELS:
        raise PictureError(
            f"The picture is {width:,}x{height:,} pixels; expected at most "
            f"{MAX_PIXELS // 1_000_000} megapixels: make it smaller."
        )
    if depth > 8:
        raise PictureError(
            f"The picture has {depth} bits a channel; expected at most 8: {_SAVE_AGAIN}."
        )


def _check_chunks(data: bytes) -> None:
    """Raise PictureError for a PNG of so many chunks that they take minutes, even empty."""
    at = len(_PNG)
    for _ in range(MAX_CHUNKS):
        if at >= len(data):
            return
        at += 12 + int.from_bytes(data[at : at + 4])  # its length, kind, content and sum
    raise PictureError(
        f"The picture is in more than {MAX_CHUNKS:,} chunks; expected a usual PNG: {_SAVE_AGAIN}."
    )


def _check_parts(data: bytes) -> None:
    """Raise PictureError for a JPEG of so many scans or notes that they take minutes."""
    at = scans = 0
    for _ in range(MAX_PARTS):
        marker = _MARKER.search(data, at)
        if marker is None or marker[1][0] == _END:
            return
        scans += marker[1][0] == _SCAN
        if scans > MAX_SCANS:
            break
        at = marker.end()
        if marker[1][0] not in _BARE:
            at += max(2, int.from_bytes(data[at : at + 2]))
    raise PictureError(
        f"The picture is in more than {MAX_SCANS} scans or {MAX_PARTS:,} parts; expected a usual "
        f"JPEG: {_SAVE_AGAIN}."
    )


def _pixels(data: bytes, kind: type, mode: str | None = None) -> np.ndarray:
    """Return the pixels of a file of a known kind, in `mode` or the nearest that we take."""
    try:
        # The class itself, as Image.open would hand other formats to other decoders.
        with kind(io.BytesIO(data)) as image:
            _check_header(*image.size)
            _check_kind(image)
            image.draft(None, _draft_size(image.size))
            image.load()
            upright = ImageOps.exif_transpose(image) if _is_turned(image) else image
            return np.array(upright.convert(mode or _mode(image)))
    except PictureError:
        raise
    except Exception as error:  # Pillow raises many kinds for damaged files
        raise _damaged(error) from error


def _check_kind(image: Image.Image) -> None:
    """Raise PictureError for an animation, and for colours of print."""
    frames = getattr(image, "n_frames", 1)
    if frames > 1:
        raise PictureError(
            f"The picture is an animation of {frames} frames; expected one still picture: "
            f"{_SAVE_AGAIN}."
        )
    if image.mode not in ("1", "L", "LA", "P", "RGB", "RGBA"):
        raise PictureError(
            f"The picture's colours are {image.mode}; expected grey or RGB: {_SAVE_AGAIN}."
        )


def _draft_size(size: tuple[int, int]) -> tuple[int, int]:
    """Return the least size at which a JPEG may be decoded, that at which ink is looked for."""
    scale = min(1.0, WORKING_SIDE / max(size))
    return max(1, round(size[0] * scale)), max(1, round(size[1] * scale))


def _is_turned(image: Image.Image) -> bool:
    """Whether a camera noted that it was held sideways; a damaged note counts as none."""
    try:
        return image.getexif().get(ExifTags.Base.Orientation, 1) in range(2, 9)
    except Exception:  # Pillow raises many kinds for damaged notes
        return False


def _mode(image: Image.Image) -> str:
    """Return grey, RGB or RGBA, whichever holds all that is in the image."""
    if image.has_transparency_data:
        return "RGBA"
    return "L" if image.mode in ("1", "L") else "RGB"


def _damaged(why: object) -> PictureError:
    return PictureError(
        f"The picture is damaged or cut short ({why}); expected a whole PNG or JPEG: save or send "
        "it again."
    )


def _kind(data: bytes) -> str:
    """Return in words what a file is."""
    for start, words in _KINDS.items():
        if any(data.startswith(start, offset) for offset in (0, 4, 8)):
            return words
    try:
        data[:1024].decode()
    except UnicodeDecodeError as error:
        if error.start < min(len(data), 1024) - 3:
            return "no picture that we know"
    return "text"
