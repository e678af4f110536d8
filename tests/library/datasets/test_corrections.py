"""Corrections are kept until they are deleted, by several processes at once, or it is told."""

import json
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from helpers.factories import correction, digits, one_line

from recognizer.datasets import corrections_schema, fingerprint, read_digits, write_digits
from recognizer.datasets.corrections import Corrections
from recognizer.datasets.corrections_schema import BUSY_SECONDS
from recognizer.errors import SettingError, StorageError
from recognizer.records import NOT_A_DIGIT
from recognizer.system import home as system_home

SAMPLE = digits(4)


@pytest.fixture
def corrections() -> Corrections:
    return Corrections()


def test_they_lie_in_home(corrections, home):
    corrections.keep(correction(0))
    assert corrections.path.parent == home == system_home.folder()


def test_kept_ones_are_there_for_the_next_process(corrections):
    for number in range(4):
        corrections.keep(correction(number))
    assert Corrections().count() == 4
    assert fingerprint(Corrections().digits()) == fingerprint(SAMPLE)


def test_they_come_oldest_first_however_they_were_kept(corrections):
    for number in (2, 0, 3, 1):
        corrections.keep(correction(number))
    assert corrections.digits().labels.tolist() == [0, 1, 2, 3]


def test_the_same_drawing_again_replaces_its_label(corrections):
    corrections.keep(correction(1))
    corrections.keep(correction(1, label=7))
    assert corrections.count() == 1
    assert corrections.label_of("drawing-1") == 7
    assert corrections.digits().labels.tolist() == [7]


def test_one_can_be_removed_and_the_others_stay(corrections):
    for number in range(3):
        corrections.keep(correction(number))
    corrections.remove("drawing-1")
    corrections.remove("drawing-1")
    corrections.remove("never kept")
    assert corrections.digits().labels.tolist() == [0, 2]
    assert corrections.label_of("drawing-1") is None


def test_all_can_be_cleared_and_more_be_kept(corrections):
    for number in range(3):
        corrections.keep(correction(number))
    corrections.clear()
    assert corrections.count() == 0
    corrections.keep(correction(3))
    assert corrections.digits().labels.tolist() == [3]


@pytest.mark.parametrize("delete", ["clear", "remove", "replace"])
def test_what_was_deleted_is_no_longer_on_the_disk(corrections, home, delete):
    drawing = np.frombuffer(b"a private drawing " * 44, np.uint8)[:784].reshape(28, 28)
    corrections.keep(correction(0, image=drawing, model="marked-model"))
    assert on_disk(home, b"a private drawing")
    if delete == "clear":
        corrections.clear()
    elif delete == "remove":
        corrections.remove("drawing-0")
    else:
        corrections.keep(correction(0))
    assert not on_disk(home, b"a private drawing")
    assert not on_disk(home, b"marked-model")


def on_disk(folder: Path, content: bytes) -> bool:
    return any(content in path.read_bytes() for path in folder.rglob("*") if path.is_file())


def test_everything_about_a_drawing_is_kept(corrections):
    corrections.keep(correction(2))
    with closing(sqlite3.connect(corrections.path)) as database:
        database.row_factory = sqlite3.Row
        [row] = database.execute("SELECT * FROM corrections")
    kept = correction(2)
    assert {name: row[name] for name in ("id", "time", "label", "read_as", "confidence")} == {
        name: getattr(kept, name) for name in ("id", "time", "label", "read_as", "confidence")
    }
    assert row["model"] == "two-block"
    assert json.loads(row["strokes"]) == [[[1.5, 2.0], [3.0, 4.5]], [[7.0, 7.0]]]
    assert row["image"] == kept.image.tobytes()


def test_without_any_the_digits_are_empty_and_reading_makes_no_file(corrections, home):
    assert corrections.count() == 0
    assert corrections.label_of("drawing-0") is None
    none = corrections.digits()
    assert (none.images.shape, none.labels.shape) == ((0, 28, 28), (0,))
    assert not home.exists()


def test_deleting_what_is_not_there_makes_no_file(corrections, home):
    corrections.clear()
    corrections.remove("drawing-0")
    assert not home.exists()


