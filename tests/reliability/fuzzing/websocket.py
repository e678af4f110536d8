"""What a browser sends over a session's WebSocket, through the filter in front of Streamlit."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import cycle
from typing import Any

from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message
from hypothesis import strategies as st
from reliability.fuzzing.damage import FRAGMENTS, blows, damaged
from reliability.fuzzing.target import Target
from streamlit.proto.BackMsg_pb2 import BackMsg

from serving.channel import NO_MESSAGE, NO_TEXT, Channel

KINDS = [field.name for field in BackMsg.DESCRIPTOR.oneofs_by_name["type"].fields]
PASSED_ON = {
    *("rerun_script", "stop_script", "app_heartbeat"),
    *("file_urls_request", "backend_operation_request"),
}
DEEPEST = 4  # messages in messages that are filled in
LEVELS = 100  # of JSON: Python's own reader takes ten times as many
TEXTS = ["", "x", "\0", "../../x", "٣", "$$ID-0-canvas", "a" * 5_000, "{}", *FRAGMENTS]
NUMBERS = [0, 1, -1, 2**31 - 1, -(2**31), 7]
FRACTIONS = [0.0, -1.0, 1e30, float("inf"), float("nan")]


@dataclass(frozen=True)
class Case:
    """A message of one kind, how its fields are filled in, and the blows to its bytes.

    `picks` decide on each field in turn, round and round: left out, or which value it has.
    """

    kind: str
    picks: list[int]
    of_bytes: list[tuple]
    is_text: bool

    def data(self) -> bytes:
        message, picks = BackMsg(), cycle(self.picks)
        _fill_field(message, BackMsg.DESCRIPTOR.fields_by_name[self.kind], picks, 0)
        return damaged(message.SerializeToString(), self.of_bytes)


def _fill(message: Message, picks: Iterator[int], depth: int) -> None:
    message.SetInParent()
    for field in message.DESCRIPTOR.fields:
        if depth < DEEPEST and next(picks) % 3:
            _fill_field(message, field, picks, depth)


def _fill_field(message: Message, field: FieldDescriptor, picks: Iterator[int], depth: int) -> None:
    """Give a field a value, or several where it is repeated."""
    if field.message_type and field.message_type.GetOptions().map_entry:
        return
    value = getattr(message, field.name)
    if field.is_repeated:
        for _ in range(next(picks) % 4):
            if field.message_type:
                _fill(value.add(), picks, depth + 1)
            else:
                value.append(_scalar(field, next(picks)))
    elif field.message_type:
        _fill(value, picks, depth + 1)
    else:
        setattr(message, field.name, _scalar(field, next(picks)))


def _scalar(field: FieldDescriptor, pick: int) -> Any:
    if field.type == field.TYPE_STRING:
        return TEXTS[pick % len(TEXTS)]
    if field.type == field.TYPE_BYTES:
        return TEXTS[pick % len(TEXTS)].encode()
    if field.type in (field.TYPE_DOUBLE, field.TYPE_FLOAT):
        return FRACTIONS[pick % len(FRACTIONS)]
    if field.type == field.TYPE_BOOL:
        return bool(pick % 2)
    number = NUMBERS[pick % len(NUMBERS)]
    is_unsigned = field.type in (field.TYPE_UINT32, field.TYPE_UINT64)
    return abs(number) if is_unsigned else number


_cases = st.builds(
    Case,
    kind=st.sampled_from([*KINDS, *["rerun_script"] * len(KINDS)]),
    picks=st.lists(st.integers(0, 2**16 - 1), min_size=1, max_size=24),
    of_bytes=st.one_of(st.just([]), blows),
    is_text=st.sampled_from([False] * 9 + [True]),
)


def check_message(case: Case) -> None:
    """It is passed on where pages send its kind and Streamlit can read it; dropped, or the end."""
    data = case.data()
    sent = {"type": "websocket.receive", "bytes": None if case.is_text else data, "text": "x"}
    passed, answers = _received(sent)
    if case.is_text:
        assert answers == [{"type": "websocket.close", "code": NO_TEXT}]
    elif answers:
        assert answers == [{"type": "websocket.close", "code": NO_MESSAGE}]
        assert case.of_bytes
    if passed is None:
        assert answers or case.of_bytes or not _is_of_pages(data)
        return
    assert not answers
    message = BackMsg()
    message.ParseFromString(passed)
    assert message.WhichOneof("type") in PASSED_ON
    for state in message.rerun_script.widget_states.widgets:
        if (kind := state.WhichOneof("value")) in ("json_value", "json_trigger_value"):
            assert _levels(json.loads(getattr(state, kind))) <= LEVELS


def _received(sent: dict) -> tuple[bytes | None, list[dict]]:
    """Return what is passed on of a message, if it is, and what the browser is sent."""
    left, answers = [sent, {"type": "websocket.disconnect"}], []

    async def receive() -> dict:
        return left.pop(0)

    async def send(message: dict) -> None:
        answers.append(message)

    try:
        Channel(receive, send, lambda _: None).receive().send(None)  # it has nothing to wait for
    except StopIteration as ended:
        return ended.value.get("bytes"), answers
    raise AssertionError("it waits")


def _is_of_pages(data: bytes) -> bool:
    """Whether a page sends such a message: of what writes into the project's folder, none."""
    message = BackMsg()
    message.ParseFromString(data)
    kind = message.WhichOneof("type")
    return kind in PASSED_ON - {"backend_operation_request"}


def _levels(document: Any) -> int:
    """Return how deep a document is, without going down by calls."""
    level, here = 0, [document]
    while here := [one for one in here if isinstance(one, dict | list)]:
        level += 1
        here = [inner for one in here for inner in (one.values() if isinstance(one, dict) else one)]
    return level


TARGETS = (Target("websocket", _cases, check_message),)
