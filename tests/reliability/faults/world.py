"""A home with a table, an undisturbed training to compare with, and corrections that must stay."""

import json
import os
import re
import secrets
import shutil
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from helpers.pen_strokes import seven
from helpers.trainings import CONFIG, curve, keep_table, wait_for
from reliability.faults import child
from streamlit.testing.v1 import AppTest

from recognizer import jobs
from recognizer.datasets import library
from recognizer.datasets.corrections import Corrections
from recognizer.inference import Recognizer
from recognizer.jobs import Job, State, control, folders
from recognizer.jobs import database as job_database
from recognizer.models import registry
from recognizer.system import home as system_home

CHILD = (sys.executable, str(child.PROGRAM))
PATIENCE = 300  # seconds until a training that nothing disturbs must have ended
PAGES = ("pages/draw.py", "pages/train.py")
PAGES_EVERY = 10  # checks: showing them takes longer than what went wrong
ENDED = (State.DONE, State.FAILED, State.INTERRUPTED)


@dataclass
class World:
    """Where faults happen.

    Attributes:
        home: RECOGNIZER_HOME.
        models: where trainings publish; not where the app looks, as no one can read with these.
        table: id of the table that is trained on.
        whole: an undisturbed training of it.
        seconds: that it took.
        kept: ids of the corrections that were acknowledged.
        ends: how often a training ended how before it was resumed, and someone was told.
    """

    home: Path
    models: Path
    table: str
    whole: Job
    seconds: float
    kept: set[int] = field(default_factory=set)
    ends: Counter = field(default_factory=Counter)
    _trainings: int = 0
    _checks: int = 0

    @classmethod
    def made(cls, home: Path, pause: float, *, keras: bool = False) -> "World":
        """Make one; RECOGNIZER_HOME must be this home.

        Args:
            home: an empty folder.
            pause: seconds that a batch of a training takes.
            keras: whether the real trainer trains.
        """
        os.environ["FAKE_PAUSE"] = str(pause)
        if not keras:
            control.COMMAND = (*CHILD, "work")
        began, table = time.monotonic(), keep_table()
        models = home.parent / "published"
        models.mkdir()
        whole = ended(jobs.submit("whole", config(), (table,), models_dir=models))
        assert whole.state == State.DONE, folders.log(whole.id)
        return cls(home, models, table, whole, time.monotonic() - began)

    def start(self, fault: str = "", command: tuple[str, ...] = ()) -> Job:
        """Start a training in which something will go wrong."""
        self._trainings += 1
        with environment(FAULT=fault), started_by(command):
            name = f"mine-{self._trainings}"
            return jobs.submit(name, config(), (self.table,), models_dir=self.models)

    def check_training(self, job: Job) -> None:
        """It told what happened in a sentence; resumed, it ends as the undisturbed one did."""
        wait_for(lambda: not folders.is_alive(job.id), PATIENCE)
        job = job_database.find_job(job.id)
        assert job.state in ENDED, job
        self.ends[job.state.value] += 1
        check_sentence(job.message)
        if job.state != State.DONE:
            jobs.resume(job.id)
        job = ended(job)
        assert job.state == State.DONE, (job, folders.log(job.id))
        self._check_same(job)
        jobs.delete(job.id)
        shutil.rmtree(self.models / job.name)

    def _check_same(self, job: Job) -> None:
        ours, theirs = curve(job.id), curve(self.whole.id)
        assert [point[:4] for point in ours] == [point[:4] for point in theirs]
        apart = max(abs(a[4] - b[4]) for a, b in zip(ours, theirs, strict=True))
        cards = {model.name: model.card for model in registry.list_models(self.models).available}
        assert cards[job.name].accuracy == cards["whole"].accuracy
        if control.COMMAND[: len(CHILD)] == CHILD:
            assert apart == 0, f"losses differ by {apart}"
            assert cards[job.name].sha256 == cards["whole"].sha256
        assert apart <= 1e-4, f"losses differ by {apart}"  # Keras adds in another order

    def took(self, told: str) -> None:
        """Take in what a child said: what it kept, and that it had no fault."""
        self.kept |= {int(number) for number in re.findall(r"^kept (\d+)$", told, re.MULTILINE)}
        for line in told.splitlines():
            kind, _, rest = line.partition(" ")
            assert kind in ("process", "kept", "read", "promoted", "told", "INFO:"), told[-2000:]
            assert kind != "read" or rest == "7", "another digit than it was"
            if kind in ("told", "promoted"):
                self.ends[kind] += 1
            if kind == "told":
                check_sentence(rest)

    def check(self) -> None:
        """The models load and read, nothing is lost or half; now and then, the pages are shown."""
        assert registry.list_models(self.models).broken == {} == registry.list_models().broken
        assert library.damaged() == {}
        assert Recognizer.load().read_mnist(seven()).digit == 7
        self._check_corrections()
        for path in self.home.parent.rglob("*"):
            parts = path.relative_to(self.home.parent).parts
            if path.is_file() and not any(part[0] == "." or part == "scratch" for part in parts):
                check_whole(path)
        self._checks += 1
        for page in PAGES if self._checks % PAGES_EVERY == 1 else ():
            shown = AppTest.from_file(str(system_home.PROJECT / "app.py"), default_timeout=60)
            shown.switch_page(page).run()
            assert not shown.exception, shown.exception
            assert not shown.error, shown.error

    def _check_corrections(self) -> None:
        kept = Corrections()
        lost = [number for number in self.kept if kept.label_of(str(number)) != number % 10]
        assert not lost, f"lost: {lost[:5]} of {len(self.kept)}"
        assert len(kept.digits()) == kept.count() >= len(self.kept)


