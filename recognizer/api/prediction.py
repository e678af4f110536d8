"""`POST /api/v1/predict`: a table of digits in, what each row is out, as JSON or CSV, streamed.

A table is looked through to its last row before the answer begins: what is wrong with it is said
in words, and never in the middle of an answer. A small one is kept in memory meanwhile; a larger
one is parsed twice.
"""

import json
from collections.abc import Generator
from contextlib import AbstractAsyncContextManager, closing
from typing import IO

from anyio import CancelScope, CapacityLimiter, to_thread
from starlette.concurrency import iterate_in_threadpool
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from recognizer.api import bodies
from recognizer.api.parameters import Parameters
from recognizer.api.problems import ProblemError
from recognizer.api.service import Service
from recognizer.datasets import stream_digits
from recognizer.datasets.formats.dialect import Adjustments, Dialect
from recognizer.datasets.reader import MAX_ROWS
from recognizer.datasets.submissions import (
    HEADER,
    PROBABILITIES_HEADER,
    probabilities_lines,
    submission_lines,
)
from recognizer.inference import Recognizer, predict_pieces
from recognizer.inference.streaming import Piece, doubted

PARAMETERS = ("model", "probabilities", "invert", "transpose", "scale")
MEMBER = "test.csv"  # of a zip, as the command line
JSON, CSV = "application/json", "text/csv"
KEPT_ROWS = 4_096  # in memory, 3 MB; tables of more are parsed a second time
AT_ONCE = 2  # tables that are looked through


class PredictTable:
    """The endpoint."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._threads = CapacityLimiter(AT_ONCE)

    async def __call__(self, request: Request) -> Response:
        """Answer one request."""
        kind = wanted_type(request.headers.get("accept", "*/*"))
        body = bodies.files(request, self._service.limits.api_mb)
        files, form = await body.__aenter__()
        try:
            wanted = Parameters.of(request, form, PARAMETERS)
            if len(files) > 1:
                raise ProblemError(400, "The form has several files: send one table a request.")
            rows = await to_thread.run_sync(
                self._open, files[0][1], wanted, kind, limiter=self._threads
            )
        except BaseException:
            await body.__aexit__(None, None, None)
            raise
        return _Streamed(rows, kind, body)

    def _open(self, file: IO[bytes], wanted: Parameters, kind: str) -> Generator[bytes, None, None]:
        """Look through the table and return its answer, still to be read.

        Raises:
            DataError: it is no table of digits, to the last row.
            ProblemError: 404, there is no such model; 413, it has too many rows.
        """
        said = Adjustments(wanted.truth("invert"), wanted.truth("transpose"), wanted.scale("scale"))
        recognizer = self._service.recognizer(wanted.text("model"))
        probabilities = bool(wanted.truth("probabilities"))
        rows, kept = 0, []
        with stream_digits(file, member=MEMBER, adjustments=said) as stream:
            for digits in stream:
                rows += len(digits)
                if rows <= KEPT_ROWS:
                    kept.append(digits)
                if rows > MAX_ROWS:
                    raise ProblemError(
                        413, f"The table has more than {MAX_ROWS:,} rows: send it in parts."
                    )
        if rows <= KEPT_ROWS:
            pieces = predict_pieces(recognizer, kept, scored=True)
        else:
            kept.clear()
            pieces = _pieces(recognizer, file, said)
        if kind == CSV:
            return _csv(pieces, probabilities)
        return _json(recognizer, pieces, stream.dialect, probabilities)


class _Streamed(StreamingResponse):
    """Sends an answer as it comes about; closes what it is made from when it ends, however."""

    def __init__(
        self, rows: Generator[bytes, None, None], kind: str, body: AbstractAsyncContextManager
    ) -> None:
        self._rows, self._body = rows, body
        headers = {"cache-control": "no-store", "vary": "accept"}
        super().__init__(iterate_in_threadpool(rows), headers=headers, media_type=kind)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        finally:
            with CancelScope(shield=True):
                await to_thread.run_sync(self._rows.close)
                await self._body.__aexit__(None, None, None)


def wanted_type(accept: str) -> str:
    """Return the type of the answer that a client likes best (RFC 9110, 12.5.1).

    Raises:
        ProblemError: 406, it takes neither JSON nor CSV.
    """
    shares = dict(_weight(one) for one in reversed(accept.split(",")))

    def share(kind: str) -> float:
        ranges = (kind, kind.split("/")[0] + "/*", "*/*")
        return next((shares[one] for one in ranges if one in shares), 0.0)

    best = max((JSON, CSV), key=share)
    if not share(best):
        raise ProblemError(406, f"The answer can be {JSON} or {CSV}: accept one of them.")
    return best


def _weight(entry: str) -> tuple[str, float]:
    """Return a type and its weight, as in `text/csv;q=0.5`."""
    kind, *parameters = (part.strip().lower() for part in entry.split(";"))
    for one in parameters:
        name, _, value = one.partition("=")
        if name == "q":
            try:
                return kind, float(value)
            except ValueError:
                return kind, 0.0
    return kind, 1.0


def _pieces(
    recognizer: Recognizer, file: IO[bytes], said: Adjustments
) -> Generator[Piece, None, None]:
    with (
        stream_digits(file, member=MEMBER, adjustments=said) as stream,
        closing(predict_pieces(recognizer, stream, scored=True)) as pieces,
    ):
        yield from pieces


def _csv(pieces: Generator[Piece, None, None], probabilities: bool) -> Generator[bytes, None, None]:
    """Yield a submission, or its probabilities, as the command line writes them."""
    yield PROBABILITIES_HEADER if probabilities else HEADER
    with closing(pieces):
        for piece in pieces:
            if probabilities:
                yield probabilities_lines(piece.probabilities, piece.first + 1)
            else:
                yield submission_lines(piece.labels, piece.first + 1)


def _json(
    recognizer: Recognizer,
    pieces: Generator[Piece, None, None],
    dialect: Dialect,
    probabilities: bool,
) -> Generator[bytes, None, None]:
    """Yield one JSON document: the model, how the table was understood, and its rows."""
    about = {
        "model": recognizer.card.name,
        "understood": dialect.understood,
        "notices": [notice.message for notice in dialect.notices],
    }
    yield json.dumps(about).removesuffix("}").encode() + b', "rows": ['
    with closing(pieces):
        for piece in pieces:
            strange = set((doubted(recognizer, piece) - piece.first).tolist())
            entries = [
                json.dumps(_entry(piece, row, row not in strange, probabilities))
                for row in range(len(piece.labels))
            ]
            yield (", " if piece.first else "").encode() + ", ".join(entries).encode()
    yield b"]}\n"


def _entry(piece: Piece, row: int, is_digit: bool, probabilities: bool) -> dict:
    shares = piece.probabilities[row]
    digit = int(shares.argmax())
    entry = {
        "id": piece.first + row + 1,
        "digit": digit,
        "confidence": float(shares[digit]),
        "is_digit": is_digit,
    }
    return entry | ({"probabilities": shares.tolist()} if probabilities else {})
