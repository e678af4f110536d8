"""Tables of digits: what is fine is read, what is not is named in one sentence, splits are fair."""

import gzip
import io
import struct
import time
import tracemalloc
import zipfile
from pathlib import Path

import numpy as np
import pytest
from helpers.factories import PIXEL_HEADER, TRAIN_HEADER, digits, one_line, row, table, table_of

from recognizer.datasets import fingerprint, read_digits, reader, stream_digits, write_digits
from recognizer.datasets.splits import split
from recognizer.errors import DataError
from recognizer.records import Digits

SAMPLE = digits(23)
CSV = table_of(SAMPLE)


def zipped(content: bytes = CSV, name: str = "train.csv", method: int = zipfile.ZIP_DEFLATED):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", method) as archive:
        archive.writestr("sample_submission.csv", "ImageId,Label\n1,0\n")
        archive.writestr(name, content)
    return packed.getvalue()


def holding(members: dict[str, bytes]) -> io.BytesIO:
    """Return a zip of these files."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return packed


def encrypted() -> bytes:
    """A zip that says that its files are encrypted."""
    packed = bytearray(zipped())
    for signature, flags in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        start = packed.find(signature)
        while start >= 0:
            packed[start + flags] |= 1
            start = packed.find(signature, start + 1)
    return bytes(packed)


def read(content: bytes) -> Digits:
    return read_digits(io.BytesIO(content))


def refusal(content: bytes) -> str:
    """Return the message about a file, having checked that it is one sentence."""
    with pytest.raises(DataError) as caught:
        read(content)
    return one_line(caught.value)


class TestReading:
    @pytest.mark.parametrize(
        ("name", "content"),
        [
            ("train.csv", CSV),
            ("train.csv.gz", gzip.compress(CSV)),
            ("digit-recognizer.zip", zipped()),
            ("stored.zip", zipped(method=zipfile.ZIP_STORED)),
            ("misnamed.csv", zipped()),
        ],
    )
    @pytest.mark.parametrize("how", [Path, str, "open file", "bytes"])
    def test_a_table_is_read_however_packed_and_however_given(self, tmp_path, name, content, how):
        path = tmp_path / name
        path.write_bytes(content)
        if how == "open file":
            with path.open("rb") as file:
                read_back = read_digits(file)
                assert not file.closed
        else:
            read_back = read_digits(io.BytesIO(content) if how == "bytes" else how(path))
        assert (read_back.images == SAMPLE.images).all()
        assert (read_back.labels == SAMPLE.labels).all()
        assert read_back.images.dtype == read_back.labels.dtype == np.uint8

    @pytest.mark.parametrize(
        "content",
        [
            b"\xef\xbb\xbf" + CSV,
            CSV.replace(b"\n", b"\r\n"),
            CSV.removesuffix(b"\n"),
            CSV + b"\n\r\n",
            b'"' + CSV.replace(b",", b'","').replace(b"\n", b'"\n"').removesuffix(b'"'),
            b"\xef\xbb\xbf" + CSV.replace(b"label", b'"label"').replace(b"\n", b"\r\n"),
        ],
        ids=["BOM", "CRLF", "no last line end", "blank last lines", "quotes", "as Excel saves it"],
    )
    def test_what_other_programs_do_to_a_table_is_fine(self, content):
        assert fingerprint(read(content)) == fingerprint(SAMPLE)

    @pytest.mark.parametrize("content", [CSV, gzip.compress(CSV), zipped()])
    def test_a_file_that_was_read_before_is_read_from_its_start(self, content):
        file = io.BytesIO(content)
        file.read(1000)
        assert len(read_digits(file)) == 23

    def test_pixels_are_row_major_and_keep_their_values(self):
        read_back = read(table(row(7, 1, 2), row(3, *[0] * 28, 255)))
        assert read_back.labels.tolist() == [7, 3]
        assert read_back.images[0, 0, :3].tolist() == [1, 2, 0]
        assert read_back.images[1, 1, 0] == 255
        assert read_back.images.sum() == 258

    def test_a_table_without_labels_has_none(self):
        read_back = read(table_of(Digits(SAMPLE.images, None)))
        assert read_back.labels is None
        assert (read_back.images == SAMPLE.images).all()

    def test_one_row_is_enough(self):
        assert len(read(table(row(4)))) == 1

    def test_another_member_of_a_zip_can_be_named(self):
        packed = zipped(table_of(Digits(SAMPLE.images, None)), name="test.csv")
        assert read_digits(io.BytesIO(packed), member="test.csv").labels is None

    @pytest.mark.parametrize(
        ("wanted", "others"),
        [
            ("test.csv", ["train.csv", "sample_submission.csv", "old/test.csv"]),
            ("digit/test.csv", ["digit/train.csv", "__MACOSX/digit/._test.csv", "digit/"]),
            ("./digit//test.csv", ["train.csv"]),
            ("mine.csv", ["readme.txt", "__MACOSX/._mine.csv"]),
            ("MINE.CSV", []),
        ],
    )
    def test_of_a_zip_the_named_table_is_read_in_any_folder_or_else_the_only_one(
        self, wanted, others
    ):
        packed = holding({**dict.fromkeys(others, b"no"), wanted: CSV})
        assert (read_digits(packed, member="test.csv").images == SAMPLE.images).all()

    def test_kaggles_own_zip_holds_42000_labelled_and_28000_unlabelled_rows(self, data):
        path = data / "digit-recognizer.zip"
        training, test = read_digits(path), read_digits(path, member="test.csv")
        assert (len(training), len(test)) == (42_000, 28_000)
        assert test.labels is None
        assert set(np.bincount(training.labels) // 1000) == {3, 4}  # MNIST has 10 % ± 1.2 of each


class TestRefusing:
    @pytest.mark.parametrize(
        "value",
        [*("300", "-1", "12.5", "", "text", "nan", "1e3", "0x10", "1_0", "#3", "'7'")]
        + ["٣", "5\0", "9" * 400],
    )
    @pytest.mark.parametrize("column", [2, 785])
    def test_a_bad_cell_is_named_by_row_and_column(self, value, column):
        bad = row(9, *[0] * (column - 2), value)
        message = refusal(table(row(1), row(2), bad, row(4)))
        assert message.startswith(f"Row 3, column {column} {'holds ' if value else 'is empty'}")
        assert message.endswith("expected an integer from 0 to 255.")

    def test_bytes_that_are_no_text_are_named_by_row_and_column(self):
        message = refusal(table(row(1), row(2, "é")).replace("é".encode(), b"\xe9"))
        assert message.startswith("Row 2, column 2 holds ")

    @pytest.mark.parametrize("label", ["-1", "256", "300", "x", "", "1.5"])
    def test_a_label_that_is_no_number_of_a_byte_is_named(self, label):
        message = refusal(table(row(1), row(label)))
        assert message.startswith(f"Row 2, column 1 {f'holds {label!r}' if label else 'is empty'}:")
        assert message.endswith("from 0 to 9.")

    @pytest.mark.parametrize("label", [10, 255])
    def test_a_label_above_9_is_named(self, label):
        message = refusal(table(row(1), row(9), row(label)))
        assert message == f"Row 3 has the label {label}: expected a digit, 0 to 9."

    @pytest.mark.parametrize("cut", ["missing", "extra"])
    @pytest.mark.parametrize("place", [1, 2])
    def test_a_row_of_another_length_is_named(self, cut, place):
        rows = [row(1), row(2), row(3)]
        rows[place - 1] = rows[place - 1] + ",0" if cut == "extra" else rows[place - 1][:-2]
        found = 786 if cut == "extra" else 784
        message = f"Row {place} has {found} columns: expected 785, as in the header."
        assert refusal(table(*rows)) == message

    def test_every_row_one_pixel_short_is_told_from_the_first(self):
        assert refusal(table(row(1)[:-2], row(2)[:-2])).startswith("Row 1 has 784 columns")

    def test_an_unlabelled_table_expects_784_columns(self):
        message = refusal(table(row(1), header=PIXEL_HEADER))
        assert message == "Row 1 has 785 columns: expected 784, as in the header."

    def test_a_quotation_mark_without_its_pair_is_named(self):
        assert refusal(table(row(1), row('"7'), row(2))).startswith("Row 2 has a quotation mark")

    @pytest.mark.parametrize(
        "header",
        [
            *("x,y", TRAIN_HEADER + ",pixel784", TRAIN_HEADER.removesuffix(",pixel783")),
            TRAIN_HEADER.replace("pixel5,pixel6", "pixel5,pixel5"),
        ],
        ids=["two", "extra", "783", "twice"],
    )
    def test_another_header_is_shown_with_the_expected_one(self, header):
        message = refusal(table(row(1), header=header))
        assert f"has {len(header.split(','))} column" in message
        assert "label,pixel0,…,pixel783" in message

    @pytest.mark.parametrize(
        ("content", "said"),
        [
            (b"", "The file is empty: expected Kaggle's header"),
            (b"\n", "The first line is blank: expected Kaggle's header"),
            (b"\0" * 9, "The file is neither text nor of another known kind"),
            (b"no table", "The first line has 1 column "),
            ("ĀĀĀĀ".encode("utf-16"), "The first line has 1 column "),
        ],
    )
    def test_what_is_no_table_is_refused_by_its_first_line(self, content, said):
        assert refusal(content).startswith(said)

    def test_a_header_without_rows_is_refused(self):
        assert "no rows" in refusal(table())
        assert "no rows" in refusal(TRAIN_HEADER.encode())

    def test_more_rows_than_fit_are_refused(self, monkeypatch):
        monkeypatch.setattr(reader, "MAX_ROWS", 3)
        assert len(read(table(*[row(1)] * 3))) == 3
        assert "more than 3 rows" in refusal(table(*[row(1)] * 4))

    def test_a_zip_without_the_table_names_what_it_holds(self):
        assert "holds no train.csv, only sample_submission.csv, other.csv" in refusal(
            zipped(name="other.csv")
        )

    def test_a_zip_in_which_nobody_can_tell_the_table_says_what_to_do(self):
        for names, told in (
            (("a.csv", "b.csv"), "holds no test.csv, only a.csv, b.csv."),
            (("a/test.csv", "b/test.csv"), "more than one test.csv: a/test.csv, b/test.csv."),
            (("readme.md", "test.csv/"), "holds no test.csv, only readme.md, test.csv/."),
        ):
            with pytest.raises(DataError) as caught:
                read_digits(holding(dict.fromkeys(names, CSV)), member="test.csv")
            assert told in one_line(caught.value)
            assert "Unpack it" in str(caught.value)

    def test_an_encrypted_zip_is_refused(self):
        assert "protected by a password" in refusal(encrypted())

    @pytest.mark.parametrize("pack", [gzip.compress, zipped], ids=["gzip", "zip"])
    def test_blank_lines_without_end_are_not_read(self, pack):
        """200 MB of them took 13 hours."""
        few, many = (table(row(1)) + b"\n" * n + row(2).encode() for n in (900, 30_000_000))
        assert len(read(pack(few))) == 2
        assert "comes after 1,000 blank lines" in refusal(pack(many))

    def test_a_gzip_of_very_many_parts_that_hold_nothing_is_refused_at_once(self):
        """20 MB of them took 6 s; bgzip's many parts hold something."""
        rows = table(row(1), row(2))
        parts = b"".join(gzip.compress(rows[n : n + 100]) for n in range(0, len(rows), 100))
        assert len(read(parts)) == 2
        started = time.process_time()
        for bomb in (
            gzip.compress(b"") * 1_000_000,
            gzip.compress(rows) + gzip.compress(b"") * 9**6,
        ):
            assert "very many parts" in refusal(bomb)
        assert time.process_time() - started < 3

    def test_a_zip_with_a_list_of_files_that_takes_all_memory_is_refused(self):
        entry = struct.pack("<4s4B4HL2L5H2L", b"PK\1\2", *[0] * 9, 0, 0, 1, *[0] * 6) + b"a"
        files = entry * 200_000
        end = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 65_535, 65_535, len(files), 4, 0)
        assert "list of files is too long" in refusal(b"PK\3\4" + files + end)

    def test_a_zip_by_a_method_that_may_take_all_memory_is_refused(self):
        content = io.BytesIO()
        with zipfile.ZipFile(content, "w", zipfile.ZIP_LZMA) as archive:
            archive.writestr("train.csv", CSV)
        assert "Deflate" in refusal(content.getvalue())

    def test_a_packed_line_without_end_is_not_unpacked(self):
        bomb = zipped(TRAIN_HEADER.encode() + b"\n" + b"0" * 64_000_000)
        assert len(bomb) < 100_000
        tracemalloc.start()
        assert "Row 1 is longer than" in refusal(bomb)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak < 4_000_000

    @pytest.mark.parametrize("packed", [gzip.compress(CSV), zipped()], ids=["gzip", "zip"])
    def test_a_packed_file_cut_anywhere_is_refused(self, packed):
        for length in range(4, len(packed) - 1, 97):
            one_line(refusal(packed[:length]))

    @pytest.mark.parametrize("pack", [gzip.compress, zipped], ids=["gzip", "zip"])
    def test_a_packed_file_damaged_anywhere_is_read_right_or_refused(self, pack):
        packed, refused = pack(table(row(3, 1, 2))), 0
        for place in range(4, len(packed)):
            damaged = bytearray(packed)
            damaged[place] ^= 0x55
            try:
                assert len(read(bytes(damaged))) == 1
            except DataError as error:
                one_line(error)
                refused += 1
        assert refused > len(packed) / 3

    @pytest.mark.parametrize("name", ["missing.csv", "."])
    def test_what_cannot_be_opened_is_named(self, tmp_path, name):
        with pytest.raises(DataError) as caught:
            read_digits(tmp_path / name)
        assert (tmp_path / name).name in one_line(caught.value)