def test_as_a_table_they_are_kaggles(corrections, tmp_path):
    for number in range(4):
        corrections.keep(correction(number))
    (tmp_path / "corrections.csv").write_bytes(write_digits(corrections.digits()))
    assert fingerprint(read_digits(tmp_path / "corrections.csv")) == fingerprint(SAMPLE)


@pytest.mark.parametrize("label", [-1, 11, 3.5, None])
def test_a_label_that_is_no_digit_is_refused_and_nothing_is_kept(corrections, label):
    with pytest.raises(ValueError, match="expected 0 to 9"):
        corrections.keep(correction(0, label=label))
    assert corrections.count() == 0


def test_an_image_of_another_size_is_refused(corrections):
    with pytest.raises(StorageError):
        corrections.keep(correction(0, image=np.zeros((27, 28), np.uint8)))
    assert corrections.count() == 0


def test_what_is_no_digit_is_kept_and_counted_but_is_no_row_of_a_table(corrections):
    corrections.keep(correction(1))
    corrections.keep(correction(2, label=NOT_A_DIGIT))
    assert corrections.count() == 2
    assert corrections.label_of("drawing-2") == NOT_A_DIGIT
    assert corrections.digits().labels.tolist() == [1]
    [mine] = corrections.hands()
    assert mine.drawings == 1
    assert [kept.label for kept in corrections.latest(10)] == [NOT_A_DIGIT, 1]


def test_they_are_seen_singly_the_latest_first_and_each_can_be_deleted(corrections):
    for number in range(4):
        corrections.keep(correction(number))
    Corrections(hand="Ada").keep(correction(3, label=7))
    latest, *_ = found = corrections.latest(2)
    assert len(found) == 2
    assert (latest.id, latest.read_as, latest.model) == ("drawing-3", 9, "two-block")
    assert (latest.image == correction(3).image).all()
    ada = next(kept for kept in corrections.latest(10) if kept.hand == "Ada")
    corrections.delete(ada)
    assert corrections.count() == 4
    assert Corrections().label_of("drawing-3") == 3
    assert Corrections(Path("nowhere")).latest(3) == ()


class TestOwners:
    def test_one_deletes_no_other_owners_drawing(self, corrections):
        [others] = Corrections(owner="b").latest(3)
        Corrections(owner="a").delete(others)
        assert corrections.count() == 3
        corrections.delete(others)
        assert corrections.count() == 2

    @pytest.fixture(autouse=True)
    def kept(self, corrections):
        corrections.keep(correction(0))
        Corrections(owner="a").keep(correction(1))
        Corrections(owner="b").keep(correction(2))

    def test_an_owner_sees_only_ones_own_and_no_owner_means_everyones(self, corrections):
        assert corrections.digits().labels.tolist() == [0, 1, 2]
        assert Corrections(owner="a").digits().labels.tolist() == [1]
        assert [Corrections(owner=one).count() for one in ("a", "b", "c", None)] == [1, 1, 0, 3]
        assert Corrections(owner="b").label_of("drawing-1") is None

    def test_the_same_drawing_has_a_label_of_each_owner(self, corrections):
        Corrections(owner="b").keep(correction(1, label=7))
        assert Corrections(owner="a").label_of("drawing-1") == 1
        assert Corrections(owner="b").label_of("drawing-1") == 7
        assert corrections.label_of("drawing-1") is None
        assert corrections.count() == 4

    def test_an_owner_deletes_only_ones_own(self, corrections):
        Corrections(owner="a").remove("drawing-2")
        Corrections(owner="a").clear()
        Corrections(owner="").clear()
        assert corrections.digits().labels.tolist() == [2]

    @pytest.mark.parametrize("owner", ["' OR TRUE --", "%", "*"])
    def test_an_owner_is_no_pattern(self, corrections, owner):
        Corrections(owner=owner).clear()
        assert corrections.count() == 3


BEFORE_OWNERS = """
CREATE TABLE IF NOT EXISTS corrections (
    id TEXT PRIMARY KEY,
    time TEXT NOT NULL,
    label INTEGER NOT NULL CHECK (label BETWEEN 0 AND 9),
    read_as INTEGER NOT NULL,
    confidence REAL NOT NULL,
    model TEXT NOT NULL,
    strokes TEXT NOT NULL,
    image BLOB NOT NULL CHECK (length(image) = 784)
)
"""
ROW = ("2026-01-02T03:04:05+00:00", 3, 9, 0.75, "two-block", "[[[1.5, 2.0]]]")


