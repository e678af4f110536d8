"""Small damage to what was valid, so that it reaches deep: to bytes, and to JSON documents."""

import json
from collections.abc import Iterator
from typing import Any

from hypothesis import strategies as st

JUNK = [
    *(b"\0", b"\xff", b"\xff" * 4, b"\x7f\xff\xff\xff", b"\x80\0\0\0", b"\0" * 64, b"\n" * 40),
    *(b",", b'"', b'""', b"'", b"\r", b"\n", b"\r\n", b" ", b"\t", b";", b"#", b"\\", b"\x1a"),
    *(b"-1", b"256", b"1e2", b"12.0", b"0x10", b"1_0", b"+5", b"nan", b"inf", b"9" * 400),
    *("٣".encode(), "１".encode(), "\u2028".encode(), b"\xef\xbb\xbf", b"\xed\xa0\x80", b"=1+1"),
    *(
        b"PK\x03\x04",
        b"PK\x05\x06",
        b"\x1f\x8b",
        b"\x89PNG\r\n\x1a\n",
        b"\xff\xd8\xff",
        b"\xff\xda",
    ),
    *(b"[" * 5_000, b'{"a":' * 5_000, b"x" * 70_000),
]
FRAGMENTS = [  # what may stand in the place of a value in JSON, or so a stranger thinks
    *("NaN", "Infinity", "-Infinity", "1e999", "-1e308", "1e-320", "-0.0", "0.5", "-1", "3"),
    *("1" + "0" * 30, "1" + "0" * 400, "9" * 5_000, "true", "false", "null", "[]", "{}", '""'),
    *('"\\u0000"', '"\\ud800"', '"٣"', '"../../x"', '"1e999"', '"=1+1"', '"a\\nb"', "[[1, 2]]"),
    *("[" * 100_000 + "]" * 100_000, '{"a":' * 2_000 + "1" + "}" * 2_000, '"' + "x" * 70_000 + '"'),
    *("[" + "0," * 3_000 + "0]", '{"path": 3}', "[null]", '[["M", 1, 2]]'),
]

_wheres = st.integers(0, 2**16 - 1)
_lengths = st.sampled_from([0, 1, 2, 4, 8, 40, 500, 2**16])
_kinds = st.sampled_from(["flip", "cut", "remove", "repeat", "insert", "overwrite", "move"])
_blow = st.tuples(_kinds, _wheres, _wheres, _lengths, st.integers(0, len(JUNK) - 1))
blows = st.lists(_blow, max_size=3)

_changes = st.lists(
    st.tuples(
        st.sampled_from(["put", "drop", "twice"]), _wheres, st.integers(0, len(FRAGMENTS) - 1)
    ),
    max_size=3,
)
json_changes = st.tuples(_changes, st.one_of(st.just([]), blows))


def damaged(content: bytes, blows: list[tuple]) -> bytes:
    """Return the content after each blow in turn."""
    for kind, at, other, length, number in blows:
        junk = JUNK[number]
        start = at * len(content) >> 16
        piece = content[start : start + length]
        head, tail = content[:start], content[start + len(piece) :]
        if kind == "flip" and start < len(content):
            flipped = content[start] ^ 1 << other % 8
            content = head + bytes([flipped]) + content[start + 1 :]
        elif kind == "cut":
            content = head
        elif kind == "remove":
            content = head + tail
        elif kind == "repeat":
            content = head + piece * (2 + other % 3) + tail
        elif kind == "insert":
            content = head + junk + content[start:]
        elif kind == "overwrite":
            content = head + junk + content[start + len(junk) :]
        elif kind == "move":
            place = other * len(head) >> 16
            content = head[:place] + piece + head[place:] + tail
    return content


def damaged_json(document: Any, changes: tuple[list[tuple], list[tuple]]) -> bytes:
    """Return a JSON text of the document with some values changed, and then with blows to it."""
    document = json.loads(json.dumps(document))  # a copy
    of_values, of_text = changes
    fragments = {}
    for number, (kind, where, index) in enumerate(of_values):
        fragment = FRAGMENTS[index]
        places = list(_places(document))
        if not places:
            break
        parent, key = places[where * len(places) >> 16]
        if kind == "put":
            parent[key] = marker = f"@{number}@"
            fragments[f'"{marker}"'] = fragment
        elif kind == "drop":
            del parent[key]
        elif isinstance(parent, dict):  # the same key twice
            marker = f"@{number}@"
            parent[marker] = 0
            fragments[f'"{marker}": 0'] = f"{json.dumps(key)}: {fragment}"
        else:
            parent.insert(key, parent[key])
    text = json.dumps(document)
    for marker, fragment in fragments.items():
        text = text.replace(marker, fragment)
    return damaged(text.encode(), of_text)


def _places(document: Any) -> Iterator[tuple[Any, Any]]:
    """Yield container and key of each value in a document."""
    if isinstance(document, dict | list):
        for key in list(document) if isinstance(document, dict) else range(len(document)):
            yield document, key
            yield from _places(document[key])
