"""The bytes of a picture, from anyone -> an array of pixels.

What the file says of itself is read before a pixel is decoded, so that a file which claims to be
enormous costs nothing.
"""

import base64
import binascii
import io
import re
import struct
import threading
import zlib
from dataclasses import dataclass
from importlib import import_module

import cv2
import numpy as np
from PIL import ExifTags, Image

from recognizer.errors import PictureError, reason
from recognizer.imaging.ink import WORKING_SIDE

MAX_PIXELS = 50_000_000  # phones take up to 48 megapixels; 50 take 200 MB while decoding
MAX_SIDE = 30_000  # pixels; a panorama is shorter
MAX_PARTS = 5_000  # of a JPEG, scans aside up to 64 KB each; a photo has a few dozen
MAX_CHUNKS = 100_000  # of a PNG; programs write its pixels in chunks of 8 KB and more
MAX_SCANS = 100  # of a progressive JPEG, each over all its pixels; cameras and programs make 10

FILE_TYPES = ("png", "jpg", "jpeg", "webp", "avif", "gif", "bmp", "tif", "tiff", "heic", "heif")

_PNG = b"\x89PNG\r\n\x1a\n"
_JPEG = b"\xff\xd8\xff"
_MARKER = re.compile(rb"\xff([\x01-\xcf\xd8-\xfe])")  # in scans, ff comes before 00 or d0 to d7
_END, _SCAN, _BARE = 0xD9, 0xDA, (0x01, 0xD8)  # markers; those without a length after them
_EXPECTED = "expected a picture: PNG, JPEG, WebP, AVIF, HEIC, GIF, BMP or TIFF"
_CHOOSE = "choose another file"
_SAVE_AGAIN = "save it again as PNG or JPEG"
_MODES = ("1", "L", "LA", "P", "PA", "RGB", "RGBA", "RGBX", "CMYK", "YCbCr", "LAB")
_DEEP_MODES = ("I;16", "I;16L", "I;16B", "I", "F")  # more than 8 bits a pixel, grey
_LARGE = 4_000_000  # pixels: such pictures are decoded one at a time, for memory's sake
_BAND = 512  # rows of the reduced picture that are made at a time
_large = threading.Lock()
_UNREADABLE = (  # what Pillow and its decoders raise for damaged files
    OSError, SyntaxError, ValueError, EOFError, struct.error, zlib.error, RuntimeError, MemoryError,
    KeyError, IndexError, TypeError, AttributeError, OverflowError, ZeroDivisionError,
    AssertionError,
)  # fmt: skip


@dataclass(frozen=True)
class Format:
    """A kind of picture that is taken.

    Attributes:
        name: in words, with its article.
        module: that decodes it; a class of it alone, as Image.open would hand what claims to be
            another format to another decoder.
        opener: the class in the module.
        pixels: at most; a decoder that keeps several copies takes fewer.
    """

    name: str
    module: str
    opener: str
    pixels: int = MAX_PIXELS