class TestAFileFromBeforeOwners:
    @pytest.fixture
    def rows(self, home) -> list[tuple]:
        """Written by the statements of that version."""
        home.mkdir()
        rows = [(f"drawing-{n}", *ROW, SAMPLE.images[n].tobytes()) for n in range(4)]
        with closing(sqlite3.connect(home / "corrections.db")) as database, database:
            database.execute(BEFORE_OWNERS)
            database.executemany("INSERT INTO corrections VALUES (?, ?, ?, ?, ?, ?, ?, ?)", rows)
        return rows

    def content(self, corrections: Corrections) -> list[tuple]:
        columns = "id, time, label, read_as, confidence, model, strokes, image"
        with closing(sqlite3.connect(corrections.path)) as database:
            return database.execute(f"SELECT {columns} FROM corrections ORDER BY id").fetchall()

    def test_keeps_every_row_as_it_was(self, rows, corrections):
        assert corrections.count() == 4
        assert self.content(corrections) == rows
        corrections.keep(correction(1, label=7))
        assert corrections.count() == 4
        assert corrections.label_of("drawing-0") == 3
        assert Corrections(owner="a").count() == 0, "they belong to the one who runs the app"

    def test_is_brought_up_to_date_once_by_several_processes(self, rows, corrections):
        count = (
            "from recognizer.datasets.corrections import Corrections; print(Corrections().count())"
        )
        readers = [
            subprocess.Popen(
                [sys.executable, "-c", count], cwd=system_home.PROJECT, stdout=subprocess.PIPE
            )
            for _ in range(3)
        ]
        assert {reader.communicate(timeout=60)[0] for reader in readers} == {b"4\n"}
        assert self.content(corrections) == rows

    def test_is_as_it_was_when_that_fails_halfway(self, rows, corrections, monkeypatch):
        whole = corrections_schema._UPGRADE
        monkeypatch.setattr(corrections_schema, "_UPGRADE", (*whole[:3], "nonsense"))
        with pytest.raises(StorageError):
            corrections.count()
        assert self.content(corrections) == rows
        monkeypatch.setattr(corrections_schema, "_UPGRADE", whole)
        assert corrections.count() == 4


def test_a_file_from_before_hands_keeps_every_owner_and_row(home):
    home.mkdir()
    with closing(sqlite3.connect(home / "corrections.db")) as database, database:
        table = BEFORE_OWNERS.replace("TEXT PRIMARY KEY", "TEXT NOT NULL, owner TEXT NOT NULL")
        database.execute(table.replace("= 784)", "= 784), PRIMARY KEY (id, owner)"))
        database.execute("PRAGMA user_version = 2")
        for n, owner in enumerate(["", "", "visitor"]):
            row = (f"drawing-{n}", owner, *ROW, SAMPLE.images[n].tobytes())
            database.execute("INSERT INTO corrections VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", row)
    assert Corrections().count() == 3
    assert Corrections(owner="visitor").count() == 1
    assert [(one.name, one.drawings) for one in Corrections(owner="").hands()] == [("mine", 2)]


def test_a_file_from_before_what_is_no_digit_keeps_every_hand_and_takes_it(home):
    home.mkdir()
    Corrections(owner="a", hand="Ada").keep(correction(0))
    with closing(sqlite3.connect(home / "corrections.db")) as database, database:
        [(table,)] = database.execute("SELECT sql FROM sqlite_master WHERE type = 'table'")
        database.execute("ALTER TABLE corrections RENAME TO now")
        database.execute(table.replace("AND 10", "AND 9"))
        database.execute("INSERT INTO corrections SELECT * FROM now")
        database.execute("DROP TABLE now")
        database.execute("PRAGMA user_version = 3")
    Corrections(owner="a", hand="Ada").keep(correction(1, label=NOT_A_DIGIT))
    assert [(kept.owner, kept.hand) for kept in Corrections().latest(3)] == [("a", "Ada")] * 2


