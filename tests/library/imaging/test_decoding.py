"""Bytes that anyone may send: pixels, or one line that says what is wrong."""

import base64
import io
import struct
import subprocess
import sys
import tempfile
import time
import zlib

import cv2
import numpy as np
import pytest
from helpers.factories import HEIC, one_line
from PIL import Image

from recognizer.errors import PictureError
from recognizer.imaging.decoding import decode_canvas, decode_picture, open_picture
from recognizer.imaging.ink import WORKING_SIDE

RNG = np.random.default_rng(1)
PIXELS = RNG.integers(0, 256, (20, 30, 3), np.uint8)


def saved(image: Image.Image, kind: str = "PNG", **options) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def chunk(name: bytes, content: bytes) -> bytes:
    checksum = struct.pack(">I", zlib.crc32(name + content))
    return struct.pack(">I", len(content)) + name + content + checksum


def png(width: int, height: int, depth: int = 8, colour: int = 2, pixels: bytes = b"") -> bytes:
    """A PNG that claims to be of this size, whatever it holds."""
    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    parts = (b"IHDR", header), (b"IDAT", zlib.compress(pixels)), (b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunk(*part) for part in parts)


def of_scans(scans: int) -> bytes:
    """A progressive JPEG whose last scan is there so often."""
    content = saved(Image.fromarray(PIXELS), "JPEG", progressive=True)
    last = content.rindex(b"\xff\xda")
    return content[:last] + content[last:-2] * scans + content[-2:]


def refused(data: bytes) -> str:
    with pytest.raises(PictureError) as caught:
        decode_picture(data)
    return one_line(caught.value)


@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
def test_grey_and_colour_come_back_in_rgb_order(kind):
    colour = np.zeros((16, 16, 3), np.uint8)
    colour[..., 0] = 250
    close = {"atol": 6}  # of JPEG
    np.testing.assert_allclose(
        decode_picture(saved(Image.fromarray(colour), kind)), colour, **close
    )
    grey = np.full((16, 8), 77, np.uint8)
    np.testing.assert_allclose(decode_picture(saved(Image.fromarray(grey), kind)), grey, **close)


def test_a_png_comes_back_exactly():
    np.testing.assert_array_equal(decode_picture(saved(Image.fromarray(PIXELS))), PIXELS)
    alpha = np.dstack([PIXELS, PIXELS[..., 0]])
    np.testing.assert_array_equal(decode_picture(saved(Image.fromarray(alpha))), alpha)


@pytest.mark.parametrize(
    ("mode", "shape"),
    [("1", (9, 7)), ("L", (9, 7)), ("LA", (9, 7, 4)), ("P", (9, 7, 3)), ("RGBA", (9, 7, 4))],
)
def test_every_8_bit_kind_of_png_is_taken(mode, shape):
    pixels = decode_picture(saved(Image.new("RGB", (7, 9), (255, 255, 255)).convert(mode)))
    assert pixels.shape == shape
    assert pixels.dtype == np.uint8
    assert (pixels == 255).all()


def test_a_transparent_palette_and_a_transparent_colour_keep_their_holes():
    palette = Image.new("P", (4, 4), 0)
    palette.putpalette([0, 0, 0, 255, 255, 255])
    assert (decode_picture(saved(palette, transparency=0))[..., 3] == 0).all()
    assert (decode_picture(saved(Image.new("L", (4, 4), 9), transparency=9))[..., 3] == 0).all()


@pytest.mark.parametrize(
    ("orientation", "turn"),
    [(1, 0), (3, 2), (6, -1), (8, 1)],  # EXIF's number, quarter turns to the left that mend it
)
def test_a_phone_held_sideways_gives_an_upright_picture(orientation, turn):
    pixels = np.zeros((40, 60), np.uint8)
    pixels[:20, :30] = 255
    exif = Image.Exif()
    exif[0x0112] = orientation
    data = saved(Image.fromarray(pixels), "JPEG", exif=exif, quality=95)
    np.testing.assert_allclose(decode_picture(data), np.rot90(pixels, turn), atol=12)


@pytest.mark.filterwarnings("ignore:Corrupt EXIF")
def test_a_damaged_exif_note_does_not_spoil_the_picture():
    data = saved(Image.fromarray(PIXELS), "JPEG", exif=b"Exif\0\0II*\0\xff\xff\xff\xff")
    assert decode_picture(data).shape == PIXELS.shape


def test_of_a_phones_multi_picture_jpeg_the_first_is_taken():
    first, second = Image.new("L", (64, 48), 10), Image.new("L", (32, 24), 200)
    data = saved(first, "MPO", save_all=True, append_images=[second])
    pixels = decode_picture(data)
    assert pixels.shape == (48, 64)
    assert abs(int(pixels.mean()) - 10) < 3


