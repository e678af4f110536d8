"""Trainings that are killed, or find the disk full: nothing is lost, and they go on."""

import itertools
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest
from helpers import fake_worker as fake_work
from helpers.crash import Interruption, Killed
from helpers.factories import digits, model, one_line
from helpers.fake_trainer import FakeTrainer
from helpers.trainings import (
    CONFIG,
    SAMPLE,
    curve,
    ended,
    keep_table,
    process,
    resumed,
    trained,
    wait_for,
)

from recognizer import jobs
from recognizer.datasets import fingerprint, library
from recognizer.errors import SettingError, StorageError
from recognizer.jobs import Job, State, control, database, folders, queue, worker
from recognizer.models import registry
from recognizer.models.card import ModelCard
from recognizer.records import TrainingConfig
from recognizer.system import home as system_home
from recognizer.system import locks
from recognizer.training.events import BatchLog, EpochEnd


@pytest.fixture
def table() -> str:
    return keep_table()


@pytest.fixture
def fake(monkeypatch) -> Callable[[float], None]:
    """Trainings are processes that train without Keras; the call sets the seconds a batch takes."""
    monkeypatch.setattr(control, "COMMAND", fake_work.COMMAND)
    return lambda pause: monkeypatch.setenv("FAKE_PAUSE", str(pause))


class TestInterrupted:
    """The fake trainer is stopped at every call that changes the disk, in turn."""

    CONFIG = replace(CONFIG, epochs=2, batch_size=90)

    @pytest.fixture(autouse=True)
    def _quick(self, table, monkeypatch):
        """Flushing would take most of the time, and no power is cut here."""
        monkeypatch.setattr(os, "fsync", lambda handle: None)
        with database.kept_open():
            yield

    @pytest.fixture
    def whole(self, table) -> tuple[list[tuple], dict[str, str]]:
        """The curve and the weights of a training that nothing interrupts."""
        job = trained(table, self.CONFIG, "whole")
        return curve(job.id), registry.find_model("whole").card.sha256

    @pytest.fixture
    def models(self, tmp_path) -> Path:
        return tmp_path / "models"

    def start(self, table: str, models: Path) -> tuple[Job, locks.Lock]:
        """Queue a training that will replace a model."""
        shutil.rmtree(models, ignore_errors=True)
        worse = model(models / "mine", accuracy=0.5) / "card.json"
        card = ModelCard.from_json(worse.read_text())  # measured on the rows of this training
        data = replace(card.data, sha256=fingerprint(SAMPLE))
        worse.write_text(replace(card, data=data, config=self.CONFIG, n=20).to_json())
        return queue.enqueue("mine", self.CONFIG, (table,), models_dir=models)

    def check(self, job_id: str, models: Path, whole, epochs_done: int) -> None:
        """The models are whole; the training resumes and ends as if nothing had happened."""
        found = registry.list_models(models)
        assert found.broken == {}
        assert [one.name for one in found.available] == ["mine"]
        job, told = database.find_job(job_id), []
        if job.state != State.DONE:
            job = resumed(job_id, on_event=told.append)
        assert job.state == State.DONE, job.message
        assert job.published == "mine"
        assert curve(job_id) == whole[0]
        assert registry.find_model("mine", models).card.sha256 == whole[1]
        if told:
            assert told[0].epoch >= epochs_done, "more than the epoch under way is repeated"
        jobs.delete(job_id)

    def test_killed_at_any_moment_it_resumes_as_if_nothing_had_happened(
        self, table, whole, models, monkeypatch
    ):
        for at in itertools.count():
            job, lock = self.start(table, models)
            told = []
            with monkeypatch.context() as patched:
                killed = Interruption(patched, at)
                with suppress(Killed):
                    worker.work(job.id, lock, FakeTrainer(), on_event=told.append)
            if killed.happened:
                assert database.find_job(job.id).state in (State.INTERRUPTED, State.DONE)
            done = sum(isinstance(event, EpochEnd) for event in told)
            self.check(job.id, models, whole, done)
            if not killed.happened:
                break
        assert at > 50

    def test_on_a_full_disk_it_fails_in_one_sentence_and_resumes(
        self, table, whole, models, monkeypatch
    ):
        failed = 0
        for at in itertools.count():
            job, lock = self.start(table, models)
            with monkeypatch.context() as patched:
                full = Interruption(patched, at, full=True)
                try:
                    job = worker.work(job.id, lock, FakeTrainer())
                except StorageError as error:  # where not even that can be written
                    job = replace(database.find_job(job.id), message=str(error))
            if job.state != State.DONE:
                failed += 1
                assert job.state in (State.FAILED, State.INTERRUPTED)
                assert re.search("No space left|full", one_line(job.message)), job.message
            self.check(job.id, models, whole, 0)
            if not full.happened:
                break
        assert failed > 25

    @pytest.mark.parametrize("damage", ["manifest.json", "00002.npz"])
    def test_a_damaged_checkpoint_costs_time_only(self, table, whole, models, damage):
        job, lock = self.start(table, models)

        def kill(event):
            if isinstance(event, EpochEnd) and event.log.epoch == 2:
                raise Killed

        with suppress(Killed):
            worker.work(job.id, lock, FakeTrainer(), on_event=kill)
        (folders.checkpoint(job.id) / damage).write_bytes(b"?")
        self.check(job.id, models, whole, 0)

    def test_the_repeated_part_is_told_again_with_new_numbers(self, table, whole, models):
        job, lock = self.start(table, models)

        def kill(event):
            if isinstance(event, BatchLog) and event.step == 4:
                raise Killed

        with suppress(Killed):
            worker.work(job.id, lock, FakeTrainer(), on_event=kill)
        before = jobs.progress(job.id)
        assert (before[-1].step, before[-1].epoch) == (4, 2)
        assert database.find_job(job.id).step == 4
        resumed(job.id)
        news = jobs.progress(job.id, after=before[-1].seq)
        assert (news[0].kind, news[0].step) == ("batch", 3)
        assert curve(job.id) == whole[0]

    def test_a_published_one_that_could_not_say_so_is_done_when_it_resumes(
        self, table, models, monkeypatch
    ):
        job, lock = self.start(table, models)
        with monkeypatch.context() as patched, suppress(Killed):
            patched.setattr(worker._Work, "_end", lambda *_: (_ for _ in ()).throw(Killed()))
            worker.work(job.id, lock, FakeTrainer())
        assert database.find_job(job.id).state == State.INTERRUPTED
        published = registry.find_model("mine", models)
        assert published.card.accuracy > 0.5
        assert resumed(job.id).state == State.DONE
        assert registry.find_model("mine", models) == published

    def test_a_name_that_was_taken_meanwhile_is_told_before_it_resumes(self, table, home):
        job, lock = queue.enqueue("mine", CONFIG, (table,))
        lock.release()
        model(home / "models" / "mine")
        with pytest.raises(SettingError, match="there already"):
            jobs.resume(job.id)

    def test_a_table_that_was_removed_meanwhile_is_told(self, table):
        job, lock = queue.enqueue("mine", CONFIG, (table,))
        library.remove(table)
        job = worker.work(job.id, lock, FakeTrainer())
        assert job.state == State.FAILED
        assert "bring its file again" in one_line(job.message)
        library.add(SAMPLE, "train.csv")
        assert resumed(job.id).state == State.DONE


