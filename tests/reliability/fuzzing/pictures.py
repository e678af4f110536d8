"""Pictures from anyone: every format and mode, turned, damaged, and lying about themselves."""

import io
import struct
import zlib
from dataclasses import dataclass

import cv2
import numpy as np
from helpers.factories import HEIC
from hypothesis import strategies as st
from PIL import Image
from reliability.fuzzing.damage import blows, damaged
from reliability.fuzzing.target import Target, told

from recognizer.errors import PictureError
from recognizer.imaging.decoding import MAX_PIXELS, decode_picture, open_picture
from recognizer.imaging.ink import WORKING_SIDE, find_ink
from recognizer.preprocessing import to_mnist

SIDES = (1, 2, 3, 7, 28, 64, 150, 641)
PNG_MODES = ("1", "L", "LA", "P", "RGB", "RGBA", "I;16")
JPEG_MODES = ("L", "RGB", "CMYK")
TAKEN = {"1": "L", "L": "L", "LA": "RGBA", "P": "RGB", "RGB": "RGB", "RGBA": "RGBA"}
CHUNKS = (b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS", b"iCCP", b"zTXt", b"iTXt", b"eXIf",
          b"acTL", b"fcTL", b"gAMA", b"pHYs", b"zzzz")  # fmt: skip
BOMB = zlib.compress(b"\0" * 5_000_000)
PAYLOADS = (b"", b"\0", b"\xff" * 26, b"name\0\0" + BOMB, BOMB, struct.pack(">II", 2**31, 0),
            b"II*\0" + b"\xff" * 200,
            b"MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06")  # fmt: skip
SIZES = (0, 1, 2, 27, 6_000, 2**16, 2**31 - 1, 2**31, 2**32 - 1)