_FORMATS = {
    "png": Format("a PNG", "PIL.PngImagePlugin", "PngImageFile"),
    "jpeg": Format("a JPEG", "PIL.JpegImagePlugin", "JpegImageFile"),
    "webp": Format("a WebP picture", "PIL.WebPImagePlugin", "WebPImageFile", MAX_PIXELS // 2),
    "avif": Format("an AVIF picture", "PIL.AvifImagePlugin", "AvifImageFile", MAX_PIXELS // 2),
    "gif": Format("a GIF", "PIL.GifImagePlugin", "GifImageFile", MAX_PIXELS // 2),
    "bmp": Format("a BMP picture", "PIL.BmpImagePlugin", "BmpImageFile", MAX_PIXELS // 2),
    "tiff": Format("a TIFF picture", "PIL.TiffImagePlugin", "TiffImageFile", MAX_PIXELS // 2),
    "heic": Format("a HEIC photo", "pi_heif.as_plugin", "HeifImageFile"),
}


@dataclass(frozen=True, eq=False)
class Picture:
    """A picture that was decoded.

    Attributes:
        pixels: array of shape (H, W), (H, W, 3) or (H, W, 4), uint8: grey, RGB or RGBA.
        note: what people should know of it, a sentence: that it has more frames; or "".
    """

    pixels: np.ndarray
    note: str = ""


def decode_picture(data: bytes) -> np.ndarray:
    """Decode an uploaded picture, upright; see `open_picture`.

    Returns:
        array of shape (H, W), (H, W, 3) or (H, W, 4), uint8: grey, RGB or RGBA.
    """
    return open_picture(data).pixels


def open_picture(data: bytes) -> Picture:
    """Decode an uploaded picture, upright, and say what was left out of it.

    Args:
        data: a file's content: PNG, JPEG, WebP, AVIF, HEIC, GIF, BMP or TIFF, of which the first
            frame is taken. A picture that is much larger than what ink is looked for in is reduced:
            a JPEG while it is decoded, others after that.

    Raises:
        PictureError: empty, damaged, of another kind, or too large.
    """
    if not data:
        raise PictureError(f"The picture is empty; {_EXPECTED}: {_CHOOSE}.")
    kind = _kind(data)
    if kind not in _FORMATS:
        raise _not_a_picture(kind)
    if kind == "png":
        _check_size(*_png_header(data)[:2])
        _check_chunks(data)
    elif kind == "jpeg":
        _check_parts(data)
    return _opened(data, _FORMATS[kind])


def _not_a_picture(kind: str) -> PictureError:
    """Return the error for a file of another kind, with the way out."""
    way_out = {
        "an SVG drawing": "open it in a browser, and save a screenshot as PNG",
        "a PDF": "save the page as PNG or JPEG",
    }.get(kind, _CHOOSE)
    return PictureError(f"The file is {kind}; {_EXPECTED}: {way_out}.")


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
        kind = _kind(data) if data else "empty"
        raise _not_the_canvas(_FORMATS[kind].name if kind in _FORMATS else kind, size)
    width, height, depth = _png_header(data)
    if (width, height) != (size, size):
        raise _not_the_canvas(f"a PNG of {width}x{height} pixels", size)
    if depth > 8:
        raise _not_the_canvas(f"a PNG of {depth} bits a channel", size)
    return _opened(data, _FORMATS["png"], mode="RGBA").pixels


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


def _check_size(width: int, height: int, pixels: int = MAX_PIXELS) -> None:
    """Raise PictureError for a size that is not taken."""
    if not width or not height:
        raise PictureError(
            f"The picture is {width}x{height} pixels; expected at least 1x1: {_CHOOSE}."
        )
    if width * height > pixels or max(width, height) > MAX_SIDE:
        raise PictureError(
            f"The picture is {width:,}x{height:,} pixels; expected at most "
            f"{pixels // 1_000_000} megapixels and {MAX_SIDE:,} pixels a side: make it smaller."
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


def _opened(data: bytes, of: Format, mode: str | None = None) -> Picture:
    """Return the first frame of a file of a known kind, in `mode` or the nearest that we take."""
    try:
        opener = getattr(import_module(of.module), of.opener)
    except ImportError as error:
        raise PictureError(
            f"The file is {of.name}, and {of.module.split('.')[0]} is not installed; expected "
            f"another format: install it, or {_SAVE_AGAIN}."
        ) from error
    try:
        with opener(io.BytesIO(data)) as image:
            _check_size(*image.size, of.pixels)
            if image.size[0] * image.size[1] < _LARGE:
                return _first_frame(image, mode)
            with _large:
                return _first_frame(image, mode)
    except _UNREADABLE as error:
        raise _damaged(error) from error


def _first_frame(image: Image.Image, mode: str | None) -> Picture:
    """Decode what was opened."""
    if image.mode not in _MODES + _DEEP_MODES:
        raise PictureError(
            f"The picture's colours are {image.mode}; expected grey or RGB: {_SAVE_AGAIN}."
        )
    several = bool(getattr(image, "is_animated", False))
    image.draft(None, _draft_size(image.size))
    turn = _orientation(image)
    image.load()
    pixels = _deep(image) if image.mode in _DEEP_MODES else _reduced(image, mode or _mode(image))
    if turn is not None:
        pixels = np.ascontiguousarray(turn(pixels))
    return Picture(pixels, "It has several frames or pages; the first is read." if several else "")


def _reduced(image: Image.Image, mode: str) -> np.ndarray:
    """Return an image's pixels in a mode, a large one's at 1/2, 1/3, ... in bands: memory is dear.

    It is what `recognizer.imaging.ink` would reduce it to.
    """
    width, height = image.size
    step = max(width, height) // WORKING_SIDE
    if width * height < _LARGE or step < 2 or min(width, height) < WORKING_SIDE:
        return np.array(image if image.mode == mode else image.convert(mode))
    size = width // step, height // step
    bands = []
    for top in range(0, size[1], _BAND):
        rows = min(_BAND, size[1] - top)
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


def _draft_size(size: tuple[int, int]) -> tuple[int, int]:
    """Return the least size at which a JPEG may be decoded, that at which ink is looked for."""
    scale = min(1.0, WORKING_SIDE / max(size))
    return max(1, round(size[0] * scale)), max(1, round(size[1] * scale))


def _orientation(image: Image.Image):
    """Return how a picture is turned upright, None where it is; a damaged note counts as none."""
    try:
        number = image.getexif().get(ExifTags.Base.Orientation, 1)
    except _UNREADABLE:
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


def _damaged(why: object) -> PictureError:
    return PictureError(
        f"The picture is damaged or cut short ({reason(why)}); expected a whole file: save or send "
        "it again."
    )


def _kind(data: bytes) -> str:
    """Return the key of a file's format, or in words what else it is."""
    for start, kind in ((_PNG, "png"), (_JPEG, "jpeg"), (b"GIF8", "gif"), (b"BM", "bmp"),
                        (b"II*\0", "tiff"), (b"MM\0*", "tiff"), (b"%PDF", "a PDF")):  # fmt: skip
        if data.startswith(start):
            return kind
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "webp"
    if data[4:8] == b"ftyp":
        brands = data[8:64]
        if b"avif" in brands or b"avis" in brands:
            return "avif"
        if any(brand in brands for brand in (b"hei", b"hev", b"mif1", b"msf1")):
            return "heic"
    try:
        data[:1024].decode()
    except UnicodeDecodeError as error:
        if error.start < min(len(data), 1024) - 3:
            return "no picture that we know"
    return "an SVG drawing" if b"<svg" in data[:4096].lower() else "text"
