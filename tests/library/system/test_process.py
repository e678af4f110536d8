"""Trainings give way to readings."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from recognizer.system import home

AUTOGROUP = Path("/proc/self/autogroup")


def shown(code: str) -> list[str]:
    return subprocess.run(
        [sys.executable, "-c", f"from recognizer.system.process import *\n{code}"],
        cwd=home.PROJECT,
        start_new_session=True,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split("\n")


def test_the_process_is_nice_however_often_it_is_asked():
    before, once, twice, _ = shown(
        "print(os.nice(0)); lower_priority(); print(os.nice(0)); lower_priority(); "
        "print(os.nice(0))"
    )
    assert int(before) == os.nice(0)
    assert once == twice == "10"


@pytest.mark.skipif(not AUTOGROUP.exists(), reason="this kernel does not group sessions")
def test_so_is_its_session():
    told, _ = shown("lower_priority(); print(Path('/proc/self/autogroup').read_text().strip())")
    assert told.endswith("nice 10")
