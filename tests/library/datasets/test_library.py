"""Tables used before: kept once, whole or not at all, damaged ones named."""

import itertools
import json
from contextlib import suppress

import numpy as np
import pytest
from helpers.crash import Interruption, Killed
from helpers.factories import digits, one_line

from recognizer import datasets
from recognizer.datasets import library
from recognizer.errors import DataError, StorageError
from recognizer.records import Digits

SAMPLE = digits(20)
UNLABELLED = Digits(SAMPLE.images, None)


def same(first: Digits, second: Digits) -> bool:
    return datasets.fingerprint(first) == datasets.fingerprint(second)


@pytest.mark.parametrize("sample", [SAMPLE, UNLABELLED], ids=["labelled", "unlabelled"])
def test_what_is_added_comes_back(sample):
    table = library.add(sample, "train.csv", "CC BY-SA 3.0")
    assert library.tables() == (table,)
    assert library.find_table(table.id) == table
    assert same(library.load(table.id), sample)
    assert (table.name, table.rows, table.licence) == ("train.csv", 20, "CC BY-SA 3.0")
    assert table.labelled is (sample.labels is not None)
    assert library.load(table.id).images.dtype == np.uint8


def test_the_same_rows_again_change_nothing():
    table = library.add(SAMPLE, "train.csv")
    assert library.add(SAMPLE, "other.csv") == table
    assert library.tables() == (table,)


def test_labels_make_another_table():
    assert library.add(SAMPLE, "train.csv").id != library.add(UNLABELLED, "test.csv").id
    assert len(library.tables()) == 2


def test_what_is_removed_is_gone_and_may_come_back(home):
    table = library.add(SAMPLE, "train.csv")
    library.remove(table.id)
    assert library.tables() == ()
    assert list((home / "data").iterdir()) == []
    library.remove(table.id)
    assert library.add(SAMPLE, "train.csv").rows == 20


def test_looking_writes_nothing(home):
    assert library.tables() == ()
    assert library.damaged() == {}
    assert not home.exists()


@pytest.mark.parametrize("table_id", ["", "../../etc/passwd", "ab" * 32, "x" * 64, "AB" * 32])
def test_an_id_of_no_table_is_refused(table_id):
    library.add(SAMPLE, "train.csv")
    with pytest.raises(DataError) as caught:
        library.load(table_id)
    one_line(caught.value)
    library.remove(table_id)
    assert len(library.tables()) == 1


FACTS_DAMAGED = {
    "empty": lambda facts: "",
    "no JSON": lambda facts: "{",
    "a list": lambda facts: "[]",
    "a field less": lambda facts: json.dumps({"id": facts["id"]}),
    "a field more": lambda facts: json.dumps(facts | {"more": 1}),
    "another id": lambda facts: json.dumps(facts | {"id": "0" * 64}),
    "rows are text": lambda facts: json.dumps(facts | {"rows": "20"}),
    "name is null": lambda facts: json.dumps(facts | {"name": None}),
}


@pytest.mark.parametrize("damage", FACTS_DAMAGED)
def test_damaged_facts_are_named_and_left_out_and_mended_by_adding_again(home, damage):
    whole = library.add(digits(30), "whole.csv")
    table = library.add(SAMPLE, "train.csv")
    path = home / "data" / f"{table.id}.json"
    path.write_text(FACTS_DAMAGED[damage](json.loads(path.read_text())))
    assert library.tables() == (whole,)
    assert list(library.damaged()) == [table.id]
    assert "damaged" in one_line(library.damaged()[table.id])
    assert library.add(SAMPLE, "train.csv").rows == 20
    assert library.damaged() == {}


@pytest.mark.parametrize("damage", ["cut", "other", "text", "missing"])
def test_damaged_rows_are_refused_and_mended_by_adding_again(home, damage):
    table = library.add(SAMPLE, "train.csv")
    path = home / "data" / f"{table.id}.npz"
    match damage:
        case "cut":
            path.write_bytes(path.read_bytes()[:5_000])
        case "other":
            with path.open("wb") as file:
                np.savez(file, images=SAMPLE.images[:5], labels=SAMPLE.labels[:5])
        case "text":
            path.write_text("rows")
        case "missing":
            path.unlink()
            assert list(library.damaged()) == [table.id]
    with pytest.raises(DataError, match="damaged") as caught:
        library.load(table.id)
    one_line(caught.value)
    library.add(SAMPLE, "train.csv")
    assert same(library.load(table.id), SAMPLE)


def test_killed_at_any_moment_the_table_is_whole_or_not_there(monkeypatch):
    library.add(digits(30), "other.csv")
    for at in itertools.count():
        with monkeypatch.context() as patched:
            stopped = Interruption(patched, at)
            with suppress(Killed):
                library.add(SAMPLE, "train.csv")
        assert library.damaged() == {}
        assert all(len(library.load(table.id)) == table.rows for table in library.tables())
        if not stopped.happened:
            break
        library.remove(datasets.fingerprint(SAMPLE))
    assert at > 5
    assert len(library.tables()) == 2


def outcome() -> str:
    try:
        library.add(SAMPLE, "train.csv")
    except StorageError as error:
        return one_line(error)
    return "added"


def test_a_full_disk_is_told_and_nothing_is_half_added(monkeypatch, home):
    for at in itertools.count():
        with monkeypatch.context() as patched:
            full = Interruption(patched, at, full=True)
            told = outcome()
        if not full.happened:
            break
        assert "No space left on device" in told
        assert library.damaged() == {}
        assert not list((home / "data").glob(".*"))
        library.remove(datasets.fingerprint(SAMPLE))
    assert at >= 4