def config() -> object:
    return replace(CONFIG, epochs=4)


def ended(job: Job) -> Job:
    wait_for(lambda: not job_database.find_job(job.id).is_under_way, PATIENCE)
    return job_database.find_job(job.id)


def check_sentence(message: str) -> None:
    """Whatever went wrong is told in one line, without a traceback."""
    assert "\n" not in message, message
    assert "Traceback" not in message, message
    assert not message or (message.endswith(".") and len(message) < 500), message


def check_whole(path: Path) -> None:
    """A file under its final name is whole."""
    if path.suffix == ".json":
        json.loads(path.read_text())
    elif path.suffix == ".npz":
        with np.load(path) as arrays:
            assert all(arrays[name] is not None for name in arrays.files)
    elif path.suffix == ".npy" or path.name.endswith((".keras", ".tflite")):
        assert path.stat().st_size
    elif path.suffix == ".db":
        with closing(sqlite3.connect(path)) as database:
            assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)


@contextmanager
def environment(**values: str) -> Iterator[None]:
    """Have other variables for the children that are started."""
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name) if value is None else os.environ.update({name: value})


@contextmanager
def started_by(command: tuple[str, ...]) -> Iterator[None]:
    """Have trainings started by a command of another kind."""
    before = control.COMMAND
    control.COMMAND = (*command, *before)
    try:
        yield
    finally:
        control.COMMAND = before


@contextmanager
def running(
    world: World, *arguments: str, command: tuple[str, ...] = (), **variables: str
) -> Iterator[subprocess.Popen]:
    """Run a child that tells what it does, and take in what it told; it is ended with the block."""
    log = world.home.parent / f"{secrets.token_hex(4)}.log"
    with (
        environment(FIRST=str(max(world.kept, default=0) + 1), **variables),
        log.open("wb") as said,
    ):
        process = subprocess.Popen([*command, *CHILD, *arguments], stdout=said, stderr=said)
    try:
        wait_for(lambda: "process" in log.read_text() or process.poll() is not None, PATIENCE)
        yield
    finally:
        process.kill()
        process.wait()
    world.took(log.read_text().rpartition("\n")[0])
