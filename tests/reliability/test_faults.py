"""Each fault of `make soak` at a few moments: nothing is lost, all is told, and it goes on."""

import random
from collections.abc import Iterator

import pytest
from reliability.faults.world import World
from reliability.soak import FAULTS

from recognizer.jobs import control


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    home = tmp_path_factory.mktemp("world") / "home"
    home.mkdir()
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("RECOGNIZER_HOME", str(home))
        patched.setenv("FAKE_PAUSE", "")  # the world sets these two
        patched.setattr(control, "COMMAND", control.COMMAND)
        yield World.made(home, pause=0.02)


@pytest.mark.parametrize("fault", FAULTS)
def test_whatever_goes_wrong_nothing_is_lost_and_it_goes_on(fault, world, monkeypatch):
    monkeypatch.setenv("RECOGNIZER_HOME", str(world.home))
    times = 3 if fault == "disk" else 1  # one of each kind of full disk
    assert FAULTS[fault](world, times, random.Random(7)) >= times
