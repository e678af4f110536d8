"""Dialects of tables, arrays and pictures, damaged: read as images, or refused in a sentence."""

import gzip
import io
import struct
import zipfile

import numpy as np
import pyarrow as pa
from hypothesis import strategies as st
from PIL import Image
from pyarrow import parquet
from reliability.fuzzing.damage import blows, damaged
from reliability.fuzzing.target import Target, told

from recognizer.datasets import read_digits, stream_digits, write_digits
from recognizer.errors import DataError
from recognizer.records import Digits


def _sample() -> Digits:
    images = np.zeros((4, 28, 28), np.uint8)
    images[:, 6:22, 12:16] = 255
    return Digits(images, np.arange(4, dtype=np.uint8))


SAMPLE = _sample()


def _saved(**arrays: np.ndarray) -> bytes:
    file = io.BytesIO()
    np.savez(file, **arrays)
    return file.getvalue()


def _array() -> bytes:
    file = io.BytesIO()
    np.save(file, SAMPLE.images)
    return file.getvalue()


def _zipped(members: dict[str, bytes]) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for name, member in members.items():
            archive.writestr(zipfile.ZipInfo(name), member)
    return content.getvalue()


def _pngs() -> list[bytes]:
    files = [io.BytesIO() for _ in SAMPLE.images]
    for image, file in zip(SAMPLE.images, files, strict=True):
        Image.fromarray(image).save(file, "PNG")
    return [file.getvalue() for file in files]


def _parquet(columns: dict) -> bytes:
    file = io.BytesIO()
    parquet.write_table(pa.table(columns), file)
    return file.getvalue()


def _label_last() -> bytes:
    rows = [line.split(b",") for line in _CSV.splitlines()[1:]]
    return b"\n".join(b",".join([*row[1:], row[0]]) for row in rows)


_CSV = write_digits(SAMPLE)
_IDX = struct.pack(">4B3I", 0, 0, 8, 3, 4, 28, 28) + SAMPLE.images.tobytes()
_LABELS = struct.pack(">4BI", 0, 0, 8, 1, 4) + SAMPLE.labels.tobytes()
FILES = {
    "no header": _CSV.partition(b"\n")[2],
    "semicolons": b"sep=;\n" + _CSV.replace(b",", b";"),
    "UTF-16": _CSV.decode().encode("utf-16"),
    "old Mac": _CSV.replace(b"\n", b"\r"),
    "blanks": _CSV.partition(b"\n")[2].replace(b",", b" "),
    "floats": _CSV.replace(b",255", b",1.0").replace(b",0", b",0.0"),
    "npz": _saved(x_train=SAMPLE.images, y_train=SAMPLE.labels),
    "npy": _array(),
    "IDX": _IDX,
    "IDX, gzipped": gzip.compress(_IDX, mtime=0),
    "IDX in a zip": _zipped({"train-images-idx3-ubyte": _IDX, "train-labels-idx1-ubyte": _LABELS}),
    "folders": _zipped({f"digits/{n}/a.png": one for n, one in enumerate(_pngs())}),
    "pictures": _zipped({f"scan {n}.png": one for n, one in enumerate(_pngs())}),
    "Parquet of pictures": _parquet(
        {"image": [{"bytes": one, "path": None} for one in _pngs()], "label": SAMPLE.labels}
    ),
    "Parquet of lists": _parquet({"label": SAMPLE.labels, "image": SAMPLE.images.tolist()}),
    "label last": _label_last(),
    "trailing commas": _CSV.replace(b"\n", b",\n"),
    "exponents": _CSV.replace(b",255", b",2.55e+02"),
    "zeros and ones": _CSV.replace(b",255", b",1"),
    "dark on light": write_digits(Digits(255 - SAMPLE.images, SAMPLE.labels)),
}


def check(case: tuple[str, list[tuple]]) -> None:
    """A file is read to the same images whole and in pieces, or refused in a sentence."""
    name, hits = case
    content = damaged(FILES[name], hits)
    read = told(lambda: read_digits(io.BytesIO(content)), DataError)
    pieces = told(lambda: list(stream_digits(io.BytesIO(content), rows=4)), DataError)
    if isinstance(read, str):
        assert hits, read
        assert isinstance(pieces, str)
        return
    assert read.images.shape[1:] == (28, 28)
    assert read.images.dtype == np.uint8
    assert read.labels is None or (len(read.labels) == len(read) and read.labels.max() <= 9)
    assert np.array_equal(read.images, np.concatenate([piece.images for piece in pieces]))
    if not hits:
        assert np.array_equal(read.images, SAMPLE.images)


TARGETS = (Target("formats", st.tuples(st.sampled_from(list(FILES)), blows), check),)