def test_a_12_megapixel_jpeg_is_decoded_no_larger_than_ink_needs():
    data = saved(Image.new("L", (4032, 3024), 255), "JPEG")
    height, width = decode_picture(data).shape
    assert 640 <= width < 1400
    assert width / height == pytest.approx(4 / 3, rel=0.01)


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "empty"),
        (b"seven\n" * 50, "is text"),
        ("Ziffer für Ziffer".encode(), "is text"),
        (bytes(range(128, 256)) * 4, "not a picture"),
        (b"\0\0\0\x18ftypisom\0\0\2\0isomiso2mp41" + bytes(99), "is a video"),
        (b"\x1a\x45\xdf\xa3" + bytes(99), "is a video"),
        (b"PK\3\4" + bytes(99), "a zip or an Office document"),
        (bytes(99), "not a picture"),
        (b"GIF89a", "damaged"),
        (b"BM", "damaged"),
        (b"II*\0", "damaged"),
        (b"RIFF\x10\0\0\0WEBPVP8 ", "damaged"),
        (b"\0\0\0\x18ftypheic", "damaged"),
        (b"\0\0\0\x18ftypavif", "damaged"),
        (b'<?xml version="1.0"?>\n<svg xmlns="http://www.w3.org/2000/svg"/>', "an SVG drawing"),
        (b"%PDF-1.7", "PDF"),
        (b"\x89PNG\r\n\x1a\n", "damaged"),
        (b"\xff\xd8\xff", "damaged"),
        (png(0, 0), "0x0"),
        (png(0, 5), "0x5"),
        (png(20_000, 20_000), "20,000x20,000"),
        (png(2**31 - 1, 2**31 - 1), "megapixels"),
        (png(2, 24_999_999), "pixels a side"),
        (png(40, 40, pixels=b"\0"), "damaged"),
        (png(4, 4, colour=5), "damaged"),
    ],
)
def test_what_is_not_a_picture_is_told_in_one_line(data, says):
    message = refused(data)
    assert says in message
    assert "expected" in message


@pytest.mark.parametrize(
    ("data", "mend"),
    [
        (b"seven", "or by `python -m recognizer predict`."),
        (b"%PDF-1.7", "save the page as PNG or JPEG."),
        (bytes(range(128, 256)), "choose another file."),
        (b"<svg/>", "open it in a browser, and save a screenshot as PNG."),
    ],
)
def test_only_a_picture_can_be_saved_again(data, mend):
    assert refused(data).endswith(mend)


