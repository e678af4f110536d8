"""Submissions: exactly Kaggle's form, read back strictly, checked in words, whole or not there."""

import gzip
import io
import os
import zipfile
from contextlib import suppress

import numpy as np
import pytest
from helpers.crash import Interruption, Killed
from helpers.factories import one_line
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from recognizer.datasets import write_submission
from recognizer.datasets.submissions import (
    check_labels,
    check_submission,
    probabilities_bytes,
    probabilities_lines,
    read_submission,
    submission_bytes,
    submission_lines,
)
from recognizer.errors import DataError, StorageError

LABELS = np.array([7, 0, 9], np.uint8)
CSV = b"ImageId,Label\n1,7\n2,0\n3,9\n"


def fair(n: int) -> np.ndarray:
    """n labels, as many of each."""
    return (np.arange(n) % 10).astype(np.uint8)


def refusal(content: bytes) -> str:
    with pytest.raises(DataError) as caught:
        read_submission(io.BytesIO(content))
    return one_line(caught.value)


class TestWriting:
    def test_the_form_is_kaggles(self, tmp_path):
        write_submission(tmp_path / "submission.csv", LABELS)
        assert (tmp_path / "submission.csv").read_bytes() == submission_bytes(LABELS) == CSV

    def test_the_form_is_that_of_kaggles_own_sample(self, data):
        with zipfile.ZipFile(data / "digit-recognizer.zip") as archive:
            sample = archive.read("sample_submission.csv")
        assert submission_bytes(np.zeros(28_000, np.uint8)) == sample

    def test_more_rows_than_are_formatted_at_once_have_all_their_ids(self, tmp_path):
        path = tmp_path / "many.csv"
        write_submission(path, fair(150_001))
        ids = np.loadtxt(path, dtype=int, delimiter=",", skiprows=1)[:, 0]
        assert (ids == np.arange(1, 150_002)).all()
        assert path.read_bytes() == submission_bytes(fair(150_001))

    @given(st.lists(st.integers(0, 9), min_size=1), st.integers(0, 99))
    def test_lines_written_in_parts_are_those_of_the_whole(self, labels, at):
        labels = np.array(labels, np.uint8)
        first, second = labels[:at], labels[at:]
        parts = submission_lines(first, 1) + submission_lines(second, 1 + len(first))
        assert b"ImageId,Label\n" + parts == submission_bytes(labels)

    def test_no_digits_are_a_header(self):
        assert submission_bytes(LABELS[:0]) == b"ImageId,Label\n"
        assert probabilities_bytes(np.empty((0, 10))) == b"ImageId,p0,p1,p2,p3,p4,p5,p6,p7,p8,p9\n"

    @pytest.mark.parametrize("labels", [[10], [-1], [0.5], [[1, 2]]])
    def test_what_are_no_labels_is_not_written(self, tmp_path, labels):
        with pytest.raises(ValueError, match="labels"):
            write_submission(tmp_path / "submission.csv", np.array(labels))
        assert list(tmp_path.iterdir()) == []

    @pytest.mark.parametrize("name", ["missing/submission.csv", "."])
    def test_where_nothing_can_be_written_is_told(self, tmp_path, name):
        with pytest.raises(StorageError) as caught:
            write_submission(tmp_path / name, LABELS)
        assert str(tmp_path / name) in one_line(caught.value)

    @pytest.mark.skipif(os.name == "nt", reason="has no such files")
    def test_a_device_is_not_replaced(self, tmp_path):
        os.mkfifo(tmp_path / "pipe")
        with pytest.raises(StorageError):
            write_submission(tmp_path / "pipe", LABELS)
        assert (tmp_path / "pipe").is_fifo()

    def test_a_link_stays_one(self, tmp_path):
        (tmp_path / "real").mkdir()
        (tmp_path / "link.csv").symlink_to(tmp_path / "real" / "submission.csv")
        write_submission(tmp_path / "link.csv", LABELS)
        assert (tmp_path / "link.csv").is_symlink()
        assert (tmp_path / "real" / "submission.csv").read_bytes() == CSV

    @pytest.mark.parametrize("full", [False, True], ids=["killed", "disk full"])
    def test_an_interruption_anywhere_leaves_the_old_file_or_the_new_one(
        self, tmp_path, monkeypatch, full
    ):
        path, seen = tmp_path / "submission.csv", set()
        for at in range(20):
            path.write_bytes(b"old")
            with monkeypatch.context() as patched:
                stopped = Interruption(patched, at, full=full)
                with suppress(Killed, StorageError):
                    write_submission(path, LABELS)
            seen.add(path.read_bytes())
            if not stopped.happened:
                break
        assert seen == {b"old", CSV}


class TestProbabilities:
    @given(
        arrays.arrays(
            np.float32,
            st.tuples(st.integers(0, 5), st.just(10)),
            elements=st.floats(0, 1, width=32),
        )
    )
    def test_they_read_back_to_seven_digits_under_their_ids(self, probabilities):
        head, *rows = probabilities_bytes(probabilities).decode().splitlines()
        assert head == "ImageId," + ",".join(f"p{digit}" for digit in range(10))
        assert len(rows) == len(probabilities)
        for number, (row, expected) in enumerate(zip(rows, probabilities, strict=True), 1):
            image, *cells = row.split(",")
            assert image == str(number)
            assert list(map(float, cells)) == pytest.approx(expected.tolist(), rel=1e-6)

    def test_lines_can_begin_at_any_id(self):
        assert probabilities_lines(np.eye(10)[3:4], 41) == b"41,0,0,0,1,0,0,0,0,0,0\n"


