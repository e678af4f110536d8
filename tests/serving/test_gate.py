"""The gate before Streamlit: too much is refused in words, and what was counted is freed."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import pytest

from recognizer.system.limits import Limits
from serving import gate as gates
from serving import refusals
from serving.gate import MEGABYTE, Gate
from serving.headers import SENT, Headers

ALLOWED = Limits(sessions=2, uploads=3, session_uploads=2, upload_mb=10, session_upload_mb=6)
LARGEST = 4  # megabytes of one file


class Kept:
    """Stands in for Streamlit's uploads."""

    def __init__(self) -> None:
        self.bytes: dict[str, int] = {}
        self.gone: list[str] = []

    def largest_mb(self) -> int:
        return LARGEST

    def kept(self) -> dict[str, int]:
        return self.bytes

    def forget_if_gone(self, session: str) -> None:
        self.gone.append(session)


@dataclass
class Inner:
    """Stands in for Streamlit: takes the whole body, waits if told to, and answers."""

    wait: asyncio.Event | None = None
    taken: list[int] = field(default_factory=list)

    async def __call__(self, scope: dict, receive: Callable, send: Callable) -> None:
        if scope["type"] == "websocket":
            await send({"type": "websocket.accept"})
            await receive()
            return
        size, more = 0, True
        while more:
            message = await receive()
            size += len(message.get("body", b""))
            more = message.get("more_body", False)
        if self.wait:
            await self.wait.wait()
        self.taken.append(size)
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body", "body": b""})


@dataclass
class Answer:
    """What came back."""

    messages: list[dict]

    @property
    def status(self) -> int:
        return self.messages[0]["status"]

    @property
    def text(self) -> str:
        return b"".join(one.get("body", b"") for one in self.messages[1:]).decode()


def scope(path: str, method: str = "PUT", **headers: str) -> dict:
    pairs = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    return {"type": "http", "method": method, "path": path, "headers": pairs}


async def ask(gate: Callable, about: dict, *chunks: bytes, hang: bool = False) -> Answer:
    parts = list(chunks) or [b""]
    answer = Answer([])

    async def receive() -> dict:
        if not parts:
            if hang:
                await asyncio.Event().wait()
            return {"type": "http.disconnect"}
        body = parts.pop(0)
        return {"type": "http.request", "body": body, "more_body": bool(parts) or hang}

    async def send(message: dict) -> None:
        answer.messages.append(message)

    await gate(about, receive, send)
    return answer


def upload(gate: Gate, mb: float, session: str = "s", said: bool = True) -> Awaitable[Answer]:
    size = int(mb * MEGABYTE)
    length = {"content_length": str(size)} if said else {"transfer_encoding": "chunked"}
    return ask(gate, scope(f"/base/_stcore/upload_file/{session}/f", **length), bytes(size))


def run(test: Callable[[Gate, Inner, Kept], Awaitable[None]]) -> None:
    async def running() -> None:
        inner, kept = Inner(), Kept()
        gate = Gate(inner, ALLOWED, kept)
        async with asyncio.timeout(20):
            await test(gate, inner, kept)
        assert not gate._arriving, "what was counted is freed"
        assert not gate._reserved
        assert gate.sessions == 0

    asyncio.run(running())