class TestProcesses:
    """Real processes, and a real kill -9."""

    @pytest.mark.parametrize("step", [1, 8, 14])
    def test_after_kill_9_it_resumes_as_if_nothing_had_happened(self, table, fake, step):
        config = replace(CONFIG, epochs=6)
        whole = trained(table, config, "whole")
        fake(0.03)
        job = jobs.submit("mine", config, (table,))
        wait_for(lambda: database.find_job(job.id).step >= step)
        os.kill(process(job.id), signal.SIGKILL)
        wait_for(lambda: not folders.is_alive(job.id))
        assert database.find_job(job.id).state == State.INTERRUPTED
        assert "resume it" in one_line(database.find_job(job.id).message)
        assert registry.list_models().broken == {}
        fake(0)
        jobs.resume(job.id)
        job = ended(job.id)
        assert (job.state, job.published) == (State.DONE, "mine"), folders.log(job.id)
        assert curve(job.id) == curve(whole.id)
        assert registry.find_model("mine").card.sha256 == registry.find_model("whole").card.sha256
        assert folders.log(job.id).count("process") == 2

    def test_no_process_is_left_behind(self, table, fake):
        fake(0)
        job = jobs.submit("mine", CONFIG, (table,))
        number = process(job.id)
        wait_for(lambda: not is_there(number))
        assert database.find_job(job.id).state == State.DONE

    def test_it_outlives_who_started_it(self, table, fake):
        """As a server that is restarted, or Ctrl-C in its terminal."""
        fake(0.05)
        code = (
            "import sys; sys.path[:0] = ['.', 'tests']; from helpers import fake_worker; "
            "from recognizer import jobs, records; from recognizer.jobs import control; "
            "control.COMMAND = fake_worker.COMMAND; "
            "config = records.TrainingConfig('softmax', epochs=4, batch_size=64); "
            "print(jobs.submit('mine', config, sys.argv[1:]).id)"
        )
        shown = subprocess.run(
            [sys.executable, "-c", code, table],
            cwd=system_home.PROJECT,
            capture_output=True,
            text=True,
            check=True,
        )
        job_id = shown.stdout.strip()
        assert database.find_job(job_id).is_under_way
        assert os.getsid(process(job_id)) == process(job_id), "its own session"
        assert ended(job_id).published == "mine"


def is_there(number: int) -> bool:
    try:
        os.kill(number, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.mark.keras
def test_after_kill_9_keras_goes_on_with_the_same_losses():
    """Dropout, augmentation, the schedule, the order of the rows and Adam all come back."""
    table = library.add(digits(600), "train.csv").id
    config = TrainingConfig("single-conv", epochs=3, batch_size=25, validation=0.1)
    whole = jobs.submit("whole", config, (table,))
    job = jobs.submit("mine", config, (table,))
    wait_for(lambda: database.find_job(job.id).epoch >= 2, 300)
    os.kill(process(job.id), signal.SIGKILL)
    wait_for(lambda: not folders.is_alive(job.id))
    before = jobs.progress(job.id)
    assert database.find_job(job.id).state == State.INTERRUPTED
    assert before[-1].epoch in (2, 3)
    jobs.resume(job.id)
    wait_for(lambda: not database.find_job(job.id).is_under_way, 300)
    assert database.find_job(job.id).published == "mine", folders.log(job.id)
    assert "goes on after epoch" in folders.log(job.id)
    first, second = (
        {(row.kind, row.step): row.loss for row in jobs.progress(one)} for one in (whole.id, job.id)
    )
    assert first.keys() == second.keys()
    assert [first[key] for key in first] == pytest.approx([second[key] for key in first], abs=1e-4)