class TestReading:
    @given(st.lists(st.integers(0, 9), min_size=1, max_size=300))
    def test_what_was_written_reads_back(self, labels):
        read = read_submission(io.BytesIO(submission_bytes(np.array(labels))))
        assert read.tolist() == labels
        assert read.dtype == np.uint8

    @pytest.mark.parametrize(
        "content",
        [
            b"\xef\xbb\xbf" + CSV,
            CSV.replace(b"\n", b"\r\n"),
            CSV.removesuffix(b"\n"),
            CSV + b"\n\n",
            b'"ImageId","Label"\n"1","7"\n"2","0"\n"3","9"\n',
            gzip.compress(CSV),
        ],
        ids=["BOM", "CRLF", "no last line end", "blank last lines", "quotes", "gzipped"],
    )
    def test_what_other_programs_do_to_a_table_is_fine(self, content, tmp_path):
        (tmp_path / "mine.csv").write_bytes(content)
        assert read_submission(tmp_path / "mine.csv").tolist() == [7, 0, 9]

    @pytest.mark.parametrize(
        ("content", "told"),
        [
            (b"", "The first line is ''"),
            (b"1,7\n", "The first line is '1,7'"),
            (b"imageid,label\n1,7\n", "The first line is 'imageid,label'"),
            (b"ImageId,Label\n", "no rows"),
            (b"ImageId,Label\n0,7\n", "Row 1 has the id '0': expected 1."),
            (b"ImageId,Label\n1,7\n3,7\n", "Row 2 has the id '3': expected 2."),
            (b"ImageId,Label\n1,7\n1,7\n", "Row 2 has the id '1': expected 2."),
            (b"ImageId,Label\n1.0,7\n", "Row 1 has the id '1.0': expected 1."),
            (b"ImageId,Label\n1,10\n", "Row 1 has the label '10': expected one digit"),
            (b"ImageId,Label\n1,7\n2,\n", "Row 2 has the label '': expected one digit"),
            (b"ImageId,Label\n1\n", "Row 1 has the label ''"),
            (b"ImageId,Label\n1,7,0\n", "Row 1 has the label '7,0'"),
            (b"ImageId,Label\n1,\xd9\xa3\n", "Row 1 has the label '\u0663'"),
            (b"ImageId,Label\n1," + b"7" * 999, "Row 1 has the label '77777777777777777777'"),
            (b"\x89PNG\r\n\x1a\n\0", "The first line is"),
        ],
    )
    def test_what_is_not_in_kaggles_form_is_told_with_its_row(self, content, told):
        assert told in refusal(content)

    def test_blank_lines_without_end_are_not_read(self):
        assert "comes after 1,000 blank lines" in refusal(
            b"ImageId,Label\n" + b"\n" * 100_000 + b"1,7"
        )

    def test_a_missing_file_is_named(self, tmp_path):
        with pytest.raises(DataError) as caught:
            read_submission(tmp_path / "mine.csv")
        assert "mine.csv" in one_line(caught.value)


class TestChecking:
    def check(self, content: bytes) -> dict[str, tuple[bool, str]]:
        findings = check_submission(io.BytesIO(content))
        for finding in findings:
            assert finding.message.endswith(".")
            assert "\n" not in finding.message
        names = ("header", "rows", "ids", "labels", "shares")
        return {name: (one.passed, one.message) for name, one in zip(names, findings, strict=True)}

    def wrong(self, content: bytes) -> set[str]:
        return {name for name, (holds, _) in self.check(content).items() if not holds}

    def test_a_right_one_holds_in_everything(self):
        checked = self.check(submission_bytes(fair(28_000)))
        assert all(holds for holds, _ in checked.values())
        assert "28,000 rows" in checked["rows"][1]
        assert "3: 10.0 %" in checked["shares"][1]

    @pytest.mark.parametrize("labels", [fair(28_000), fair(60), np.zeros(28_000, np.uint8)])
    def test_labels_are_checked_as_the_submission_written_from_them(self, labels):
        written = check_submission(io.BytesIO(submission_bytes(labels)))
        assert check_labels(labels) == [written[1], written[4]]
        assert written[0].passed
        assert written[2].passed
        assert written[3].passed

    def test_one_row_is_told_as_one_row_of_which_all_is_one_digit(self):
        rows, shares = check_labels(np.array([9], np.uint8))
        assert rows.message == "It has 1 row: the competition's test.csv has 28,000."
        assert "8: 0.0 %, 9: 100.0 %" in shares.message

    def test_each_fault_is_found_by_itself(self):
        right = submission_bytes(fair(28_000))
        assert self.wrong(right.replace(b"ImageId", b"Id", 1)) == {"header"}
        assert self.wrong(submission_bytes(fair(27_999))) == {"rows"}
        assert self.wrong(right.replace(b"\n500,", b"\n501,", 1)) == {"ids"}
        assert self.wrong(right.replace(b"\n500,9", b"\n500,x", 1)) == {"labels"}
        assert self.wrong(submission_bytes(np.zeros(28_000, int))) == {"shares"}

    def test_the_first_bad_row_is_named(self):
        checked = self.check(b"ImageId,Label\n1,7\n2,x\n2,y\n")
        assert checked["labels"] == (
            False,
            "Row 2 has the label 'x': expected one digit, 0 to 9.",
        )
        assert checked["ids"] == (False, "Row 3 has the id '2': expected 3.")

    def test_shares_of_another_number_of_rows_are_told_and_not_judged(self):
        holds, told = self.check(submission_bytes(np.zeros(5, int)))["shares"]
        assert holds
        assert "0: 100.0 %" in told

    def test_an_empty_file_is_told(self):
        assert self.wrong(b"") == {"header", "rows"}
