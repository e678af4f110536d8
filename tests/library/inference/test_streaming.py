"""Reading in pieces: the order and the numbers are those of reading all at once."""

import io
import itertools
import threading

import numpy as np
import pytest
from helpers.factories import digits, row, table, table_of
from hypothesis import given
from hypothesis import strategies as st

from recognizer.datasets import stream_digits
from recognizer.errors import DataError
from recognizer.inference.streaming import predict_pieces
from recognizer.records import Digits

SAMPLE = digits(23)


class Sums:
    """Reads an image as the sum of its pixels, so that any mix-up of rows is seen."""

    def predict(self, images: np.ndarray) -> np.ndarray:
        return np.eye(10, dtype=np.float32)[images.sum(axis=(1, 2), dtype=int) % 10]

    def predict_scored(self, images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        return self.predict(images), images.mean(axis=(1, 2)) / 255


def cut(sample: Digits, places: list[int]) -> list[Digits]:
    bounds = itertools.pairwise([0, *sorted(places), len(sample)])
    return [sample.take(np.arange(*bound)) for bound in bounds]


def threads() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name == "table"]


def test_scores_come_with_the_pieces_where_they_are_asked_for():
    pieces = list(predict_pieces(Sums(), cut(SAMPLE, [5, 9]), scored=True))
    scores = np.concatenate([piece.scores for piece in pieces])
    assert (scores == SAMPLE.images.mean(axis=(1, 2)) / 255).all()
    probabilities = np.concatenate([piece.probabilities for piece in pieces])
    assert (probabilities == Sums().predict(SAMPLE.images)).all()
    assert all(piece.scores is None for piece in predict_pieces(Sums(), cut(SAMPLE, [5])))


@given(st.lists(st.integers(0, 23), max_size=5))
def test_pieces_are_read_as_the_whole_would_be(places):
    parts = cut(SAMPLE, places)
    pieces = list(predict_pieces(Sums(), parts))
    assert [piece.digits for piece in pieces] == parts
    starts = np.cumsum([0, *map(len, parts)])[:-1]
    assert [piece.first for piece in pieces] == starts.tolist()
    probabilities = np.concatenate([piece.probabilities for piece in pieces])
    assert (probabilities == Sums().predict(SAMPLE.images)).all()
    labels = np.concatenate([piece.labels for piece in pieces])
    assert (labels == SAMPLE.images.sum(axis=(1, 2), dtype=int) % 10).all()
    assert labels.dtype == np.uint8


def test_a_streamed_table_gives_its_rows_in_order():
    stream = stream_digits(io.BytesIO(table_of(SAMPLE)), rows=5)
    pieces = list(predict_pieces(Sums(), stream))
    shares = [piece.share for piece in pieces]
    assert shares == sorted(set(shares))
    assert shares[-1] == 1
    assert [piece.first for piece in pieces] == [0, 5, 10, 15, 20]
    assert (np.concatenate([p.digits.images for p in pieces]) == SAMPLE.images).all()


def test_a_bad_row_is_raised_after_the_pieces_before_it():
    bad = table(*[row(1)] * 7, row(2, "x"))
    pieces = predict_pieces(Sums(), stream_digits(io.BytesIO(bad), rows=3))
    assert [next(pieces).first, next(pieces).first] == [0, 3]
    with pytest.raises(DataError, match=r"Row 8, column 2 holds 'x'"):
        next(pieces)
    assert threads() == []


def test_it_stops_when_asked():
    asked = iter([False, False, True])
    pieces = list(predict_pieces(Sums(), cut(SAMPLE, [5, 9, 20]), stopped=lambda: next(asked)))
    assert [piece.first for piece in pieces] == [0, 5]
    assert threads() == []


def test_who_leaves_early_leaves_no_thread_and_no_open_file(tmp_path):
    path = tmp_path / "train.csv"
    path.write_bytes(table_of(SAMPLE))
    stream = stream_digits(path, rows=1)
    pieces = predict_pieces(Sums(), stream)
    next(pieces)
    pieces.close()
    stream.close()
    assert threads() == []


def test_no_more_pieces_are_parsed_than_a_few_ahead():
    given_out = []

    def endless():
        for number in itertools.count():
            given_out.append(number)
            yield SAMPLE

    pieces = predict_pieces(Sums(), endless())
    for taken in range(1, 6):
        next(pieces)
        assert len(given_out) <= taken + 4
    pieces.close()