class TestUploads:
    def test_a_file_of_the_limits_size_goes_through(self):
        async def test(gate, inner, kept):
            assert (await upload(gate, LARGEST)).status == 204
            assert (await upload(gate, 1, said=False)).status == 204
            assert inner.taken == [LARGEST * MEGABYTE, MEGABYTE]
            assert kept.gone == ["s", "s"], "and is dropped if its session has ended meanwhile"

        run(test)

    def test_one_that_says_that_it_is_larger_is_refused_before_it_is_read(self):
        async def test(gate, inner, kept):
            answer = await upload(gate, LARGEST + 2)
            assert answer.status == 413
            assert "4 MB at most" in answer.text
            assert inner.taken == []

        run(test)

    def test_one_that_does_not_say_so_is_refused_while_it_is_read(self):
        async def test(gate, inner, kept):
            assert (await upload(gate, LARGEST + 2, said=False)).status == 413
            about = scope("/_stcore/upload_file/s/f", content_length="10")
            assert (await ask(gate, about, bytes(11))).status == 413
            assert inner.taken == []

        run(test)

    @pytest.mark.parametrize("length", ["-1", "ten", "1e3", "9" * 40])
    def test_a_length_that_is_none_is_refused(self, length):
        async def test(gate, inner, kept):
            about = scope("/_stcore/upload_file/s/f", content_length=length)
            assert (await ask(gate, about)).status in (400, 413)

        run(test)

    def test_what_is_kept_and_what_arrives_count_together(self):
        async def test(gate, inner, kept):
            kept.bytes = {"s": 3 * MEGABYTE}
            answer = await upload(gate, 3.5)
            assert (answer.status, "more than 6 MB together" in answer.text) == (413, True)
            assert (await upload(gate, 3)).status == 204
            kept.bytes = {"a": 5 * MEGABYTE, "b": 4 * MEGABYTE}
            answer = await upload(gate, 2)
            assert (answer.status, "used up" in answer.text) == (503, True)
            assert dict(answer.messages[0]["headers"])[b"retry-after"]
            inner.wait = asyncio.Event()
            kept.bytes = {}
            first = asyncio.create_task(upload(gate, 4))
            await asyncio.sleep(0)
            assert (await upload(gate, 3)).status == 413, "4 of this session's 6 are on their way"
            inner.wait.set()
            assert (await first).status == 204

        run(test)

    def test_so_many_at_once_are_refused_and_the_place_is_free_again_afterwards(self):
        async def test(gate, inner, kept):
            inner.wait = asyncio.Event()
            under_way = [asyncio.create_task(upload(gate, 0.1, one)) for one in ("s", "s", "t")]
            await asyncio.sleep(0)
            assert (await upload(gate, 0.1, "s")).status == 429, "two of one session"
            assert (await upload(gate, 0.1, "u")).status == 503, "three of all"
            inner.wait.set()
            assert {(await one).status for one in under_way} == {204}
            assert (await upload(gate, 0.1, "u")).status == 204

        run(test)

    def test_a_hundred_at_once_leave_what_the_limits_allow(self):
        async def test(gate, inner, kept):
            inner.wait = asyncio.Event()
            tasks = [asyncio.create_task(upload(gate, 1, f"s{n}")) for n in range(100)]
            await asyncio.sleep(0)
            assert gate._reserved.total() <= ALLOWED.uploads * MEGABYTE
            inner.wait.set()
            statuses = [(await one).status for one in tasks]
            assert statuses.count(204) == ALLOWED.uploads
            assert statuses.count(503) == 100 - ALLOWED.uploads

        run(test)

    def test_one_that_stalls_gives_its_place_back(self, monkeypatch):
        monkeypatch.setattr(gates, "STALLED_SECONDS", 0.05)
        monkeypatch.setattr(refusals, "LINGER_SECONDS", 0.05)

        async def test(gate, inner, kept):
            about = scope("/_stcore/upload_file/s/f", content_length="100")
            answer = await ask(gate, about, b"a little", hang=True)
            assert (answer.status, "stopped arriving" in answer.text) == (408, True)

        run(test)

    def test_one_that_trickles_gives_its_place_back(self, monkeypatch):
        monkeypatch.setattr(gates, "UPLOAD_SECONDS", 0.05)
        monkeypatch.setattr(refusals, "LINGER_SECONDS", 0.05)

        async def test(gate, inner, kept):
            about = scope("/_stcore/upload_file/s/f", content_length="100")
            answer = await ask(gate, about, b"a little", hang=True)
            assert (answer.status, "too long" in answer.text) == (408, True)

        run(test)

    def test_a_fault_inside_gives_the_place_back_and_is_not_hidden(self):
        async def broken(*_: object) -> None:
            raise ZeroDivisionError

        async def test(gate, inner, kept):
            gate._app = broken
            with pytest.raises(ZeroDivisionError):
                await upload(gate, 1)

        run(test)


def test_other_requests_have_small_bodies():
    async def test(gate, inner, kept):
        about = scope("/_stcore/health", "POST", content_length="100000")
        assert (await ask(gate, about, bytes(100_000))).status == 413
        about = scope("/_stcore/health", "POST", transfer_encoding="chunked")
        assert (await ask(gate, about, bytes(60_000), bytes(60_000))).status == 413
        assert (await ask(gate, scope("/_stcore/health", "GET"))).status == 204

    run(test)


class TestSessions:
    async def opened(self, gate: Gate, extensions: dict | None = None) -> tuple[list, Callable]:
        """Open one; return what came back, and what ends it."""
        ended, messages = asyncio.Event(), []

        async def receive() -> dict:
            await ended.wait()
            return {"type": "websocket.disconnect"}

        async def send(message: dict) -> None:
            messages.append(message)

        about = {"type": "websocket", "path": "/_stcore/stream", "headers": [(b"host", b"here")]}
        task = asyncio.create_task(gate({**about, "extensions": extensions or {}}, receive, send))
        await asyncio.sleep(0)

        async def end() -> None:
            ended.set()
            await task

        return messages, end

    def test_there_are_so_many_and_no_more_until_one_ends(self):
        async def test(gate, inner, kept):
            ends = [(await self.opened(gate))[1] for _ in range(ALLOWED.sessions)]
            assert gate.sessions == 2
            messages, _ = await self.opened(gate)
            [message] = messages
            assert (message["type"], message["code"]) == ("websocket.close", 1013)
            messages, _ = await self.opened(gate, {"websocket.http.response": {}})
            answer = Answer(messages)
            assert answer.status == 503
            assert "All 2 places of this server are taken" in answer.text
            page = await ask(gate, scope("/train", "GET", accept="text/html,*/*"))
            assert (page.status, "are taken" in page.text) == (503, True), "the page says so, too"
            assert (await ask(gate, scope("/_stcore/health", "GET"))).status == 204
            await ends.pop()()
            messages, end = await self.opened(gate)
            assert messages == [{"type": "websocket.accept"}]
            for one in (*ends, end):
                await one()

        run(test)


def test_headers_are_on_every_answer_and_replace_others():
    async def inner(scope: dict, receive: Callable, send: Callable) -> None:
        headers = [(b"X-Frame-Options", b"ALLOWALL"), (b"content-type", b"text/html")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})

    answer = asyncio.run(ask(Headers(inner), scope("/", "GET")))
    headers = answer.messages[0]["headers"]
    assert len(headers) == len(SENT) + 1
    assert dict(headers) == {**SENT, b"content-type": b"text/html"}
