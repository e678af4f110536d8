"""A class's collection: who may write, until when, how much; what deleting leaves."""

import os
import signal
import subprocess
import sys
from datetime import date, timedelta

import pytest
from helpers.factories import correction, digits, one_line

from recognizer.classroom import Classroom, records, tables
from recognizer.classroom.store import FILE
from recognizer.datasets import library
from recognizer.errors import DataError, SettingError
from recognizer.system import home as system_home

SAMPLE = digits(20)
FIRST = date(2026, 12, 1)


class Calendar:
    """A clock that tests turn."""

    def __init__(self) -> None:
        self.day = FIRST

    def __call__(self) -> date:
        return self.day


@pytest.fixture
def calendar() -> Calendar:
    return Calendar()


@pytest.fixture
def classroom(home, calendar) -> Classroom:
    return Classroom(today=calendar)


@pytest.fixture
def code(classroom) -> str:
    return classroom.open("class 5b", 1, FIRST + timedelta(days=7)).code


def write(classroom: Classroom, code: str, key: str, *labels: int, seed: int = 0) -> None:
    for label in labels:
        image = digits(10, seed=seed).images[label]
        drawing = correction(0, id=f"{seed}-{label}", label=label, image=image)
        classroom.keep(code, key, drawing)


class TestWriting:
    def test_a_pupil_adds_to_their_own_and_takes_back_no_one_elses(self, classroom, code):
        (ada, adas), (_, bens) = classroom.join(code, "Ada"), classroom.join(code, "Ben")
        write(classroom, code, adas, 1, 2)
        classroom.take_back(code, bens, "0-1")
        assert [one.drawings for one in classroom.pupils(code)] == [2, 0]
        classroom.take_back(code, adas, "0-1")
        assert classroom.drawings(code, ada.number).digits.labels.tolist() == [2]
        assert classroom.pupil(code, adas).name == "Ada"

    def test_who_is_done_wrote_each_digit(self, classroom, code):
        _, key = classroom.join(code, "Ada")
        write(classroom, code, key, *range(9))
        collection = classroom.find(code)
        assert not classroom.pupil(code, key).is_done(collection)
        write(classroom, code, key, 9)
        assert classroom.pupil(code, key).is_done(collection)

    def test_the_key_is_not_in_the_file(self, classroom, code, home):
        _, key = classroom.join(code, "Ada")
        content = b"".join(path.read_bytes() for path in home.glob(f"{FILE}*"))
        assert b"Ada" in content
        assert key.encode() not in content

    def test_a_code_is_found_however_it_is_typed(self, classroom, code):
        assert classroom.find(f" {code[:3].lower()} {code[3:]} ").code == code


class TestRefusals:
    @pytest.mark.parametrize("key", ["", "somebody's"])
    def test_without_the_key_nothing_is_written(self, classroom, code, key):
        classroom.join(code, "Ada")
        with pytest.raises(SettingError, match="not in this class"):
            write(classroom, code, key, 1)

    def test_after_its_last_day_nothing_is_taken(self, classroom, code, calendar):
        _, key = classroom.join(code, "Ada")
        calendar.day = FIRST + timedelta(days=7)
        write(classroom, code, key, 1)
        calendar.day += timedelta(days=1)
        with pytest.raises(SettingError) as told:
            write(classroom, code, key, 2)
        assert "class 5b has ended on 2026-12-08" in one_line(told.value)
        with pytest.raises(SettingError, match="has ended"):
            classroom.join(code, "Ben")
        assert len(classroom.drawings(code).digits) == 1

    def test_ended_by_hand_it_takes_nothing_either(self, classroom, code):
        classroom.end(code)
        with pytest.raises(SettingError, match="has ended"):
            classroom.join(code, "Ada")

    def test_more_of_a_digit_than_was_asked_for(self, classroom, code):
        _, key = classroom.join(code, "Ada")
        write(classroom, code, key, 1)
        with pytest.raises(SettingError, match="the 1 as often as was asked for"):
            write(classroom, code, key, 1, seed=5)

    def test_limits_on_pupils_drawings_and_strokes(self, classroom, code, monkeypatch):
        monkeypatch.setenv("RECOGNIZER_MAX_CLASS_PUPILS", "1")
        monkeypatch.setenv("RECOGNIZER_MAX_CLASS_DRAWINGS", "1")
        _, key = classroom.join(code, "Ada")
        with pytest.raises(SettingError, match="as many as a class may have"):
            classroom.join(code, "Ben")
        endless = correction(1, label=1, strokes=[[(1.0, 2.0)] * 20_000])
        with pytest.raises(SettingError, match="too many strokes"):
            classroom.keep(code, key, endless)
        write(classroom, code, key, 1)
        with pytest.raises(SettingError, match="as many as fit"):
            write(classroom, code, key, 2)

    @pytest.mark.parametrize("name", ["", " ", "a" * 31, "A\nB", "ada"])
    def test_a_name_that_is_none_or_is_taken(self, classroom, code, name):
        classroom.join(code, "Ada")
        with pytest.raises(SettingError):
            classroom.join(code, name)

    @pytest.mark.parametrize(
        ("title", "times", "days"), [("", 1, 1), ("5b", 0, 1), ("5b", 11, 1), ("5b", 1, -1)]
    )
    def test_a_collection_that_cannot_be(self, classroom, title, times, days):
        with pytest.raises(SettingError):
            classroom.open(title, times, FIRST + timedelta(days=days))

    def test_an_unknown_code(self, classroom):
        with pytest.raises(SettingError) as told:
            classroom.find("ABCDEF")
        assert "no class with the code 'ABCDEF'" in one_line(told.value)


