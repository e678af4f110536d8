"""`python -m recognizer api` as other programs use it: the examples of docs/api.md, run."""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import cv2
import pytest
from helpers.factories import digits, table_of
from helpers.pen_strokes import one_of_each

from recognizer.api import keys
from recognizer.imaging.strokes import render
from recognizer.models import registry
from recognizer.system import home as system_home

SECONDS = 60


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """What the examples read."""
    folder = tmp_path_factory.mktemp("examples")
    cv2.imwrite(str(folder / "seven.png"), render(one_of_each()[7]))
    (folder / "test.csv").write_bytes(table_of(digits(3)))
    return folder


@pytest.fixture(scope="module")
def environment(folder) -> Iterator[dict[str, str]]:
    """URL and KEY of a server that others reach, so that the key counts."""
    if not (registry.SHIPPED / "six-conv").is_dir():
        pytest.skip("no models/six-conv: restore the models/ folder")
    known = {**os.environ, "RECOGNIZER_HOME": str(folder / "home"), "RECOGNIZER_EXPOSED": "1"}
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RECOGNIZER_HOME", known["RECOGNIZER_HOME"])
        key = keys.add("docs")
    command = [sys.executable, "-m", "recognizer", "api", "--port", "0"]
    start = {"cwd": system_home.PROJECT, "env": known, "text": True, "stdout": subprocess.PIPE}
    if os.name == "posix":  # tests that run in the background have their children ignore Ctrl-C
        start["preexec_fn"] = lambda: signal.signal(signal.SIGINT, signal.default_int_handler)
    with subprocess.Popen(command, **start) as server:
        url = re.search(r"http://\S+", server.stdout.readline())[0].removesuffix("/docs")
        yield {**os.environ, "URL": url, "KEY": key}
        server.send_signal(signal.SIGINT)
        assert server.wait(SECONDS) == 130


def example(language: str) -> str:
    text = (system_home.PROJECT / "docs" / "api.md").read_text("utf-8")
    return re.search(rf"```{language}\n(.*?)```", text, re.DOTALL)[1]


def run(command: list[str], folder: Path, environment: dict[str, str]) -> str:
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, timeout=SECONDS,
        check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_curl(folder, environment):
    if shutil.which("curl") is None:
        pytest.skip("curl is not installed")
    said = run(["sh", "-e", "-c", example("sh")], folder, environment)
    assert said.count('"digit":7') == 2
    assert '"text":"7"' in said
    assert "ImageId,Label\n1," in said


def test_python(folder, environment):
    lines = run([sys.executable, "-c", example("python")], folder, environment).splitlines()
    assert lines[0].startswith("7 ")
    assert [line.split()[0] for line in lines[1:]] == ["1", "2", "3"]


def test_javascript(folder, environment):
    if shutil.which("node") is None:
        pytest.skip("Node is not installed")
    assert run(["node", "-e", example("js")], folder, environment).startswith("7 ")


def test_a_client_that_goes_away_in_the_middle_leaves_the_server_well(folder, environment):
    host, port = re.match(r"http://(.*):(\d+)", environment["URL"]).groups()
    asked = "POST /api/v1/predict HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n"
    for more in ("", f"Authorization: Bearer {environment['KEY']}\r\n"):
        with socket.create_connection((host, int(port)), SECONDS) as gone:
            gone.sendall(f"{asked}{more}\r\nlabel,".encode())
    test_python(folder, environment)
