"""What stands between a browser and its session: whose it is, where from, and what is passed on."""

import asyncio
import socket
from collections.abc import Callable

import pytest
from streamlit import net_util
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from recognizer.system.limits import Limits
from serving import streamlit_internals
from serving.browsers import COOKIE
from serving.gate import Gate
from serving.streamlit_internals import Files

HOST = "digits.example.org"
MINE, OTHERS = (f"{COOKIE}={letter * 32}" for letter in "ab")


def sent(kind: str, value: object = True) -> bytes:
    message = BackMsg()
    if kind in ("rerun_script", "file_urls_request", "backend_operation_request"):
        getattr(message, kind).SetInParent()
    else:
        setattr(message, kind, value)
    return message.SerializeToString()


def first(session: str) -> bytes:
    message = ForwardMsg()
    message.new_session.initialize.session_id = session
    return message.SerializeToString()


class Streamlit:
    """Stands in for it: opens a session, and takes in what comes."""

    def __init__(self) -> None:
        self.protocols: list[str] = []
        self.taken: list[str] = []

    async def __call__(self, scope: dict, receive: Callable, send: Callable) -> None:
        if scope["type"] == "http":
            await send({"type": "http.response.start", "status": 200, "headers": []})
            await send({"type": "http.response.body", "body": b""})
            return
        headers = {name: value.decode() for name, value in scope["headers"]}
        parts = [one.strip() for one in headers[b"sec-websocket-protocol"].split(",")]
        self.protocols.append(parts[2] if len(parts) > 2 else "")
        await send({"type": "websocket.accept"})
        await send({"type": "websocket.send", "bytes": first(self.protocols[-1] or "new")})
        while (message := await receive())["type"] == "websocket.receive":
            one = BackMsg()
            one.ParseFromString(message["bytes"])
            self.taken.append(one.WhichOneof("type"))


def opened(gate: Gate, *messages: dict, protocols: str = "streamlit, t", **headers: str) -> list:
    """Open a session, send some messages, and leave; return what came back."""
    said = {"host": HOST, "sec-websocket-protocol": protocols, **headers}
    scope = {
        "type": "websocket",
        "path": "/_stcore/stream",
        "headers": [(name.encode(), value.encode()) for name, value in said.items() if value],
        "extensions": {"websocket.http.response": {}},
    }
    left, answers = [*messages, {"type": "websocket.disconnect"}], []

    async def receive() -> dict:
        return left.pop(0)

    async def send(message: dict) -> None:
        answers.append(message)

    asyncio.run(gate(scope, receive, send))
    return answers


@pytest.fixture
def streamlit() -> Streamlit:
    return Streamlit()


@pytest.fixture
def gate(streamlit) -> Gate:
    return Gate(streamlit, Limits(), Files())


@pytest.mark.parametrize(
    ("origin", "status"),
    [
        ("", None),
        (f"https://{HOST}", None),
        ("http://localhost", 403),
        ("http://evil.example", 403),
        (f"http://{HOST}.evil.example", 403),
        (f"http://x@{HOST}", 403),
        (f"http://{HOST}/page", 403),
        ("null", 403),
        ("http://[", 403),
        (f"file://{HOST}", 403),
    ],
)
def test_only_this_servers_pages_open_a_session_and_no_network_is_asked(
    gate, monkeypatch, origin, status
):
    def asked(*_: object) -> None:
        raise AssertionError("a network was asked")

    monkeypatch.setattr(socket, "socket", asked)
    monkeypatch.setattr(net_util, "get_external_ip", asked)
    monkeypatch.setattr(asyncio, "run", _driven)
    assert opened(gate, origin=origin)[0].get("status") == status


def _driven(coroutine: object) -> None:
    """Drive what never waits, without the sockets of an event loop."""
    with pytest.raises(StopIteration):
        coroutine.send(None)


def test_streamlit_itself_asks_no_server_outside_for_an_address(monkeypatch):
    monkeypatch.setattr(net_util, "get_external_ip", lambda: pytest.fail("asked"))
    streamlit_internals.never_ask_outside()
    from streamlit.web.server.server_util import is_url_from_allowed_origins

    monkeypatch.setattr(net_util, "get_internal_ip", lambda: None)
    assert not is_url_from_allowed_origins("http://evil.example")


def test_a_host_that_is_not_this_servers_opens_nothing(gate, monkeypatch):
    monkeypatch.setattr(streamlit_internals, "is_host_allowed", lambda host: host == HOST)
    assert opened(gate, host="evil.example")[0]["status"] == 403
    assert "status" not in opened(gate)[0]


