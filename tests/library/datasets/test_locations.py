"""Tables of this machine and of an object store: patterns, order, whole outputs."""

import gzip
from contextlib import suppress

import numpy as np
import pytest
from helpers.factories import digits, one_line, table_of

from recognizer.cluster import partitions
from recognizer.datasets import locations, read_digits
from recognizer.datasets.locations import Place, expand
from recognizer.errors import DataError, RecognizerError, SettingError, StorageError

SAMPLE = digits(23)
CSV = table_of(SAMPLE)


def names(found: list[Place]) -> list[str]:
    return [place.name for place in found]


class TestOnThisMachine:
    @pytest.fixture(autouse=True)
    def _files(self, tmp_path, monkeypatch):
        monkeypatch.chdir(tmp_path)
        for name in ("b.csv", "a.csv", "c.txt", "[x].csv", "deep/d.csv", "deep/er/e.csv"):
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).write_text(name)
        (tmp_path / "folder.csv").mkdir()

    @pytest.mark.parametrize(
        ("given", "meant"),
        [
            (["b.csv", "a.csv"], ["b.csv", "a.csv"]),
            (["[ab].csv"], ["a.csv", "b.csv"]),
            (["c.txt", "?.csv"], ["c.txt", "a.csv", "b.csv"]),
            (["[x].csv"], ["[x].csv"]),
            (["deep/**/*.csv"], ["deep/d.csv", "deep/er/e.csv"]),
            (["missing.csv"], ["missing.csv"]),
        ],
    )
    def test_a_pattern_means_its_files_in_order_and_a_name_itself(self, given, meant):
        assert names(expand(given)) == meant

    def test_the_sizes_are_known(self):
        assert [place.size for place in expand(["c.txt", "deep/*.csv"])] == [5, 10]
        assert locations.size(Place("c.txt")) == 5

    def test_a_pattern_that_fits_nothing_is_told(self):
        with pytest.raises(DataError, match=r"\*\.parquet"):
            expand(["*.parquet"])

    def test_a_table_that_is_meant_twice_is_told(self):
        with pytest.raises(SettingError, match=r"a\.csv"):
            expand(["a.csv", "*.csv"])


class TestInAnObjectStore:
    def test_a_table_is_read_from_its_address(self, bucket):
        for content in (CSV, gzip.compress(CSV)):
            address = bucket.put("odd name/träin+1.csv", content)
            for spelled in (address, address.replace(" ", "%20")):
                assert (read_digits(spelled).images == SAMPLE.images).all()

    def test_blocks_of_an_object_are_the_table(self, bucket):
        place = Place(bucket.put("blocks/train.csv", CSV))
        found = partitions.plan(place, block=10_000)
        assert len(found) > 3
        pieces = [piece for block in found for piece in partitions.opened(block)]
        assert (np.concatenate([piece.images for piece in pieces]) == SAMPLE.images).all()

    def test_a_pattern_means_its_objects_in_order(self, bucket):
        for key in ("p/b.csv", "p/a 1.csv", "p/c.txt", "p/x/d.csv", "p/y/e.csv"):
            bucket.put(key, key.encode())
        found = expand(["s3://digits/p/*.csv", "s3://digits/p/*/*.csv"])
        assert [locations.head(name, 99).decode() for name in names(found)] == [
            *("p/a 1.csv", "p/b.csv", "p/x/d.csv", "p/y/e.csv")
        ]
        assert [place.size for place in found] == [9, 7, 9, 9]
        assert locations.size(Place(found[0].name)) == 9

    @pytest.mark.parametrize(
        "address", ["s3://digits/none/*.csv", "s3://nowhere/*.csv", "s4://digits/*.csv"]
    )
    def test_a_pattern_that_fits_nothing_is_told(self, bucket, address):
        with pytest.raises(DataError) as caught:
            expand([address])
        assert address in one_line(caught.value)

    @pytest.mark.parametrize(
        "address", ["s3://digits/no.csv", "s3://nowhere/no.csv", "s4://digits/no.csv"]
    )
    def test_an_object_that_is_not_there_is_named(self, bucket, address):
        with pytest.raises(RecognizerError) as caught:
            read_digits(address)
        assert "no.csv" in one_line(caught.value)

    def test_an_output_is_there_when_it_is_whole(self, bucket):
        before = bucket.keys
        with locations.open_write("s3://digits/out/submission.csv") as file:
            file.write(b"a" * 6_000_000)
            assert "out/submission.csv" not in bucket.keys
            file.write(b"b")
        assert bucket.keys - before == {"out/submission.csv"}
        assert bucket.get("out/submission.csv") == b"a" * 6_000_000 + b"b"

    def test_an_output_that_was_interrupted_leaves_nothing(self, bucket):
        before = bucket.keys
        with suppress(KeyboardInterrupt), locations.open_write("s3://digits/out/half.csv") as file:
            file.write(b"half")
            raise KeyboardInterrupt
        assert bucket.keys == before

    def test_an_output_that_has_no_bucket_is_told(self, bucket):
        with (
            pytest.raises(StorageError) as caught,
            locations.open_write("s3://nowhere/submission.csv") as file,
        ):
            file.write(b"x")
        assert "s3://nowhere/submission.csv" in one_line(caught.value)
