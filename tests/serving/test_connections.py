"""How many files a server may open, and how many connections that leaves it."""

import asyncio
import resource
import socket
import subprocess
import sys

import pytest

from recognizer.system import home
from serving import connections


def in_child(soft: int, hard: int, show: str) -> str:
    code = (
        f"import resource; resource.setrlimit(resource.RLIMIT_NOFILE, ({soft}, {hard}));"
        f"from serving import connections; print({show})"
    )
    ended = subprocess.run(
        [sys.executable, "-c", code],
        cwd=home.PROJECT,
        capture_output=True,
        text=True,
        check=True,
    )
    return ended.stdout.strip()


def test_a_server_opens_as_many_files_as_the_system_lets_it():
    hard = min(resource.getrlimit(resource.RLIMIT_NOFILE)[1], 4_096)
    show = "connections.raise_descriptors(), resource.getrlimit(resource.RLIMIT_NOFILE)[0]"
    assert in_child(512, hard, show) == f"{hard} {hard}"


@pytest.mark.parametrize(("files", "left"), [(1_024, 212), (600, 20), (4_096, 1_000)])
def test_connections_leave_descriptors_for_sessions_and_files(files, left):
    assert in_child(files, files, "connections.limit(1_000, 100)") == str(left)


class Connection:
    def __init__(self, opened_at: float, cycle: object) -> None:
        self.opened_at, self.cycle, self.aborted = opened_at, cycle, False
        self.transport = self

    def abort(self) -> None:
        self.aborted = True


class Answering:
    response_complete = False


class Answered:
    response_complete = True


def test_who_has_waited_longest_makes_room_and_nobody_who_is_being_answered():
    busy, late, early = Connection(1, Answering), Connection(3, None), Connection(2, Answered)
    there = {busy, late, early}
    assert connections._make_room(there)
    assert (busy.aborted, early.aborted, late.aborted) == (False, True, False)
    assert there == {busy, late}
    assert connections._make_room(there)
    assert not connections._make_room(there)
    assert not busy.aborted


class Opened:
    """Stands in for what serves a connection that somebody opened."""

    def __init__(self) -> None:
        self.connections: set = set()


def test_the_second_part_of_an_answer_is_not_held_back():
    with socket.socket() as listening:  # as Streamlit makes it
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        with socket.create_connection(listening.getsockname()), listening.accept()[0] as accepted:
            assert not accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
            transport = asyncio.Transport({"socket": accepted})
            connections._bounded(lambda *_: None, 9)(Opened(), transport)
            assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