class Pipe(io.RawIOBase):
    """A pipe that gives a few bytes at a time."""

    def __init__(self, content: bytes) -> None:
        self.content = io.BytesIO(content)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer) -> int:
        return self.content.readinto(memoryview(buffer)[:3000])


class TestStreaming:
    @pytest.mark.parametrize("rows", [1, 5, 23, 4096])
    @pytest.mark.parametrize("pack", [bytes, gzip.compress, zipped])
    def test_the_pieces_are_the_table(self, pack, rows):
        with stream_digits(io.BytesIO(pack(CSV)), rows=rows) as stream:
            assert stream.labelled
            pieces = list(stream)
        assert [len(piece) for piece in pieces[:-1]] == [rows] * (len(pieces) - 1)
        assert (np.concatenate([piece.images for piece in pieces]) == SAMPLE.images).all()
        assert (np.concatenate([piece.labels for piece in pieces]) == SAMPLE.labels).all()

    def test_whether_there_are_labels_is_known_before_the_first_row(self):
        for header in (PIXEL_HEADER, TRAIN_HEADER):
            with stream_digits(io.BytesIO(header.encode())) as stream:
                assert stream.labelled is (header == TRAIN_HEADER)

    @pytest.mark.parametrize("pack", [bytes, gzip.compress, zipped])
    def test_a_pipe_is_read_like_a_file(self, pack):
        pipe = io.BufferedReader(Pipe(pack(CSV)))
        assert fingerprint(read_digits(pipe)) == fingerprint(SAMPLE)

    def test_the_share_that_was_read_grows_to_all_of_it(self):
        for pack in (bytes, gzip.compress, zipped):
            stream = stream_digits(io.BytesIO(pack(CSV)), rows=5)
            shares = [stream.share] + [stream.share for _ in stream]
            assert shares == sorted(shares)
            assert 0 < shares[0] <= shares[-1] == 1

    def test_of_a_pipe_no_share_is_known(self):
        with stream_digits(io.BufferedReader(Pipe(CSV)), rows=5) as stream:
            assert {stream.share for _ in stream} == {None}

    @pytest.mark.parametrize("row_of", [1, 3, 4, 6, 7])
    def test_a_bad_row_is_counted_from_the_start_of_the_file(self, row_of):
        rows = [row(1)] * 7
        for bad in (row(10), row("x"), row(1)[:-2], row('"1')):
            rows[row_of - 1] = bad
            with pytest.raises(DataError, match=f"^Row {row_of}[, ]"):
                list(stream_digits(io.BytesIO(table(*rows)), rows=3))

    def test_the_files_it_opened_are_closed_and_the_others_are_not(self, tmp_path, monkeypatch):
        opened = []
        open_one = Path.open

        def note(path, *args, **options):
            opened.append(open_one(path, *args, **options))
            return opened[-1]

        monkeypatch.setattr(Path, "open", note)
        path = tmp_path / "train.csv"
        path.write_bytes(CSV)
        list(stream_digits(path))
        stream_digits(path).close()
        next(iter(stream_digits(path, rows=1)))
        for bad in (b"no header\n", table(row("x"))):
            path.write_bytes(bad)
            with pytest.raises(DataError):
                list(stream_digits(path))
        assert len(opened) >= 5
        assert all(file.closed for file in opened)
        mine = io.BytesIO(CSV)
        list(stream_digits(mine))
        assert not mine.closed

    def test_memory_does_not_grow_with_the_rows(self):
        def peak(rows: int) -> int:
            content = io.BytesIO(table(*[row(1, *[200] * 700)] * rows))
            tracemalloc.start()
            for _ in stream_digits(content, rows=64):
                pass
            found = tracemalloc.get_traced_memory()[1]
            tracemalloc.stop()
            return found

        peak(64)  # imports and caches
        assert peak(3000) < 1.2 * peak(300)


