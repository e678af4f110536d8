"""How much a server takes on: named, overridden by the environment, and refused in words."""

import re
import threading
from dataclasses import fields

import pytest
from helpers.factories import correction, job, one_line
from helpers.trainings import CONFIG, keep_table

from recognizer.datasets.corrections import Corrections
from recognizer.errors import SettingError
from recognizer.jobs import database, queue
from recognizer.jobs.records import State
from recognizer.system import home, limits
from recognizer.system.limits import Limits

NAMES = [one.name for one in fields(Limits)]


@pytest.mark.parametrize("name", NAMES)
class TestALimit:
    def test_is_set_by_its_variable(self, monkeypatch, name):
        monkeypatch.setenv(limits.variable(name), "7")
        assert limits.current() == Limits(**{name: 7})

    @pytest.mark.parametrize("text", ["0", "-1", "1.5", "many", " 7", "٧", "1000001", "9" * 5000])
    def test_that_is_no_number_is_told_by_its_name(self, monkeypatch, name, text):
        monkeypatch.setenv(limits.variable(name), text)
        with pytest.raises(SettingError) as caught:
            limits.current()
        assert limits.variable(name) in one_line(caught.value)


def test_the_docs_tell_each_with_its_default():
    text = (home.PROJECT / "docs" / "exposing.md").read_text("utf-8")
    told = dict(re.findall(r"^\| `(RECOGNIZER_\w+)` \| ([\d,]+) \|", text, re.MULTILINE))
    assert told == {limits.variable(name): f"{getattr(Limits(), name):,}" for name in NAMES}


def test_nothing_set_or_set_to_nothing_is_the_default(monkeypatch):
    monkeypatch.setenv("RECOGNIZER_MAX_QUEUE", "")
    assert limits.current() == Limits()


class TestTheQueue:
    @pytest.fixture(autouse=True)
    def full(self, monkeypatch):
        monkeypatch.setenv("RECOGNIZER_MAX_QUEUE", "2")
        monkeypatch.setattr("recognizer.jobs.folders.is_alive", lambda _: True)
        database.insert(job(id="1", name="runs"))
        database.insert(job(id="2", name="waits", state=State.QUEUED))
        database.insert(job(id="3", name="failed", state=State.FAILED))

    def test_takes_as_many_as_may_wait_and_no_more(self):
        queue.check_room()
        database.insert(job(id="4", name="waits too", state=State.QUEUED))
        with pytest.raises(SettingError, match="2 trainings wait") as caught:
            queue.enqueue("mine", CONFIG, (keep_table(),))
        one_line(caught.value)
        with pytest.raises(SettingError, match="2 trainings wait"):
            queue.requeue("3")


class TestCorrections:
    def test_of_one_visitor_are_limited_and_others_have_room(self, monkeypatch):
        monkeypatch.setenv("RECOGNIZER_MAX_SESSION_CORRECTIONS", "2")
        mine, other = Corrections(owner="mine"), Corrections(owner="other")
        for number in range(2):
            mine.keep(correction(number))
        with pytest.raises(SettingError, match="You have corrected 2 drawings") as caught:
            mine.keep(correction(2))
        one_line(caught.value)
        mine.keep(correction(1, label=7))
        assert mine.label_of("drawing-1") == 7, "another label for a kept one always fits"
        other.keep(correction(2))
        Corrections().keep(correction(3))
        mine.remove("drawing-0")
        mine.keep(correction(2))

    def test_of_everyone_are_limited(self, monkeypatch):
        monkeypatch.setenv("RECOGNIZER_MAX_CORRECTIONS", "2")
        Corrections().keep(correction(0))
        Corrections(owner="other").keep(correction(1))
        for corrections in (Corrections(), Corrections(owner="mine")):
            with pytest.raises(SettingError, match="2 corrected drawings are kept here") as caught:
                corrections.keep(correction(2))
            one_line(caught.value)
        assert Corrections().count() == 2

    def test_are_not_passed_by_keeping_many_at_once(self, monkeypatch):
        monkeypatch.setenv("RECOGNIZER_MAX_SESSION_CORRECTIONS", "3")
        Corrections(owner="mine").keep(correction(0))
        refused = []

        def keep(number: int) -> None:
            try:
                Corrections(owner="mine").keep(correction(0, id=f"another-{number}"))
            except SettingError:
                refused.append(number)

        threads = [threading.Thread(target=keep, args=(number,)) for number in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert Corrections().count() == 3
        assert len(refused) == 6
