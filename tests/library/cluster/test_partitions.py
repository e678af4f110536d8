"""A table cut into blocks anywhere is the table: no row twice, none left out, none cut."""

import gzip
import io

import numpy as np
import pyarrow as pa
import pytest
from helpers.factories import TRAIN_HEADER, digits, row, table, table_of
from hypothesis import given
from hypothesis import strategies as st
from pyarrow import parquet

from recognizer.cluster import partitions
from recognizer.datasets.locations import Place
from recognizer.errors import DataError, RowError
from recognizer.records import Digits

SAMPLE = digits(23)
CSV = table_of(SAMPLE)


def read(found: list[partitions.Block]) -> Digits:
    """Read blocks in their order, each by itself."""
    pieces = []
    for block in found:
        with partitions.opened(block) as stream:
            assert stream.labelled
            pieces += stream
    return Digits(
        np.concatenate([piece.images for piece in pieces]),
        np.concatenate([piece.labels for piece in pieces]),
    )


def same(one: Digits, other: Digits) -> bool:
    return np.array_equal(one.images, other.images) and np.array_equal(one.labels, other.labels)


@pytest.fixture(scope="module", params=["LF", "CRLF", "no last line end", "blank lines"])
def path(request, tmp_path_factory):
    content = {
        "LF": CSV,
        "CRLF": CSV.replace(b"\n", b"\r\n"),
        "no last line end": CSV.removesuffix(b"\n"),
        "blank lines": CSV.replace(b"\n", b"\n\n", 3) + b"\r\n \n",
    }[request.param]
    path = tmp_path_factory.mktemp("table") / "train.csv"
    path.write_bytes(content)
    return path


@given(size=st.integers(200, 60_000))
def test_blocks_of_any_size_are_the_table(path, size):
    found = partitions.plan(Place(str(path)), block=size)
    assert len(found) == max(1, -(-path.stat().st_size // size))
    assert same(read(found), SAMPLE)


def test_a_line_that_begins_where_a_block_does_is_in_that_block_alone(tmp_path):
    path = tmp_path / "train.csv"
    path.write_bytes(CSV)
    starts = [at + 1 for at, byte in enumerate(CSV) if byte == ord("\n")][:-1]
    for start in starts:
        for at in (start - 1, start, start + 1):
            cut = [partitions.Block(str(path), 0, at), partitions.Block(str(path), at, len(CSV))]
            if at < starts[-1]:
                assert same(read(cut), SAMPLE)


def test_a_small_table_is_one_block_that_is_not_looked_into(tmp_path):
    (tmp_path / "small.csv").write_bytes(b"no table")
    assert len(partitions.plan(Place(str(tmp_path / "small.csv")))) == 1


@pytest.mark.parametrize("name", ["train.csv.gz", "misnamed.csv"])
def test_a_packed_table_stays_whole(tmp_path, name):
    (tmp_path / name).write_bytes(gzip.compress(CSV))
    found = partitions.plan(Place(str(tmp_path / name)), block=100)
    assert len(found) == 1
    assert same(read(found), SAMPLE)


def test_parquet_is_cut_at_its_row_groups(tmp_path):
    path = str(tmp_path / "train.parquet")
    pixels = SAMPLE.images.reshape(23, -1)
    columns = {"label": SAMPLE.labels} | {f"pixel{n}": pixels[:, n] for n in range(784)}
    parquet.write_table(pa.table(columns), path, row_group_size=5)
    found = partitions.plan(Place(path), block=100)
    assert len(found) == 5
    assert same(read(found), SAMPLE)


def test_a_bad_row_is_counted_from_its_blocks_first(tmp_path):
    path = tmp_path / "train.csv"
    path.write_bytes(table(row(1), row(2), row(3), row(4, 300)))
    third = len(TRAIN_HEADER) + 1 + 2 * (len(row(1)) + 1)
    with pytest.raises(RowError) as caught:
        read([partitions.Block(str(path), third, path.stat().st_size)])
    assert str(caught.value).startswith("Row 2, column 2 holds '300'")
    assert str(caught.value.moved(2)).startswith("Row 4, column 2 holds '300'")


def test_the_header_is_checked_once_for_all_blocks(tmp_path):
    path = tmp_path / "train.csv"
    path.write_bytes(CSV.replace(b"pixel3,", b"pixel4,", 1))
    with pytest.raises(DataError, match="The first line has"):
        partitions.plan(Place(str(path)), block=20_000)


@pytest.mark.parametrize("dialect", ["semicolons", "no header", "inverted", "UTF-16"])
def test_blocks_are_read_in_the_dialect_of_the_whole_table(tmp_path, dialect):
    path, sample = tmp_path / "odd.csv", digits(23)
    text = table_of(sample)
    if dialect == "semicolons":
        text = b"sep=;\n" + text.replace(b",", b";")
    elif dialect == "no header":
        text = text.partition(b"\n")[2]
    elif dialect == "UTF-16":
        text = text.decode().encode("utf-16")
    else:
        text = table_of(Digits(255 - sample.images, sample.labels))
    path.write_bytes(text)
    found = partitions.plan(Place(str(path)), block=20_000)
    assert (len(found) == 1) == (dialect == "UTF-16")
    assert same(read(found), sample)


def test_a_missing_table_is_named(tmp_path):
    with pytest.raises(DataError, match=r"missing\.csv"):
        partitions.plan(Place(str(tmp_path / "missing.csv")))


def test_blocks_read_no_more_than_their_own_part(tmp_path):
    path = tmp_path / "train.csv"
    path.write_bytes(table(*[row(1)] * 400))
    last = partitions.plan(Place(str(path)), block=100_000)[-1]
    read_bytes = 0

    class Counting(io.FileIO):
        def readinto(self, buffer):
            nonlocal read_bytes
            got = super().readinto(buffer)
            read_bytes += got
            return got

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(
            "recognizer.datasets.locations.open_binary",
            lambda name: io.BufferedReader(Counting(name)),
        )
        read([last])
    assert read_bytes < 150_000 < path.stat().st_size
