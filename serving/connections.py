"""How many connections a server keeps open: all that touches the internals of uvicorn 0.54.

A connection costs a file descriptor before it has said anything, so nothing that stands behind the
server's parser can bound them. Where all are taken, the one that has waited longest for a request
makes room, so that whoever asks for something, as a health check, is still answered.
"""

import asyncio
import socket
import time
from importlib import import_module
from typing import Any

try:
    import resource
except ImportError:  # Windows has no such limit
    resource = None

DESCRIPTORS = 65_536  # that this process asks the system for
_SPARE = 512  # of them for files and databases, and for the 128 closed sessions of three each
_SESSION = 3  # that a session holds beside its connection
_LEAST = 20  # connections, however few descriptors there are
_PROTOCOLS = (
    "uvicorn.protocols.http.h11_impl.H11Protocol",
    "uvicorn.protocols.http.httptools_impl.HttpToolsProtocol",
)


def raise_descriptors() -> int:
    """Let this process open as many files as the system allows it; return how many."""
    if resource is None:
        return DESCRIPTORS
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = DESCRIPTORS if hard == resource.RLIM_INFINITY else min(hard, DESCRIPTORS)
    if soft != resource.RLIM_INFINITY and soft < most:
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
    return most


def limit(most: int, sessions: int) -> int:
    """Bound the connections of every server in this process; return to how many.

    Args:
        most: open at once; fewer where the system allows too few descriptors.
        sessions: that may be open, and need descriptors too.
    """
    left = raise_descriptors() - _SPARE - _SESSION * sessions
    most = min(most, max(_LEAST, left))
    for name in _PROTOCOLS:
        module, _, kind = name.rpartition(".")
        try:
            protocol = getattr(import_module(module), kind)
        except ImportError:  # httptools is optional
            continue
        protocol.connection_made = _bounded(protocol.connection_made, most)
    return most


def _bounded(made: Any, most: int) -> Any:
    def connection_made(self: Any, transport: asyncio.Transport) -> None:
        if len(self.connections) >= most and not _make_room(self.connections):
            transport.abort()
        self.opened_at = time.monotonic()
        _send_at_once(transport)
        made(self, transport)

    return connection_made


def _send_at_once(transport: asyncio.Transport) -> None:
    """Have the kernel hold nothing back: the second part of an answer would wait 40 ms.

    asyncio does that where a socket says that it speaks TCP; the one that Streamlit makes does not.
    """
    connected = transport.get_extra_info("socket")
    if connected is not None and connected.family in (socket.AF_INET, socket.AF_INET6):
        connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


def _make_room(connections: set) -> bool:
    """End the connection that has waited longest for a request; return whether one waited."""
    waiting = [one for one in connections if _is_waiting(one)]
    if not waiting:
        return False
    longest = min(waiting, key=lambda one: one.opened_at)
    connections.discard(longest)
    longest.transport.abort()
    return True


def _is_waiting(connection: Any) -> bool:
    """Whether nothing is being answered on it; WebSockets, counted as sessions, always are."""
    cycle = getattr(connection, "cycle", connection)
    return cycle is None or getattr(cycle, "response_complete", False)
