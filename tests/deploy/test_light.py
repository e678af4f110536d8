"""An installation without TensorFlow, `make setup LIGHT=1`: all but training works."""

import re
import subprocess
import sys

import pytest

from recognizer.system import home
from recognizer.training import config

# No such package is found, as where it is not installed.
WITHOUT = f"import sys; sys.modules.update(dict.fromkeys({config.KERAS!r}))\n"
PAGES = ("draw", "handwriting", "classroom", "batch", "compare", "inside")


def pins(lock: str) -> set[tuple[str, str]]:
    return set(re.findall(r"^([\w-]+)==([\w.]+)", (home.PROJECT / lock).read_text(), re.MULTILINE))


def run(code: str) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, "-c", WITHOUT + code],
        cwd=home.PROJECT,
        capture_output=True,
        text=True,
        check=False,
    )


def command(*arguments: object) -> subprocess.CompletedProcess:
    arguments = ["recognizer", *map(str, arguments)]
    return run(
        f"import runpy; sys.argv = {arguments!r}; "
        "runpy.run_module('recognizer', run_name='__main__')"
    )


def test_the_lock_is_that_of_the_app_without_what_trains():
    whole, light = pins("requirements.lock"), pins("requirements-light.lock")
    assert light < whole
    left_out = {name for name, _ in whole - light}
    assert {"tensorflow", "keras"} < left_out
    assert not {"streamlit", "ai-edge-litert", "opencv-python-headless", "numpy"} & left_out


def test_the_pages_work_and_train_says_how_to_add_the_rest():
    shown = run(
        "from streamlit.testing.v1 import AppTest; from pages.shared import layout\n"
        "from pages.shared.access import exposure\n"
        "exposure.connection = lambda: ({'Host': 'localhost'}, None)\n"
        f"for page in {(*PAGES, 'train')!r}:\n"
        "    app = AppTest.from_file(f'pages/{page}.py', default_timeout=60)\n"
        "    app.session_state[layout._MARK] = True\n"
        "    app.run()\n"
        "    assert app.title and not app.exception, (page, app.exception)\n"
        "    print(page, [one.value for one in (*app.error, *app.warning, *app.info)])\n"
    )
    assert shown.returncode == 0, shown.stderr
    said = dict(line.split(" ", 1) for line in shown.stdout.splitlines())
    assert not [page for page in PAGES if "TensorFlow" in said[page]]
    assert "make setup" in said["train"]


@pytest.mark.parametrize(
    "arguments", [("architectures",), ("train", "t.csv", "--architecture", "mlp", "--name", "one")]
)
def test_a_command_that_trains_says_so(arguments, tmp_path):
    table = tmp_path / "t.csv"
    head = ["label", *(f"pixel{i}" for i in range(784))]
    table.write_text("\n".join([",".join(head), *[",".join(["1", *["9"] * 784])] * 40]))
    done = command(*(table if one == "t.csv" else one for one in arguments))
    assert (done.returncode, done.stderr.splitlines()[-1]) == (2, config.NO_KERAS)
    assert "Traceback" not in done.stderr


def test_the_rest_of_the_command_line_works(tmp_path):
    assert "six-conv" in command("models").stdout
    doctor = command("doctor").stdout
    assert "No training" in doctor
    assert "Traceback" not in doctor