class TestWriting:
    def test_written_digits_read_back_equal(self):
        assert fingerprint(read(write_digits(SAMPLE))) == fingerprint(SAMPLE)

    def test_the_layout_is_kaggles(self):
        assert write_digits(SAMPLE) == CSV

    def test_without_labels_the_layout_is_that_of_test_csv(self):
        unlabelled = Digits(SAMPLE.images, None)
        assert write_digits(unlabelled) == table_of(unlabelled)

    def test_no_digits_are_a_header(self):
        assert write_digits(SAMPLE.take(np.array([], dtype=int))) == table()


class TestFingerprint:
    def test_the_same_rows_are_known_in_any_packing(self):
        assert fingerprint(read(zipped())) == fingerprint(read(CSV)) == fingerprint(SAMPLE)

    @pytest.mark.parametrize("changed", ["a pixel", "a label", "no labels", "the order"])
    def test_other_rows_have_another(self, changed):
        images, labels = SAMPLE.images.copy(), SAMPLE.labels.copy()
        images[3, 4, 5] ^= changed == "a pixel"
        labels[3] ^= changed == "a label"
        other = Digits(images, None if changed == "no labels" else labels)
        if changed == "the order":
            other = other.take(np.arange(22, -1, -1))
        assert fingerprint(other) != fingerprint(SAMPLE)