@pytest.mark.parametrize(
    "kind",
    [
        *("clear_cache", "load_git_info", "set_run_on_save"),
        *("debug_disconnect_websocket", "debug_shutdown_runtime"),
    ],
)
def test_a_message_that_no_page_sends_is_dropped_and_the_next_one_taken(gate, streamlit, kind):
    both = [{"type": "websocket.receive", "bytes": sent(one)} for one in (kind, "rerun_script")]
    opened(gate, *both)
    assert streamlit.taken == ["rerun_script"]


def test_every_kind_that_streamlit_knows_is_either_taken_or_dropped():
    kinds = {field.name for field in BackMsg.DESCRIPTOR.fields if field.containing_oneof}
    assert kinds - streamlit_internals._TAKEN == {
        *("clear_cache", "load_git_info", "set_run_on_save"),
        *("debug_disconnect_websocket", "debug_shutdown_runtime"),
    }


@pytest.mark.parametrize(
    ("operation", "kept"),
    [
        ("install_skills", False),
        ("dismiss_skills_nudge", False),
        ("deferred_file", True),
        ("dataframe_chunk", True),
    ],
)
def test_no_message_has_streamlit_write_into_the_projects_folder(gate, streamlit, operation, kept):
    message = BackMsg()
    getattr(message.backend_operation_request, operation).SetInParent()
    opened(gate, {"type": "websocket.receive", "bytes": message.SerializeToString()})
    assert streamlit.taken == ["backend_operation_request"] * kept
    payload = BackMsg.DESCRIPTOR.fields_by_name["backend_operation_request"].message_type
    known = {field.name for field in payload.oneofs_by_name["payload"].fields}
    assert known - streamlit_internals._OPERATIONS == {"install_skills", "dismiss_skills_nudge"}


@pytest.mark.parametrize(
    ("message", "code"), [({"bytes": b"\xff" * 9}, 1002), ({"text": "hello"}, 1003)]
)
def test_what_is_no_message_closes_the_session_before_streamlit_sees_it(
    gate, streamlit, message, code
):
    answers = opened(gate, {"type": "websocket.receive", **message})
    assert answers[-1] == {"type": "websocket.close", "code": code}
    assert streamlit.taken == []


class TestWhoseSessionItIs:
    def test_the_browser_that_opened_it_goes_on_with_it(self, gate, streamlit):
        opened(gate, cookie=MINE)
        opened(gate, cookie=f'other={{"a": 1}}; {MINE}', protocols="streamlit, t, new")
        assert streamlit.protocols == ["", "new"]

    @pytest.mark.parametrize("cookie", [OTHERS, f"{COOKIE}=", ""])
    def test_another_browser_gets_a_session_of_its_own_whatever_it_knows(
        self, gate, streamlit, cookie
    ):
        opened(gate, cookie=MINE)
        opened(gate, cookie=cookie, protocols="streamlit, t, new")
        assert streamlit.protocols == ["", ""]

    def test_one_that_nobody_is_known_to_have_opened_is_nobodys(self, gate, streamlit):
        opened(gate, protocols="streamlit, t, guessed")
        assert streamlit.protocols == [""]

    def test_no_other_browser_sends_it_a_file(self, gate):
        opened(gate, cookie=MINE)
        scope = {"type": "http", "method": "PUT", "path": "/_stcore/upload_file/new/f"}
        answers = []

        async def receive() -> dict:
            return {"type": "http.request", "body": b"", "more_body": False}

        async def send(message: dict) -> None:
            answers.append(message)

        asyncio.run(gate({**scope, "headers": [(b"cookie", OTHERS.encode())]}, receive, send))
        assert answers[0]["status"] == 403

    @pytest.mark.parametrize(
        ("scheme", "proxied", "secure"), [("http", "", 0), ("https", "", 1), ("http", "https", 1)]
    )
    def test_a_page_brings_a_browser_its_cookie_once(self, gate, scheme, proxied, secure):
        def cookies(*more: tuple[bytes, bytes]) -> list[bytes]:
            headers = [(b"accept", b"text/html"), (b"x-forwarded-proto", proxied.encode()), *more]
            scope = {"type": "http", "method": "GET", "path": "/", "headers": headers}
            answers = []

            async def send(message: dict) -> None:
                answers.append(message)

            asyncio.run(gate({**scope, "scheme": scheme}, None, send))
            return [v for name, v in answers[0]["headers"] if name == b"set-cookie"]

        [cookie] = cookies()
        assert b"; HttpOnly; SameSite=Lax" in cookie
        assert (b"; Secure" in cookie) == bool(secure)
        assert cookies((b"cookie", cookie.split(b";")[0])) == []
