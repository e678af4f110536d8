"""Parquet gives the digits that the CSV of the same columns would, and is checked as strictly."""

import io

import numpy as np
import pyarrow as pa
import pytest
from helpers.factories import digits, one_line
from PIL import Image
from pyarrow import parquet

from recognizer.datasets import read_digits, stream_digits
from recognizer.errors import DataError

SAMPLE = digits(23)
PIXELS = SAMPLE.images.reshape(23, -1)


def columns(kind=np.uint8, labels=SAMPLE.labels) -> dict[str, np.ndarray]:
    pixels = {f"pixel{n}": PIXELS[:, n].astype(kind) for n in range(784)}
    return pixels if labels is None else {"label": labels.astype(kind), **pixels}


def packed(table: dict, **options) -> bytes:
    file = io.BytesIO()
    parquet.write_table(pa.table(table), file, **options)
    return file.getvalue()


def png(image: np.ndarray) -> bytes:
    file = io.BytesIO()
    Image.fromarray(image).save(file, "PNG")
    return file.getvalue()


def refusal(table: dict) -> str:
    with pytest.raises(DataError) as caught:
        read_digits(io.BytesIO(packed(table)))
    return one_line(caught.value)


@pytest.mark.parametrize("kind", [np.uint8, np.int64, np.int16])
@pytest.mark.parametrize("how", ["path", "open file"])
def test_any_whole_numbers_are_read(tmp_path, kind, how):
    path = tmp_path / "digits.data"
    path.write_bytes(packed(columns(kind), row_group_size=7))
    read = read_digits(path if how == "path" else io.BytesIO(path.read_bytes()))
    assert (read.images == SAMPLE.images).all()
    assert (read.labels == SAMPLE.labels).all()
    assert read.images.dtype == read.labels.dtype == np.uint8


def test_pieces_are_streamed_with_their_share():
    stream = stream_digits(io.BytesIO(packed(columns(labels=None), row_group_size=10)), rows=4)
    assert not stream.labelled
    shares = [stream.share for _ in stream]
    assert shares == sorted(shares)
    assert shares[-1] == 1


def test_other_columns_are_refused_as_in_a_csv():
    table = columns()
    table["pixel785"] = table.pop("pixel783")
    assert "The first line has 785 columns" in refusal(table)


@pytest.mark.parametrize("bad", [256, -1, 300])
@pytest.mark.parametrize("name", ["label", "pixel5"])
def test_a_bad_cell_is_named_by_row_and_column(bad, name):
    table = columns(np.int64)
    table[name][18] = bad
    column, largest = (1, 9) if name == "label" else (7, 255)
    assert refusal(table) == (
        f"Row 19, column {column} holds '{bad}': expected an integer from 0 to {largest}."
    )


def test_an_empty_cell_is_named():
    table = {name: pa.array(values.tolist()) for name, values in columns().items()}
    table["pixel0"] = pa.array([0] * 4 + [None] + [0] * 18)
    assert refusal(table).startswith("Row 5, column 2 holds 'None'")


def test_a_column_of_other_values_is_named():
    table = columns() | {"pixel2": ["a"] * 23}
    assert refusal(table) == "Column 4, pixel2, holds string: expected numbers."


@pytest.mark.parametrize("wrapped", [True, False], ids=["bytes and path", "bytes"])
def test_pictures_as_the_hugging_face_hub_has_mnist_are_read(wrapped):
    contents = [png(image) for image in SAMPLE.images]
    images = [{"bytes": one, "path": None} for one in contents] if wrapped else contents
    read = read_digits(io.BytesIO(packed({"image": images, "label": SAMPLE.labels})))
    assert (read.images == SAMPLE.images).all()
    assert (read.labels == SAMPLE.labels).all()


def test_lists_of_pixels_are_read():
    images = SAMPLE.images.tolist()
    read = read_digits(io.BytesIO(packed({"label": SAMPLE.labels, "image": images})))
    assert (read.images == SAMPLE.images).all()


def test_a_picture_that_is_none_is_named_by_its_row():
    images = [{"bytes": png(SAMPLE.images[0]), "path": None}, {"bytes": b"no", "path": None}]
    assert refusal({"image": images, "label": [1, 2]}).startswith("Row 2, its picture: ")


def test_a_table_without_rows_is_refused():
    assert "no rows" in refusal({name: values[:0] for name, values in columns().items()})


def test_a_cut_file_is_refused(tmp_path):
    path = tmp_path / "cut.parquet"
    path.write_bytes(packed(columns())[:-100])
    with pytest.raises(DataError, match=r"cut\.parquet"):
        read_digits(path)
