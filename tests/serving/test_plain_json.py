"""JSON that comes from anyone: read where it can be, told apart where it cannot, and quickly."""

import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from serving.plain_json import DEEPEST, LONGEST, is_plain_json

_values = st.recursive(
    st.none() | st.integers(-9, 9) | st.text(), lambda inner: st.lists(inner, max_size=3)
)


@given(_values | st.dictionaries(st.text(), _values, max_size=3))
def test_whatever_a_component_sends_is_taken(value):
    for ascii_only in (True, False):
        assert is_plain_json(json.dumps(value, ensure_ascii=ascii_only))


@given(st.text('[]{}"\\:,1 a', max_size=40))
def test_what_is_taken_is_json(text):
    try:
        json.loads(text)
    except ValueError:
        assert not is_plain_json(text)
    else:
        assert is_plain_json(text)


@pytest.mark.parametrize(
    "text",
    [
        *("[" * depth + "]" * depth for depth in (DEEPEST + 1, 3_000, 500_000)),
        '{"a":' * 3_000 + "1" + "}" * 3_000,
        '{"drawing": {"raw": {"objects": ' + "[" * 3_000 + "]" * 3_000 + '}, "data": "]]]"}}',
        '["]]]]", ' * 3_000 + "1" + "]" * 3_000,
        '"\\' * 1_000_000,
        '"' + '\\"' * 1_000_000,
        "[" * LONGEST,
        "1" * 5_000,
        "[" + "1," * (LONGEST // 2) + "1]",
        *("", "no JSON", "[1", "1]"),
    ],
    ids=range(15),
)
def test_what_is_deep_endless_or_no_json_is_told_at_once(text):
    started = time.process_time()
    assert not is_plain_json(text)
    assert time.process_time() - started < 2


def test_a_string_of_brackets_is_no_depth():
    assert is_plain_json(json.dumps(["[" * 100, "}" * 100, '"' * 9, "\\"]))
    assert is_plain_json("[" * DEEPEST + "]" * DEEPEST)


def test_a_pasted_picture_of_20_million_characters_is_taken_at_once():
    pasted = json.dumps({"brought": {"name": "a.png", "size": 1, "data": "Zm9v" * 5_000_000}})
    started = time.process_time()
    assert is_plain_json(pasted)
    assert time.process_time() - started < 2