@dataclass(frozen=True)
class Case:
    """A picture of two bars."""

    kind: str
    mode: str
    width: int
    height: int
    quality: int
    progressive: bool
    orientation: int
    size: tuple[int, int] | None  # that its header claims
    chunk: tuple[int, bytes, bytes] | None  # one more in a PNG: before which, and what
    scans: int  # of a JPEG: how often its last one is there
    blows: list[tuple]

    @property
    def is_valid(self) -> bool:
        return self.size is None and self.chunk is None and self.scans == 1 and not self.blows

    def pixels(self) -> np.ndarray:
        """The picture in grey, RGB or RGBA."""
        image = np.full((self.height, self.width), 255, np.uint8)
        image[self.height // 4 : self.height // 2 + 1, self.width // 3 :] = 0
        image[self.height // 3 :, self.width // 4 : self.width // 3 + 1] = 60
        return image

    def file(self) -> bytes:
        image = Image.fromarray(self.pixels())
        image = (
            image.point(lambda v: v * 200).convert("I;16")
            if self.mode == "I;16"
            else image.convert(self.mode)
        )
        content = io.BytesIO()
        if self.kind == "png":
            image.save(content, "PNG")
            return damaged(self._lying_png(content.getvalue()), self.blows)
        exif = Image.Exif()
        exif[0x0112] = self.orientation
        image.save(content, "JPEG", quality=self.quality, progressive=self.progressive, exif=exif)
        return damaged(self._lying_jpeg(content.getvalue()), self.blows)

    def _lying_png(self, content: bytes) -> bytes:
        if self.size:
            content = content[:16] + struct.pack(">II", *self.size) + content[24:]
        chunks, at = [], 8
        while at < len(content):
            (length,) = struct.unpack_from(">I", content, at)
            chunks.append((content[at + 4 : at + 8], content[at + 8 : at + 8 + length]))
            at += 12 + length
        if self.chunk:
            chunks.insert(self.chunk[0] % (len(chunks) + 1), self.chunk[1:])
        return content[:8] + b"".join(  # with right sums, so that it is read on
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
            for kind, data in chunks
        )

    def _lying_jpeg(self, content: bytes) -> bytes:
        start = content.rindex(b"\xff\xda")
        scan, end = content[start:-2], content[-2:]
        content = content[:start] + scan * self.scans + end
        if self.size:
            frame = max(content.find(b"\xff\xc0"), content.find(b"\xff\xc2"))
            sides = struct.pack(">HH", *(side % 2**16 for side in self.size))
            content = content[: frame + 5] + sides + content[frame + 9 :]
        return content


def _of(kind: str, modes: tuple[str, ...]) -> st.SearchStrategy:
    return st.builds(
        Case,
        kind=st.just(kind),
        mode=st.sampled_from(modes),
        width=st.sampled_from(SIDES),
        height=st.sampled_from(SIDES),
        quality=st.sampled_from([1, 60, 95]),
        progressive=st.booleans(),
        orientation=st.integers(0, 9),
        size=st.none() | st.tuples(st.sampled_from(SIZES), st.sampled_from(SIZES)),
        chunk=st.none()
        | st.tuples(st.integers(0, 3), st.sampled_from(CHUNKS), st.sampled_from(PAYLOADS)),
        scans=st.sampled_from([1, 1, 1, 2, 20, 2_000]),
        blows=st.one_of(st.just([]), blows),
    )  # fmt: skip


def check_picture(case: Case) -> None:
    """It is refused in a sentence, or it is a picture whose ink can be looked for."""
    image = told(lambda: decode_picture(case.file()), PictureError)
    if isinstance(image, str):
        assert not case.is_valid, image
        return
    assert image.dtype == np.uint8
    assert image.ndim == 2 or (image.ndim == 3 and image.shape[2] in (3, 4))
    assert 0 < image.shape[0] * image.shape[1] <= MAX_PIXELS
    check_ink(image)
    if case.is_valid and case.kind == "png" and case.mode in TAKEN:
        expected = Image.fromarray(case.pixels()).convert(case.mode).convert(TAKEN[case.mode])
        assert np.array_equal(image, np.array(expected))
    if case.is_valid and case.kind == "jpeg" and max(image.shape) <= 640:
        turned = case.orientation in range(5, 9)
        assert image.shape[:2] == (case.height, case.width)[:: -1 if turned else 1]


@dataclass(frozen=True)
class OtherCase:
    """A picture in one of the formats that other programs write, of one frame or more."""

    kind: str
    mode: str
    width: int
    height: int
    frames: int
    blows: list[tuple]

    def file(self) -> bytes:
        grey = np.full((self.height, self.width), 255, np.uint8)
        grey[self.height // 4 :, : self.width // 3 + 1] = 0
        image = Image.fromarray(grey).convert(self.mode)
        more = [image.rotate(90 * turn) for turn in range(1, self.frames)]
        options = {"save_all": True, "append_images": more} if more else {}
        content = io.BytesIO()
        if self.kind == "HEIC":
            return damaged(HEIC, self.blows)
        image.save(content, self.kind, **options)
        return damaged(content.getvalue(), self.blows)


def check_other(case: OtherCase) -> None:
    """It is refused in a sentence, or its first frame can be read, and that there are more is said.

    Any of them may be refused where it is damaged; a whole one is taken.
    """
    picture = told(lambda: open_picture(case.file()), PictureError)
    if isinstance(picture, str):
        assert case.blows, picture
        return
    assert picture.pixels.dtype == np.uint8
    check_ink(picture.pixels)
    if not case.blows:
        size = (64, 64) if case.kind == "HEIC" else (case.height, case.width)
        assert picture.pixels.shape[:2] == size
        assert bool(picture.note) == (case.frames > 1)


_others = st.one_of(
    st.builds(
        OtherCase,
        kind=st.just(kind),
        mode=st.sampled_from(modes),
        width=st.sampled_from(SIDES[2:]),
        height=st.sampled_from(SIDES[2:]),
        frames=st.sampled_from([1] if kind in ("BMP", "HEIC") else [1, 1, 3]),
        blows=st.one_of(st.just([]), blows),
    )
    for kind, modes in {
        "WEBP": ("L", "RGB", "RGBA"),
        "AVIF": ("L", "RGB", "RGBA"),
        "GIF": ("L", "P", "RGB"),
        "BMP": ("1", "L", "P", "RGB"),
        "HEIC": ("RGB",),  # one photo of 64 x 64 pixels
        "TIFF": ("1", "L", "P", "RGB", "RGBA", "CMYK", "I;16", "F"),
    }.items()
)


def check_ink(image: np.ndarray) -> None:
    """What is found in a picture is in MNIST's form."""
    seen = to_mnist(image)
    if seen is not None:
        assert (seen.shape, seen.dtype, seen.max()) == ((28, 28), np.uint8, 255)


_arrays = st.builds(
    lambda shape, kind, fill, seed: np.random.default_rng(seed).integers(*fill, shape).astype(kind),
    shape=st.lists(st.sampled_from([0, 1, 2, 3, 4, 5, 28, 90, 300]), min_size=1, max_size=3).map(
        tuple
    ),
    kind=st.sampled_from([np.uint8] * 6 + [np.int64, np.float32, bool]),
    fill=st.sampled_from([(0, 1), (0, 2), (0, 256), (250, 256), (100, 140)]),
    seed=st.integers(0, 99),
)


def check_array(image: np.ndarray) -> None:
    """Any array is refused in a sentence, or its ink is looked for."""
    seen = told(lambda: to_mnist(image), PictureError)
    fits = image.dtype == np.uint8 and image.size and image.ndim in (2, 3)
    fits = fits and (image.ndim == 2 or image.shape[2] in (1, 3, 4))
    assert isinstance(seen, str) == (not fits)
    if fits:
        check_ink(image)


@dataclass(frozen=True)
class Scene:
    """A photo of what may lie around a digit, all of it anywhere, of any size and colour.

    `marks` are lines, boxes and ellipses: which, four places from 0 to 1, a width in pixels and
    R, G and B.
    """

    sides: tuple[int, int]
    paper: tuple[int, int, int]
    marks: list[tuple]
    shadow: tuple[float, float, float]  # its direction, where it begins, what it leaves
    noise: int
    is_grey: bool

    def pixels(self) -> np.ndarray:
        height, width = self.sides
        image = np.full((height, width, 3), self.paper, np.uint8)
        for kind, places, pen, colour in self.marks:
            (x, y), (far_x, far_y) = (
                (round(a * width), round(b * height)) for a, b in (places[:2], places[2:])
            )
            if kind == "line":
                cv2.line(image, (x, y), (far_x, far_y), colour, pen)
            elif kind == "box":
                cv2.rectangle(image, (x, y), (far_x, far_y), colour, pen if pen < 20 else -1)
            elif kind == "rules":
                for at in range(y % 40, height, 40):
                    cv2.line(image, (0, at), (width, at), colour, min(pen, 5))
            else:
                axes = abs(far_x - x) // 2, abs(far_y - y) // 2
                cv2.ellipse(image, (x, y), axes, 0, 0, 360, colour, pen)
        angle, begin, left = self.shadow
        y, x = np.mgrid[:height, :width]
        far = x / width * np.cos(angle) + y / height * np.sin(angle) > begin
        image = np.where(far[..., None], image * left, image)
        rng = np.random.default_rng(self.noise)
        image = (image + rng.normal(0, self.noise, image.shape)).clip(0, 255).astype(np.uint8)
        return np.ascontiguousarray(image[..., 0]) if self.is_grey else image


_shares = st.floats(0, 1, width=16)
_colours = st.tuples(*[st.sampled_from([0, 20, 90, 128, 200, 255])] * 3)
_scenes = st.builds(
    Scene,
    sides=st.tuples(*[st.sampled_from([5, 23, 60, 200, 333, 640, 1300])] * 2),
    paper=_colours,
    marks=st.lists(
        st.tuples(
            st.sampled_from(["line", "box", "rules", "ellipse"]),
            st.tuples(*[_shares] * 4),
            st.sampled_from([1, 2, 4, 9, 30, 90]),
            _colours,
        ),
        max_size=9,
    ),
    shadow=st.tuples(st.floats(0, 7, width=16), _shares, _shares),
    noise=st.sampled_from([0, 0, 1, 3, 12, 60]),
    is_grey=st.booleans(),
)


def check_scene(scene: Scene) -> None:
    """Whatever a photo shows, what is left out of it and what is not are parts of it."""
    image = scene.pixels()
    check_ink(image)
    found = find_ink(image)
    assert found.ink.dtype == np.uint8
    assert max(found.ink.shape) <= WORKING_SIDE
    assert (found.left_out is None) == (not found.removed)
    if found.left_out is not None:
        assert found.left_out.shape == found.ink.shape


TARGETS = (
    Target("png", _of("png", PNG_MODES), check_picture),
    Target("jpeg", _of("jpeg", JPEG_MODES), check_picture),
    Target("other-pictures", _others, check_other),
    Target("arrays", _arrays, check_array),
    Target("scenes", _scenes, check_scene),
)
