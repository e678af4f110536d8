"""What every test gets: a home of its own, and the data and models that are there."""

import os
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from recognizer.models import registry

settings.register_profile("ours", deadline=None, database=None)  # no timing, nothing written
settings.load_profile("ours")


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """RECOGNIZER_HOME, so that nothing is written outside tmp_path."""
    folder = tmp_path / "home"
    monkeypatch.setenv("RECOGNIZER_HOME", str(folder))
    return folder


@pytest.fixture(autouse=True)
def main_module(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take back the page that a test of it puts in the place of the main program.

    Streamlit does so, and a process that is started later would run that page as its own program.
    """
    monkeypatch.setitem(sys.modules, "__main__", sys.modules["__main__"])


@pytest.fixture(autouse=True)
def at_home(monkeypatch: pytest.MonkeyPatch) -> None:
    """Sessions of a test come from this machine, where AppTest says nothing of where from."""
    from pages.shared.access import exposure, roles, sign_in
    from recognizer.system import action_log
    from recognizer.system.log_rate import Rate

    monkeypatch.setattr(exposure, "connection", lambda: ({"Host": "localhost:8501"}, None))
    monkeypatch.setattr(exposure, "_came_from_elsewhere", threading.Event())
    monkeypatch.setattr(sign_in, "_tries", sign_in.Tries())
    monkeypatch.setattr(roles, "_failures", Rate(10, 60, 60.0))
    monkeypatch.setattr(action_log, "_rate", Rate(action_log.ALIKE, 30, 60.0))
    for name in (exposure.EXPOSED, exposure.TOKEN, exposure.TOKEN_FILE, exposure.OPERATORS):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(scope="session")
def data() -> Path:
    """The folder of real digits and drawings."""
    folder = os.environ.get("RECOGNIZER_DATA")
    if not folder or not Path(folder).is_dir():
        pytest.skip("no data: set RECOGNIZER_DATA to the folder of the digits, see README.md")
    return Path(folder)


@pytest.fixture(scope="session")
def two_block() -> Path:
    """The folder of a shipped model."""
    folder = registry.SHIPPED / "two-block"
    if not folder.is_dir():
        pytest.skip("no models/two-block: restore the models/ folder")
    return folder


@pytest.fixture(scope="session")
def bucket() -> Iterator:
    """A bucket of an S3 server on this machine: `s3.Bucket`."""
    from helpers.s3 import served

    with served() as one:
        yield one


@pytest.fixture
def only_users_models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As if no model were shipped."""
    monkeypatch.setattr(registry, "SHIPPED", tmp_path / "shipped")
