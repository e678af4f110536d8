"""What a program sends to the HTTP API, brought to its ASGI application: bodies and forms."""

import io
import json
import math
import re
from dataclasses import dataclass
from functools import lru_cache
from unittest.mock import patch
from urllib.parse import quote

import cv2
import numpy as np
from helpers.factories import digits, table_of
from helpers.pen_strokes import one_of_each
from helpers.servers import BOUNDARY, Answer, ask
from hypothesis import strategies as st
from reliability.fuzzing.damage import blows, damaged
from reliability.fuzzing.target import LONGEST, Target

from recognizer.api import app as api
from recognizer.api import problems
from recognizer.imaging.strokes import render

READ, PREDICT = "/api/v1/read", "/api/v1/predict"
REFUSALS = {400, 404, 406, 413, 415, 422}
PROBLEM = "application/problem+json"
NAMES = ["model", "several", "length", "pattern", "hand", "probabilities", "invert", "transpose"]
NAMES += ["scale", "", "x" * 300, "fïle"]
VALUES = ["", "true", "false", "softmax", "3", "0", "-1", "nan", "1e999", "9" * 400, "../../etc"]
VALUES += ["\0", "٣", "[0-9]{1000000}", "((((", "dd-dd", "a\nb", "$" * 3_000]
HEADERS = [
    ("accept", "text/csv"), ("accept", "image/png"), ("accept", "text/csv;q=nan, */*;q=-1"),
    ("accept", "," * 2_000), ("content_encoding", "gzip"), ("content_length", "٣"),
    ("content_length", "-1"), ("content_length", "9" * 400), ("content_length", "5"),
    ("content_type", "multipart/form-data"), ("content_type", "multipart/form-data; boundary="),
    ("content_type", "image/png"), ("content_type", "text/csv; charset=utf-7"),
]  # fmt: skip
FILE_NAMES = ["a.png", "", "../../a.png", "=1+1.png", "a\\b", 'a"b.png', "ü٣.png", "x" * 5_000]


@lru_cache(maxsize=1)
def _bodies() -> dict[str, tuple[bytes, ...]]:
    """Return valid bodies of each address."""
    seven = render([np.array(stroke) for stroke in one_of_each()[7]])
    npy = io.BytesIO()
    np.save(npy, digits(3).images)
    pictures = [cv2.imencode(end, seven)[1].tobytes() for end in (".png", ".jpg", ".bmp")]
    return {READ: tuple(pictures), PREDICT: (table_of(digits(3)), npy.getvalue())}


@lru_cache(maxsize=1)
def _app():
    return api.create(exposed=False)


@dataclass(frozen=True)
class Body:
    """A picture or a table as a body, with blows to it, in pieces, and odd parameters.

    Attributes:
        kind: which of the address's valid bodies.
        queries: pairs of parameters.
        cuts: where the body is cut into pieces, of 2 ** 16.
    """

    path: str
    kind: int
    queries: list[tuple[str, str]]
    headers: list[tuple[str, str]]
    blows: list[tuple]
    cuts: list[int]

    @property
    def is_valid(self) -> bool:
        return not (self.queries or self.headers or self.blows)


_parameters = st.tuples(st.sampled_from(NAMES), st.sampled_from(VALUES))
_body_cases = st.builds(
    Body,
    path=st.sampled_from([READ, PREDICT]),
    kind=st.integers(0, 5),
    queries=st.one_of(st.just([]), st.lists(_parameters, max_size=3)),
    headers=st.one_of(st.just([]), st.lists(st.sampled_from(HEADERS), max_size=2)),
    blows=st.one_of(st.just([]), blows),
    cuts=st.lists(st.integers(0, 2**16 - 1), max_size=3),
)