class TestDeleting:
    @pytest.fixture
    def two(self, classroom, code) -> tuple[str, str]:
        keys = [classroom.join(code, name)[1] for name in ("Ada", "Ben")]
        for seed, key in enumerate(keys):
            write(classroom, code, key, *range(10), seed=seed)
        return tuple(keys)

    def test_a_pupil_leaves_with_all_they_wrote_and_no_one_else(self, classroom, code, two):
        classroom.leave(code, two[0])
        assert [one.name for one in classroom.pupils(code)] == ["Ben"]
        assert len(classroom.drawings(code).digits) == 10

    def test_nothing_of_a_class_stays_on_the_disk(self, classroom, code, two, home):
        image = digits(10).images[3].tobytes()
        assert any(image in path.read_bytes() for path in home.glob(f"{FILE}*"))
        classroom.delete(code)
        assert classroom.collections() == ()
        content = b"".join(path.read_bytes() for path in home.glob(f"{FILE}*"))
        assert image not in content
        assert b"Ada" not in content

    def test_thirty_days_after_its_end_all_of_it_is_gone(self, classroom, code, two, calendar):
        made = tables.add(classroom.find(code), classroom.drawings(code))
        calendar.day = classroom.find(code).deleted - timedelta(days=1)
        tables.purge(classroom)
        assert classroom.pupils(code)
        calendar.day += timedelta(days=1)
        assert classroom.collections() == (), "nobody sees it any more, purged or not"
        tables.purge(classroom)
        assert classroom.pupils(code) == ()
        assert {made.learned, made.left_out}.isdisjoint(one.id for one in library.tables())


class TestTables:
    def test_hold_out_whole_pupils(self, classroom, code):
        for seed in range(6):
            _, key = classroom.join(code, f"pupil {seed}")
            write(classroom, code, key, *range(10), seed=seed)
        drawings = classroom.drawings(code)
        made = tables.add(classroom.find(code), drawings)
        learned, left_out = library.load(made.learned), library.load(made.left_out)
        assert (len(learned), len(left_out)) == (50, 10)
        who = {
            image.tobytes(): pupil
            for image, pupil in zip(drawings.digits.images, drawings.pupils, strict=True)
        }
        sides = [{who[image.tobytes()] for image in one.images} for one in (learned, left_out)]
        assert not sides[0] & sides[1]

    def test_of_one_pupil_there_are_none(self, classroom, code):
        _, key = classroom.join(code, "Ada")
        write(classroom, code, key, 1)
        with pytest.raises(DataError) as told:
            tables.add(classroom.find(code), classroom.drawings(code))
        assert "at least two are needed" in one_line(told.value)


KILLED = """
import os, sys
from helpers.factories import correction, digits
from recognizer.classroom import Classroom
code, key = sys.argv[1:]
for number, image in enumerate(digits(10).images):
    Classroom().keep(code, key, correction(0, id=str(number), label=number, image=image))
    print(number, flush=True)
    sys.stdin.readline()
"""


def test_kill_9_between_two_drawings_loses_none_that_was_kept(home):
    classroom = Classroom()
    code = classroom.open("class 5b", 1, records.today()).code
    _, key = classroom.join(code, "Ada")
    process = subprocess.Popen(
        [sys.executable, "-c", KILLED, code, key],
        cwd=system_home.PROJECT,
        env={**os.environ, "PYTHONPATH": "tests"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    for expected in range(4):
        assert process.stdout.readline() == f"{expected}\n"
        if expected < 3:
            process.stdin.write("\n")
            process.stdin.flush()
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()
    assert classroom.drawings(code).digits.labels.tolist() == [0, 1, 2, 3]
    write(classroom, code, key, 4)
    kept = {image.tobytes() for image in classroom.drawings(code).digits.images}
    assert kept == {image.tobytes() for image in digits(10).images[:5]}