def numbered(counts: list[int]) -> Digits:
    """Digits with that many rows of each label, mixed, each picture showing its row's number."""
    labels = np.repeat(np.arange(10, dtype=np.uint8), counts)
    np.random.default_rng(5).shuffle(labels)
    images = np.zeros((len(labels), 28, 28), dtype=np.uint8)
    images[:, 0, 0], images[:, 0, 1] = divmod(np.arange(len(labels)), 256)
    return Digits(images, labels)


def numbers(sample: Digits) -> list[int]:
    return (sample.images[:, 0, 0].astype(int) * 256 + sample.images[:, 0, 1]).tolist()


class TestSplit:
    sample = numbered([100, 50, 30, 20, 10, 200, 1, 0, 70, 19])

    @pytest.mark.parametrize("seed", [0, 1, 2**32 - 1])
    @pytest.mark.parametrize("held_out", [0.1, 0.25, 0.5])
    def test_each_digit_is_held_out_in_proportion(self, held_out, seed):
        training, held = split(self.sample, held_out, seed)
        for label in range(10):
            total = (self.sample.labels == label).sum()
            assert (held.labels == label).sum() == pytest.approx(held_out * total, abs=0.5)
            assert (held.labels == label).sum() + (training.labels == label).sum() == total

    def test_every_row_is_in_one_part_with_its_label_in_the_files_order(self):
        parts = split(self.sample, 0.2, seed=1)
        for part in parts:
            assert numbers(part) == sorted(numbers(part))
            assert (part.labels == self.sample.labels[numbers(part)]).all()
        assert sorted(numbers(parts[0]) + numbers(parts[1])) == list(range(500))

    def test_the_seed_decides(self):
        held = [numbers(split(self.sample, 0.2, seed)[1]) for seed in (1, 1, 2)]
        assert held[0] == held[1]
        assert held[0] != held[2]

    def test_a_table_without_labels_cannot_be_split(self):
        with pytest.raises(DataError) as caught:
            split(Digits(SAMPLE.images, None), 0.1, seed=1)
        assert "train.csv, not test.csv" in one_line(caught.value)

    @pytest.mark.parametrize("counts", [[1] * 10, [1] + [0] * 9, [4] * 10])
    def test_too_few_rows_are_told(self, counts):
        with pytest.raises(DataError) as caught:
            split(numbered(counts), 0.1, seed=1)
        assert str(sum(counts)) in one_line(caught.value)