class TestHands:
    def test_one_sees_keeps_and_forgets_only_its_own(self):
        ada, bob = Corrections(hand="Ada"), Corrections(hand=" Bob ")
        for number in range(3):
            ada.keep(correction(number))
        bob.keep(correction(0, label=9))  # the same drawing, by another name
        assert ada.label_of("drawing-0") == 0
        assert bob.label_of("drawing-0") == 9
        assert [(one.name, one.drawings) for one in Corrections().hands()] == [
            ("Ada", 3),
            ("Bob", 1),
        ]
        assert Corrections().hands()[0].digits == (1, 1, 1, 0, 0, 0, 0, 0, 0, 0)
        ada.clear()
        assert [one.name for one in Corrections().hands()] == ["Bob"]

    def test_what_nobody_named_is_mine(self, corrections):
        corrections.keep(correction(0))
        assert Corrections(hand="mine").count() == 1

    def test_of_one_visitor_are_not_those_of_another(self):
        Corrections(owner="a", hand="Ada").keep(correction(0))
        assert Corrections(owner="b", hand="Ada").count() == 0
        assert Corrections(owner="b").hands() == ()

    @pytest.mark.parametrize("name", ["", "  ", "a\nb", "x" * 41])
    def test_that_cannot_be_named_are_refused_in_one_line(self, name):
        with pytest.raises(SettingError) as refused:
            Corrections(hand=name)
        assert "expected 1 to 40" in one_line(refused.value)


WRITER = """
import sys, numpy as np
from recognizer.datasets.corrections import Correction, Corrections
corrections = Corrections()
for number in range(20):
    image = np.full((28, 28), number, np.uint8)
    corrections.keep(
        Correction(f"{sys.argv[1]}-{number}", "2026", number % 10, 0, 0.5, "m", [], image)
    )
"""


def test_two_processes_can_write_at_once():
    writers = [
        subprocess.Popen([sys.executable, "-c", WRITER, name], cwd=system_home.PROJECT)
        for name in ("first", "second")
    ]
    assert [writer.wait(timeout=60) for writer in writers] == [0, 0]
    assert Corrections().count() == 40
    kept = Corrections().digits()
    assert (kept.images[:, 0, 0] % 10 == kept.labels).all()


def test_who_reads_and_who_writes_do_not_wait_for_each_other(corrections):
    corrections.keep(correction(1))
    with closing(sqlite3.connect(corrections.path, isolation_level=None)) as reader:
        reader.execute("BEGIN")
        assert reader.execute("SELECT count(*) FROM corrections").fetchone() == (1,)
        began = time.monotonic()
        corrections.keep(correction(2))
        reader.execute("ROLLBACK")
        reader.execute("BEGIN IMMEDIATE")
        assert corrections.count() == 2
        assert time.monotonic() - began < BUSY_SECONDS
        reader.execute("ROLLBACK")


class TestAFileThatCannotBeUsed:
    @pytest.fixture(params=["a folder", "no database", "torn", "of a newer app"])
    def bad(self, request, tmp_path) -> Corrections:
        path = tmp_path / "corrections.db"
        if request.param == "a folder":
            path.mkdir()
        elif request.param == "no database":
            path.write_text("not a database " * 99)
        elif request.param == "torn":
            Corrections(path).keep(correction(0))
            path.write_bytes(path.read_bytes()[:600])
        else:
            Corrections(path).keep(correction(0))
            with closing(sqlite3.connect(path)) as database:
                database.execute("PRAGMA user_version = 99")
        return Corrections(path)

    @pytest.mark.parametrize("use", ["keep", "remove", "clear", "count", "digits", "label_of"])
    def test_is_told_in_one_line_with_its_place(self, bad, use):
        arguments = {"keep": [correction(1)], "remove": ["x"], "label_of": ["x"]}.get(use, [])
        with pytest.raises(StorageError) as caught:
            getattr(bad, use)(*arguments)
        assert str(bad.path) in one_line(caught.value)

    def test_a_home_that_cannot_be_made_is_told(self, home):
        home.write_text("a file")
        with pytest.raises(StorageError) as caught:
            Corrections().keep(correction(1))
        assert str(home) in one_line(caught.value)
        assert Corrections().count() == 0
