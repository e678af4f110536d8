"""A table of digits being read, in a thread of its own.

Nothing in here touches Streamlit: the page looks at a run as often as it likes, and cancels it.
"""

import hashlib
import logging
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import IO

import numpy as np

from pages.sections.batch.records import Result, Table, threshold
from recognizer.cluster.partitions import MEMBER
from recognizer.datasets.formats.dialect import TEST
from recognizer.datasets.reader import MAX_ROWS, stream_files
from recognizer.datasets.submissions import check_labels
from recognizer.errors import DataError, ModelError, RecognizerError
from recognizer.inference import Recognizer
from recognizer.inference.streaming import predict_pieces
from recognizer.models import seen_rows
from recognizer.models.registry import StoredModel
from recognizer.records import Digits

ROWS = 1024  # from one look at whether it is cancelled to the next
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Progress:
    """How far a run is.

    Attributes:
        rows: read so far.
        share: of the table, 0 to 1.
        seconds: since it began.
    """

    rows: int
    share: float
    seconds: float

    @property
    def speed(self) -> float:
        """Rows a second."""
        return self.rows / max(self.seconds, 1e-9)

    @property
    def seconds_left(self) -> float | None:
        """Until the last row; None while that is not known."""
        return self.seconds * (1 - self.share) / self.share if self.share else None


class Run:
    """One reading of a table by one model.

    Attributes:
        name: of the table.
        model: what reads.
        result: once it has ended well.
        problem: once it has ended otherwise, in one sentence.
    """

    def __init__(
        self, source: Table | Sequence[IO[bytes]], model: StoredModel, reader: Recognizer
    ) -> None:
        """Begin.

        Args:
            source: digits, or open files with names that belong together.
            model: what reads.
            reader: the same, loaded.
        """
        self.name, self.model = _name(source), model
        self.result: Result | None = None
        self.problem: str | None = None
        self._source, self._reader = source, reader
        self._dialect = source.dialect if isinstance(source, Table) else TEST
        self._began, self._progress = time.monotonic(), (0, 0.0)
        self._shares: list[float] = []  # of the table, up to each piece
        self._cancelled = threading.Event()
        self._thread = threading.Thread(target=self._work, name="batch", daemon=True)
        self._thread.start()

    def cancel(self) -> None:
        """End it; nothing comes of it."""
        self._cancelled.set()

    def is_ended(self) -> bool:
        """Whether it has a result or a problem, or was cancelled."""
        return not self._thread.is_alive()

    def wait(self, seconds: float | None = None) -> None:
        """Wait until it has ended."""
        self._thread.join(seconds)

    def progress(self) -> Progress:
        """Return how far it is."""
        return Progress(*self._progress, time.monotonic() - self._began)

    def _work(self) -> None:
        try:
            result = self._result()
            if not self._cancelled.is_set():
                self.result = result
        except RecognizerError as error:
            self.problem = f"{self.name}: {error}"
        except Exception as error:
            _log.exception("Reading %s failed", self.name)
            kind = type(error).__name__
            self.problem = f"Internal error ({kind}): the server's log says more."
        finally:
            self._source = None  # an upload stays in memory as long as anyone holds it

    def _result(self) -> Result | None:
        table = self._source if isinstance(self._source, Table) else None
        images, labels, probabilities, scores = [], [], [], []
        scored = threshold(self.model) is not None
        pieces = predict_pieces(
            self._reader, self._pieces(), scored=scored, stopped=self._cancelled.is_set
        )
        for number, piece in enumerate(pieces):
            images.append(piece.digits.images)
            labels.append(piece.digits.labels)
            probabilities.append(piece.probabilities)
            if scored:
                scores.append(piece.scores)
            self._progress = (piece.first + len(piece.digits), self._shares[number])
        seconds = time.monotonic() - self._began
        if self._cancelled.is_set():
            return None
        read = np.concatenate(probabilities)  # (n, 10)
        if table is None:
            digits = _joined(images, labels)
            table = Table(self.name, _sha256(self._source), digits, self._dialect)
        return Result(
            table,
            self.model,
            read,
            np.concatenate(scores) if scores else None,
            *_among(self.model, table),
            check_labels(read.argmax(axis=1)),
            seconds,
        )

    def _pieces(self) -> Iterator[Digits]:
        """Yield the rows, and note how much of the table they are."""
        if isinstance(self._source, Table):
            pieces = _slices(self._source.digits)
        else:
            stream = stream_files(self._source, member=MEMBER, rows=ROWS)
            self._dialect = stream.dialect
            pieces = ((piece, stream.share) for piece in stream)
        rows = 0
        for piece, share in pieces:
            rows += len(piece)
            if rows > MAX_ROWS:
                raise DataError(
                    f"it has more than {MAX_ROWS:,} rows: read it on the command line, with "
                    "python -m recognizer predict FILE --out submission.csv, which takes any "
                    "number."
                )
            self._shares.append(share)
            yield piece


def _among(model: StoredModel, table: Table) -> tuple[np.ndarray | None, str]:
    """Return which rows the model has learned from, or why that is not known."""
    try:
        return seen_rows.is_seen(model, table.digits.images), ""
    except ModelError as error:  # what was read stands all the same
        return None, str(error)


def _slices(digits: Digits) -> Iterable[tuple[Digits, float]]:
    n = len(digits)
    for start in range(0, n, ROWS):
        end = min(n, start + ROWS)
        yield digits.take(np.arange(start, end)), end / n


def _joined(images: list[np.ndarray], labels: list[np.ndarray | None]) -> Digits:
    labelled = labels[0] is not None
    return Digits(np.concatenate(images), np.concatenate(labels) if labelled else None)


def _name(source: Table | Sequence[IO[bytes]]) -> str:
    if isinstance(source, Table) or len(source) == 1:
        return (source if isinstance(source, Table) else source[0]).name
    return f"{source[0].name} and {len(source) - 1} more"


def _sha256(files: Sequence[IO[bytes]]) -> str:
    content = hashlib.sha256()
    for file in files:
        file.seek(0)
        content.update(hashlib.file_digest(file, "sha256").digest())
    return content.hexdigest()
