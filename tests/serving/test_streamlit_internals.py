"""What is known of Streamlit's internals holds for the version that is installed."""

import asyncio
import time
from types import SimpleNamespace

import pytest
from streamlit.runtime.memory_session_storage import MemorySessionStorage

from serving import streamlit_internals


def test_closed_sessions_are_freed_by_time_and_not_when_the_next_one_comes(monkeypatch):
    ended = []

    class Closed:
        def __init__(self, name: str) -> None:
            self.id = name

        def __del__(self) -> None:
            ended.append(self.id)

    storage = MemorySessionStorage(ttl_seconds=0.05)
    storage.save(SimpleNamespace(session=Closed("a")))
    runtime = SimpleNamespace(_session_mgr=SimpleNamespace(_session_storage=storage))
    monkeypatch.setattr(streamlit_internals, "get_instance", lambda: runtime)
    monkeypatch.setattr(streamlit_internals, "FREE_SECONDS", 0.01)

    async def watched() -> None:
        freeing = asyncio.create_task(streamlit_internals.free_closed_sessions())
        await asyncio.sleep(0.02)
        assert ended == [], "a browser may come back"
        end = time.monotonic() + 10
        while not ended and time.monotonic() < end:
            await asyncio.sleep(0.01)
        freeing.cancel()
        with pytest.raises(asyncio.CancelledError):
            await freeing

    asyncio.run(watched())
    assert ended == ["a"]