def check_body(case: Body) -> None:
    """It is read as what it is, or refused as a problem in one sentence."""
    valid = _bodies()[case.path]
    content = damaged(valid[case.kind % len(valid)], case.blows)
    query = "&".join(f"{quote(name)}={quote(value)}" for name, value in case.queries)
    places = sorted(at * len(content) >> 16 for at in case.cuts)
    pieces = [
        content[start:end]
        for start, end in zip([0, *places], [*places, len(content)], strict=True)
    ]  # fmt: skip
    answer = _asked(f"{case.path}?{query}", pieces, dict(case.headers))
    if case.is_valid:
        assert answer.status == 200, answer.body
        if case.path == READ:
            assert [one["digit"] for one in answer.json] == [7]
        else:
            assert [row["id"] for row in answer.json["rows"]] == [1, 2, 3]


@dataclass(frozen=True)
class Form:
    """A form with files and fields, and blows to its bytes.

    Attributes:
        files: pairs of a name and blows to a picture.
        boundary: that the header names.
    """

    path: str
    files: list[tuple[str, list[tuple]]]
    fields: list[tuple[str, str]]
    boundary: str
    blows: list[tuple]

    @property
    def is_valid(self) -> bool:
        """Whether it is pictures alone, with short names without odd characters."""
        damage = self.fields or self.blows or self.boundary != BOUNDARY or self.path != READ
        plain = all(
            re.fullmatch(r"[\w.]{1,99}", name, re.ASCII) and not of for name, of in self.files
        )
        return bool(self.files) and plain and not damage

    def data(self) -> bytes:
        """Return the form's bytes: names are written as they are, whatever they hold."""
        picture = _bodies()[READ][0]
        head = f"--{BOUNDARY}\r\nContent-Disposition: form-data; name="
        parts = [f'{head}"{name}"\r\n\r\n{value}'.encode() for name, value in self.fields]
        parts += [
            f'{head}"file"; filename="{name}"\r\n\r\n'.encode() + damaged(picture, of_file)
            for name, of_file in self.files
        ]
        return damaged(b"\r\n".join([*parts, f"--{BOUNDARY}--\r\n".encode()]), self.blows)


_form_cases = st.builds(
    Form,
    path=st.sampled_from([READ, READ, READ, PREDICT]),
    files=st.lists(
        st.tuples(st.sampled_from(FILE_NAMES), st.one_of(st.just([]), blows)), max_size=3
    ),
    fields=st.one_of(st.just([]), st.lists(_parameters, max_size=20)),
    boundary=st.sampled_from([BOUNDARY] * 6 + ["", "x", '"', "y" * 3_000]),
    blows=st.one_of(st.just([]), blows),
)


def check_form(case: Form) -> None:
    """Each file of it is read under its name, or it is refused as a problem in one sentence."""
    kind = f"multipart/form-data; boundary={case.boundary}"
    answer = _asked(case.path, [case.data()], {"content_type": kind})
    if case.is_valid:
        assert answer.status == 200, answer.body
        read = [(one["file"], one["digit"]) for one in answer.json]
        assert read == [(name, 7) for name, _ in case.files]


def _asked(path: str, pieces: list[bytes], headers: dict[str, str]) -> Answer:
    """Return an answer, having checked that it is whole; a fault of ours is raised."""
    with patch.object(problems.action_log, "write_fault", _raise):
        answer = ask(_app(), path, pieces, **headers)
    if answer.status == 200:
        if answer.headers["content-type"] == "application/json":
            json.loads(answer.body, parse_constant=_no_constant)
            return answer
        rows = answer.body.decode("ascii").splitlines()[1:]
        cells = [float(cell) for row in rows for cell in row.split(",")]
        assert all(map(math.isfinite, cells))
        return answer
    assert answer.status in REFUSALS, (answer.status, answer.body)
    assert answer.headers["content-type"] == PROBLEM
    said = answer.json["detail"]
    assert said.isprintable(), f"not to be shown: {said[:LONGEST]!r}"
    assert 15 < len(said) <= LONGEST, f"{len(said)} characters: {said[:LONGEST]}"
    assert said.endswith("."), said
    return answer


def _raise(*told: object) -> None:
    """Stand in for what notes a fault of ours."""
    raise told[-1]


def _no_constant(name: str) -> None:
    raise AssertionError(f"{name} is no JSON")


TARGETS = (
    Target("api", _body_cases, check_body),
    Target("multipart", _form_cases, check_form),
)
