"""Which formats of pictures are taken, and what a file says of itself before it is decoded."""

import re
import struct
from dataclasses import dataclass

from recognizer.errors import PictureError, reason

MAX_PIXELS = 50_000_000  # phones take up to 48 megapixels; 50 take 200 MB while decoding
MAX_SIDE = 30_000  # pixels; a panorama is shorter
MAX_PARTS = 5_000  # of a JPEG, scans aside up to 64 KB each; a photo has a few dozen
MAX_CHUNKS = 100_000  # of a PNG; programs write its pixels in chunks of 8 KB and more
MAX_SCANS = 100  # of a progressive JPEG, each over all its pixels; cameras and programs make 10

FILE_TYPES = ("png", "jpg", "jpeg", "webp", "avif", "gif", "bmp", "tif", "tiff", "heic", "heif")

PNG = b"\x89PNG\r\n\x1a\n"
_JPEG = b"\xff\xd8\xff"
_MARKER = re.compile(rb"\xff([\x01-\xcf\xd8-\xfe])")  # in scans, ff comes before 00 or d0 to d7
_END, _SCAN, _BARE = 0xD9, 0xDA, (0x01, 0xD8)  # markers; those without a length after them
EXPECTED = "expected a picture (PNG, JPEG, WebP, AVIF, HEIC, GIF, BMP or TIFF)"
VIDEO_BRANDS = (b"isom", b"iso2", b"mp41", b"mp42", b"avc1", b"M4V ", b"qt  ", b"3gp4", b"3gp5")
_UNKNOWN = "not a picture of a known format"
CHOOSE = "choose another file"
SAVE_AGAIN = "save it again as PNG or JPEG"


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


FORMATS = {
    "png": Format("a PNG", "PIL.PngImagePlugin", "PngImageFile"),
    "jpeg": Format("a JPEG", "PIL.JpegImagePlugin", "JpegImageFile"),
    "webp": Format("a WebP picture", "PIL.WebPImagePlugin", "WebPImageFile", MAX_PIXELS // 2),
    "avif": Format("an AVIF picture", "PIL.AvifImagePlugin", "AvifImageFile", MAX_PIXELS // 2),
    "gif": Format("a GIF", "PIL.GifImagePlugin", "GifImageFile", MAX_PIXELS // 2),
    "bmp": Format("a BMP picture", "PIL.BmpImagePlugin", "BmpImageFile", MAX_PIXELS // 2),
    "tiff": Format("a TIFF picture", "PIL.TiffImagePlugin", "TiffImageFile", MAX_PIXELS // 2),
    "heic": Format("a HEIC photo", "pi_heif.as_plugin", "HeifImageFile"),
}


def not_a_picture(kind: str) -> PictureError:
    """Return the error for a file of another kind, with the way out."""
    way_out = {
        "an SVG drawing": "open it in a browser, and save a screenshot as PNG",
        "a PDF": "save the page as PNG or JPEG",
        "a video": "save a frame of it as PNG or JPEG",
        "a zip or an Office document": "take the picture out of it",
        "text": "choose another file; a table of digits is read on the Batch page or by "
        "`python -m recognizer predict`",
    }.get(kind, CHOOSE)
    return PictureError(f"The file is {kind}; {EXPECTED}: {way_out}.")


def png_header(data: bytes) -> tuple[int, int, int]:
    """Return width, height and bits a channel, which a PNG states in its first chunk."""
    if len(data) < 33 or data[12:16] != b"IHDR":
        raise damaged("its header is missing")
    return struct.unpack_from(">IIB", data, 16)


def check_size(width: int, height: int, pixels: int = MAX_PIXELS) -> None:
    """Raise PictureError for a size that is not taken."""
    if not width or not height:
        raise PictureError(
            f"The picture is {width}x{height} pixels; expected at least 1x1: {CHOOSE}."
        )
    if width * height > pixels or max(width, height) > MAX_SIDE:
        raise PictureError(
            f"The picture is {width:,}x{height:,} pixels; expected at most "
            f"{pixels // 1_000_000} megapixels and {MAX_SIDE:,} pixels a side: make it smaller."
        )


def check_chunks(data: bytes) -> None:
    """Raise PictureError for a PNG of so many chunks that they take minutes, even empty."""
    at = len(PNG)
    for _ in range(MAX_CHUNKS):
        if at >= len(data):
            return
        at += 12 + int.from_bytes(data[at : at + 4])  # its length, kind, content and sum
    raise PictureError(
        f"The picture is in more than {MAX_CHUNKS:,} chunks; expected a usual PNG: {SAVE_AGAIN}."
    )


def check_parts(data: bytes) -> None:
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
        f"JPEG: {SAVE_AGAIN}."
    )


def damaged(why: BaseException | str) -> PictureError:
    """Return the error for a file that cannot be decoded."""
    why = reason(why) if isinstance(why, BaseException) else why
    return PictureError(
        f"The picture is damaged or cut short ({why}); expected a whole file: save or send "
        "it again."
    )


def kind_of(data: bytes) -> str:
    """Return the key of a file's format, or in words what else it is."""
    for start, kind in ((PNG, "png"), (_JPEG, "jpeg"), (b"GIF8", "gif"), (b"BM", "bmp"),
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
        if data[8:12] in VIDEO_BRANDS:
            return "a video"
    if data.startswith(b"\x1a\x45\xdf\xa3") or (data[:4], data[8:12]) == (b"RIFF", b"AVI "):
        return "a video"
    if data.startswith(b"PK\3\4"):
        return "a zip or an Office document"
    if b"\0" in data[:1024]:
        return _UNKNOWN
    try:
        data[:1024].decode()
    except UnicodeDecodeError as error:
        if error.start < min(len(data), 1024) - 3:
            return _UNKNOWN
    return "an SVG drawing" if b"<svg" in data[:4096].lower() else "text"