KINDS = ("PNG", "JPEG", "WEBP", "AVIF", "GIF", "BMP", "TIFF")
SEVEN = 255 - np.pad(np.full((20, 60), 255, np.uint8), ((10, 50), (10, 10)))  # a bar


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("colour", [False, True])
def test_every_format_gives_the_picture_that_was_saved(kind, colour):
    pixels = np.dstack([SEVEN, SEVEN, SEVEN // 2]) if colour else SEVEN
    found = decode_picture(saved(Image.fromarray(pixels), kind))
    grey = found if found.ndim == 2 else found[..., 0]
    assert found.dtype == np.uint8
    assert np.abs(grey.astype(int) - SEVEN).mean() < 4
    if colour:
        assert np.abs(found[..., 2].astype(int) - SEVEN // 2).mean() < 6


def test_a_heic_photo_is_taken():
    found = open_picture(HEIC)
    assert found.pixels.shape == (64, 64, 3)
    assert found.pixels[32, 32].max() < 60
    assert found.pixels[4, 4].min() > 200


@pytest.mark.parametrize("kind", ["PNG", "GIF", "WEBP", "AVIF", "TIFF"])
def test_of_several_frames_the_first_is_read_and_that_is_said(kind):
    frames = [Image.fromarray(np.full((64, 64), grey, np.uint8)) for grey in (0, 128, 255)]
    found = open_picture(saved(frames[0], kind, save_all=True, append_images=frames[1:]))
    assert found.pixels.reshape(64, 64, -1)[..., 0].max() < 8
    assert found.note == "It has several frames or pages; the first is read."
    assert open_picture(saved(frames[0], kind)).note == ""


def test_16_bits_become_8():
    deep = Image.fromarray(SEVEN.astype(np.uint16) * 257)
    for kind in ("PNG", "TIFF"):
        np.testing.assert_array_equal(decode_picture(saved(deep, kind)), SEVEN)
    twelve = Image.fromarray(SEVEN.astype(np.uint16) * 16)
    assert np.abs(decode_picture(saved(twelve)).astype(int) - SEVEN).max() <= 1
    real = Image.fromarray(SEVEN.astype(np.float32) / 255)
    np.testing.assert_array_equal(decode_picture(saved(real, "TIFF")), SEVEN)


def test_the_colours_of_print_are_taken():
    found = decode_picture(saved(Image.fromarray(SEVEN).convert("CMYK"), "JPEG", quality=95))
    assert np.abs(found[..., 0].astype(int) - SEVEN).mean() < 3


@pytest.mark.parametrize("mode", ["L", "RGB", "RGBA"])
def test_a_large_picture_is_reduced_as_ink_would_reduce_it(mode):
    pixels = np.array(Image.fromarray(np.kron(SEVEN, np.ones((33, 33), np.uint8))).convert(mode))
    data = saved(Image.fromarray(pixels), compress_level=1)
    np.testing.assert_array_equal(decode_picture(data), _shrink_whole_steps(pixels))


def _shrink_whole_steps(pixels: np.ndarray) -> np.ndarray:
    step = max(pixels.shape[:2]) // WORKING_SIDE
    height, width = (side // step for side in pixels.shape[:2])
    whole = np.ascontiguousarray(pixels[: height * step, : width * step])
    return cv2.resize(whole, (width, height), interpolation=cv2.INTER_AREA)


def test_what_cannot_be_seen_is_not_mixed_into_a_large_picture():
    pixels = np.zeros((2700, 2700, 4), np.uint8)  # clear, and black where it cannot be seen
    pixels[401:2000, 401:2000] = 255
    found = decode_picture(saved(Image.fromarray(pixels), compress_level=1))
    assert found[found[..., 3] > 0][:, :3].min() > 250


@pytest.mark.skipif(sys.platform != "linux", reason="the peak of a process is read from /proc")
def test_a_50_megapixel_png_costs_less_than_300_mb():
    script = (
        "import io, re\n"
        "from pathlib import Path\n"
        "from PIL import Image\n"
        "from recognizer.imaging.decoding import decode_picture\n"
        "file = io.BytesIO()\n"
        "Image.new('RGBA', (16, 16)).save(file, 'PNG')\n"
        "decode_picture(file.getvalue())\n"
        "data = open({!r}, 'rb').read()\n"
        # not ru_maxrss, which begins with what the process that started this one held
        "peak = lambda: int(re.search(r'VmHWM:\\s+(\\d+)', "
        "Path('/proc/self/status').read_text())[1])\n"
        "before = peak()\n"
        "decode_picture(data)\n"
        "print(peak() - before)\n"
    )
    with tempfile.NamedTemporaryFile(suffix=".png") as file:
        file.write(png(7070, 7070, colour=6, pixels=bytes(7070 * (4 * 7070 + 1))))
        file.flush()
        done = subprocess.run(
            [sys.executable, "-c", script.format(file.name)],
            capture_output=True,
            text=True,
            timeout=120,
            check=True,
        )
    assert int(done.stdout) < 300_000


@pytest.mark.skipif(sys.platform != "linux", reason="memory is given back where there is glibc")
def test_eight_large_pictures_at_once_cost_no_more_than_a_few(tmp_path):
    script = (
        "import re, sys, threading\n"
        "from pathlib import Path\n"
        "from recognizer.imaging.decoding import open_picture\n"
        "from recognizer.preprocessing import preprocess\n"
        "data = Path(sys.argv[1]).read_bytes()\n"
        "read = lambda: preprocess(open_picture(data).pixels)\n"
        "threads = [threading.Thread(target=read) for _ in range(8)]\n"
        "[one.start() for one in threads], [one.join() for one in threads]\n"
        "print(re.search(r'VmHWM:\\s+(\\d+)', Path('/proc/self/status').read_text())[1])\n"
    )
    (tmp_path / "large").write_bytes(saved(Image.new("RGBA", (5000, 5000))))  # 100 MB each
    done = subprocess.run(
        [sys.executable, "-c", script, tmp_path / "large"],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    assert int(done.stdout) < 500_000


@pytest.mark.parametrize("size", [(2, 24_999_999), (24_999_999, 2), (40_000, 1), (8_000, 7_000)])
def test_a_picture_of_too_many_pixels_or_too_long_a_side_is_told_so(size):
    said = refused(png(*size))
    assert f"{size[0]:,}x{size[1]:,} pixels; expected at most 50 megapixels" in said
    assert "30,000 pixels a side" in said


def test_a_jpeg_that_claims_to_be_enormous_is_refused_before_it_is_decoded():
    data = bytearray(saved(Image.new("L", (16, 16)), "JPEG"))
    frame = data.index(b"\xff\xc0") + 5
    data[frame : frame + 4] = struct.pack(">HH", 20_000, 20_000)
    started = time.process_time()
    assert "20,000x20,000" in refused(bytes(data))
    assert time.process_time() - started < 0.5


@pytest.mark.filterwarnings("ignore")  # Pillow warns of what it overlooks
@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "AVIF", "BMP", "TIFF"])
def test_wherever_a_file_is_cut_short_it_is_one_line_or_the_whole_picture(kind):
    data = saved(Image.fromarray(PIXELS), kind)
    for length in range(1, len(data), 7):
        try:
            assert decode_picture(data[:length]).shape == PIXELS.shape  # only the end mark is gone
            assert length > 0.95 * len(data)
        except PictureError as error:
            one_line(error)


@pytest.mark.filterwarnings("ignore")  # Pillow warns of what it overlooks
@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "AVIF", "GIF", "BMP", "TIFF"])
def test_damaged_bytes_are_one_line_or_a_picture(kind):
    rng = np.random.default_rng(2)
    data = np.frombuffer(saved(Image.fromarray(PIXELS), kind), np.uint8)
    for _ in range(300):
        damaged = data.copy()
        places = rng.integers(0, len(data), 4)
        damaged[places] = rng.integers(0, 256, 4)
        try:
            assert decode_picture(damaged.tobytes()).dtype == np.uint8
        except PictureError as error:
            one_line(error)


CANVAS = np.dstack([np.zeros((280, 280, 3), np.uint8), RNG.integers(0, 256, (280, 280), np.uint8)])


def test_a_canvas_comes_back_exactly_from_bytes_and_from_a_data_url():
    data = saved(Image.fromarray(CANVAS))
    url = "data:image/png;base64," + base64.b64encode(data).decode()
    np.testing.assert_array_equal(decode_canvas(data, 280), CANVAS)
    np.testing.assert_array_equal(decode_canvas(url, 280), CANVAS)


def test_a_canvas_that_hardly_compresses_is_taken():
    noise = RNG.integers(0, 256, (280, 280, 4), np.uint8)
    data = saved(Image.fromarray(noise), compress_level=0)
    np.testing.assert_array_equal(decode_canvas(data, 280), noise)


def test_an_opaque_canvas_comes_back_as_rgba():
    pixels = decode_canvas(saved(Image.new("RGB", (280, 280), (1, 2, 3))), 280)
    assert (pixels == (1, 2, 3, 255)).all()


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "empty"),
        ("", "empty"),
        ("data:image/png;base64,?", "base64"),
        ("data:image/png;base64,é", "base64"),
        ("data:image/jpeg;base64,AAAA", "base64"),
        (b"seven", "is text"),
        (bytes(1_000_000), "1,000,000"),
        ("A" * 1_000_000, "1,000,000"),
        (saved(Image.new("RGBA", (280, 281))), "280x281"),
        (saved(Image.new("L", (280, 280)), "JPEG"), "JPEG"),
        (png(20_000, 20_000), "20000x20000"),
        (png(280, 280, depth=16, colour=6), "16 bits"),
        (png(280, 280, colour=6, pixels=b"\0"), "damaged"),
        (png(280, 280, colour=6)[:30], "damaged"),
    ],
)
def test_a_canvas_message_that_is_none_is_told_in_one_line(data, says):
    with pytest.raises(PictureError) as caught:
        decode_canvas(data, 280)
    assert says in one_line(caught.value)


