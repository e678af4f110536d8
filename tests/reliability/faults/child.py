"""A process that uses the app's library while something goes wrong in it: FAULT says what.

python child.py work ID LOCK     trains, as `python -m recognizer work` does, without Keras
python child.py correct          keeps one correction after another, and tells of each
python child.py read NAME        reads one digit after another with a model, and tells of each
python child.py promote A B      makes one of two models the default and then the other, for ever

FAULT is `size N`: no file may grow beyond N bytes (the kernel refuses); `full N`: from the Nth call
that needs room on, there is none; `once N`: only for that call; `clock SECONDS BACK`: after so many
seconds the clock is set back by so many.
"""

import os
import resource
import sys
import time
from collections.abc import Callable
from datetime import datetime, timedelta, tzinfo
from itertools import count, cycle
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
sys.path.insert(0, str(Path(__file__).resolve().parents[3]))

import numpy as np
from helpers.crash import Interruption
from helpers.fake_trainer import FakeTrainer

from recognizer.datasets import corrections, library
from recognizer.datasets.corrections import Correction, Corrections
from recognizer.errors import RecognizerError
from recognizer.jobs import database, worker
from recognizer.models import registry
from recognizer.system import home
from recognizer.system.locks import Lock

PROGRAM = Path(__file__).resolve()


def main() -> None:
    if busy := float(os.environ.get("BUSY", "0")):
        corrections.BUSY_SECONDS = database.BUSY_SECONDS = busy
    what, *arguments = sys.argv[1:]
    say(f"process {os.getpid()}")
    if fault := os.environ.get("FAULT"):
        kind, *numbers = fault.split()
        FAULTS[kind](*map(float, numbers))
    kinds = {"work": work, "correct": correct, "read": read, "promote": promote}
    kinds[what](*arguments)


def say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def work(job_id: str, lock: str) -> None:
    pause = float(os.environ.get("FAKE_PAUSE", "0"))
    worker.work(job_id, Lock(int(lock)), FakeTrainer(pause))


def correct() -> None:
    """Each line of ours is true when it is printed."""
    for number in count(int(os.environ.get("FIRST", "0"))):
        image = np.full((28, 28), number % 256, np.uint8)
        one = Correction(
            str(number), home.now(), number % 10, 0, 0.5, "m", [[(1.0, 2.0)]] * 40, image
        )
        attempt(lambda one=one: Corrections().keep(one), f"kept {number}")
        time.sleep(0.002)


def read(name: str) -> None:
    from helpers.pen_strokes import seven

    from recognizer.inference import Recognizer

    while True:
        attempt(lambda: say(f"read {Recognizer.load(name).read_mnist(seven()).digit}"))


def promote(*names: str) -> None:
    for name in cycle(names):
        attempt(lambda name=name: registry.promote(name), f"promoted {name}")


def attempt(call: Callable[[], object], done: str = "") -> None:
    try:
        call()
    except RecognizerError as error:
        say(f"told {error}")
        time.sleep(0.02)
    else:
        if done:
            say(done)


def limit_size(size: float) -> None:
    resource.setrlimit(resource.RLIMIT_FSIZE, (int(size), int(size)))


def fill_disk(at: float) -> None:
    Full(Patched, int(at), full=True)


def fill_disk_once(at: float) -> None:
    Interruption(Patched, int(at), full=True)


class Patched:
    """Stands in for pytest's, whose import takes long: nothing here is taken back."""

    setattr = staticmethod(setattr)


class Full(Interruption):
    """A disk that stays full."""

    def wrapped(self, name: str, call: Callable) -> Callable:
        inner = super().wrapped(name, call)

        def wrapper(*arguments: object, **options: object) -> object:
            if self.happened:
                raise self.refusal(name)
            return inner(*arguments, **options)

        return wrapper


def set_clock_back(after: float, back: float) -> None:
    began, real = time.monotonic(), time.time

    def offset() -> float:
        return -back if time.monotonic() - began > after else 0.0

    class Shifted(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> datetime:
            return datetime.now(tz) + timedelta(seconds=offset())

    time.time = lambda: real() + offset()
    for module in (database, library):
        module.datetime = Shifted


FAULTS = {
    "size": limit_size,
    "full": fill_disk,
    "once": fill_disk_once,
    "clock": set_clock_back,
}

if __name__ == "__main__":
    main()
