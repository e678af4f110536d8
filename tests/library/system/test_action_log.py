"""The log: a line of JSON an action, whatever is in a name, and never without room."""

import json
import logging
import threading
from collections.abc import Iterator

import pytest

from recognizer.system import action_log

FORGED = '", "outcome": "done"}\n{"role": "operator", "outcome": "done"}'
BREAKS = "a\nb\rc\x0bd\x0ce\x1cf\x1dg\x1eh\x85i\u2028j\u2029k\x00l\x1b[31mm"


def lines() -> list[str]:
    return action_log.path().read_text("utf-8").splitlines()


@pytest.mark.parametrize("name", [FORGED, BREAKS, "ü🖊", '\\"', "x" * 10_000])
@pytest.mark.parametrize("field", ["who", "target", "reason"])
def test_no_name_forges_a_line(name, field):
    values = {"who": "visitor", "target": "mine"} | ({field: name} if field != "reason" else {})
    more = {"reason": name} if field == "reason" else {}
    action_log.write("visitor", values["who"], "promote-model", values["target"], "refused", **more)
    [line] = lines()
    assert line.isascii()
    assert line.isprintable()
    assert json.loads(line)[field] == name[: action_log.LONGEST]
    assert json.loads(line)["outcome"] == "refused"


def test_a_line_holds_what_was_done_and_when(home):
    action_log.write("operator", "ada@example.org", "delete-model", "mine", "done")
    [line] = map(json.loads, lines())
    assert line.pop("time").endswith("+00:00")
    assert line == {
        **{"role": "operator", "who": "ada@example.org", "action": "delete-model"},
        **{"target": "mine", "outcome": "done"},
    }


def test_the_file_begins_anew_when_it_is_large(home, monkeypatch):
    monkeypatch.setattr(action_log, "BYTES", 2_000)
    for number in range(200):
        action_log.write("visitor", str(number), "promote-model", "mine", "refused")
    files = list(action_log.path().parent.iterdir())
    assert len(files) == 1 + action_log.FILES
    assert all(path.stat().st_size <= 2_000 for path in files)
    assert json.loads(lines()[-1])["who"] == "199"


def test_a_folder_that_cannot_be_written_stops_no_action(home, caplog):
    home.write_text("a file")
    action_log.write("operator", "token", "promote-model", "mine", "done")
    assert "No log" in caplog.text
    home.unlink()
    action_log.write("operator", "token", "promote-model", "mine", "done")
    assert len(lines()) == 1, "and is tried again"


def test_threads_write_whole_lines(home):
    def write(number: int) -> None:
        for _ in range(50):
            action_log.write("visitor", str(number), "promote-model", "mine", "refused")

    threads = [threading.Thread(target=write, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found = [json.loads(line)["who"] for line in lines()]
    assert sorted(found) == sorted(list("0123") * 50)


@pytest.fixture
def no_stderr_afterwards() -> Iterator[None]:
    yield
    for logger in map(action_log._logger, (action_log.FILE, action_log.FAULTS)):
        for one in logger.handlers[:]:
            if type(one) is logging.StreamHandler:
                logger.removeHandler(one)


@pytest.mark.usefixtures("no_stderr_afterwards")
def test_stderr_has_the_same_lines_once(home, capsys):
    action_log.to_stderr()
    action_log.to_stderr()
    action_log.write("operator", "token", "promote-model", "mine", "done")
    assert capsys.readouterr().err.splitlines() == lines()
    assert len(lines()) == 1