class TestParts:
    """A scan goes over all pixels: 2,000 empty ones of 36 megapixels took 15 s, from 20 kB."""

    def test_a_progressive_picture_is_taken(self):
        assert decode_picture(of_scans(1)).shape == PIXELS.shape
        assert decode_picture(of_scans(80)).shape == PIXELS.shape

    def test_one_of_very_many_is_refused(self):
        assert "more than 100 scans" in refused(of_scans(100))

    def test_one_of_very_many_notes_is_refused(self):
        content = saved(Image.fromarray(PIXELS), "JPEG")
        note = b"\xff\xfe\0\2"
        assert decode_picture(content[:2] + note * 4_900 + content[2:]).shape == PIXELS.shape
        assert "5,000 parts" in refused(content[:2] + note * 5_000 + content[2:])

    def test_what_only_looks_like_one_is_not_counted(self):
        """In a note, behind the picture (as a phone's film is), and in a scan, where 00 follows."""
        content = saved(Image.fromarray(PIXELS), "JPEG", comment=b"\xff\xda" * 500)
        assert decode_picture(content + b"\xff\xda" * 500).shape == PIXELS.shape

    def test_a_png_of_very_many_chunks_is_refused(self):
        content, note = saved(Image.fromarray(PIXELS)), chunk(b"zzZz", b"")
        few, many = (content[:33] + note * n + content[33:] for n in (90_000, 100_000))
        assert np.array_equal(decode_picture(few), PIXELS)
        assert "100,000 chunks" in refused(many)
