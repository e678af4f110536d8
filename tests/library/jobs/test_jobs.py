"""Trainings in the queue: followed, stopped, resumed; deleted; bad input refused."""

import itertools
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing, suppress
from dataclasses import replace
from threading import Timer

import numpy as np
import pytest
from helpers import fake_worker as fake_work
from helpers.crash import Interruption
from helpers.factories import digits, model, one_line
from helpers.fake_trainer import FakeTrainer, Network, Run
from helpers.trainings import (
    CONFIG,
    SAMPLE,
    STEPS,
    ended,
    keep_table,
    resumed,
    trained,
    wait_for,
    worker_lock,
)

from recognizer import jobs
from recognizer.architectures import network_input
from recognizer.datasets import library
from recognizer.errors import DataError, ModelError, RecognizerError, SettingError, StorageError
from recognizer.jobs import State, control, folders, progress_log, queue, worker
from recognizer.jobs import database as job_database
from recognizer.models import registry
from recognizer.records import Digits, EpochLog
from recognizer.system import home as system_home
from recognizer.system import locks
from recognizer.training import checkpoints
from recognizer.training.events import BatchLog, Trained, ValidationLog


@pytest.fixture
def table() -> str:
    return keep_table()


@pytest.fixture
def fake(monkeypatch) -> Callable[[float], None]:
    """Trainings are processes that train without Keras; the call sets the seconds a batch takes."""
    monkeypatch.setattr(control, "COMMAND", fake_work.COMMAND)
    return lambda pause: monkeypatch.setenv("FAKE_PAUSE", str(pause))


class TestOne:
    def test_it_ends_with_a_published_model_whose_card_says_how(self, table, home):
        job = trained(table)
        assert (job.state, job.published, job.step, job.epoch) == (State.DONE, "mine", STEPS, 3)
        assert one_line(job.message).startswith("1.0000 of 20 held-out rows read right")
        card = registry.find_model("mine").card
        assert card.config == CONFIG
        assert (card.data.name, card.data.sha256, card.data.licence) == ("train.csv", table, "CC0")
        assert (card.data.rows, card.data.trained_rows, card.n) == (200, 160, 20)
        assert [log.epoch for log in card.history] == [1, 2, 3]
        assert (card.parameters, card.hardware, card.versions) == (490, "none", {"fake": "1"})
        assert np.array_equal(card.confusion, 2 * np.eye(10)), "two of each are held out, all right"
        assert sorted(path.name for path in (home / "models").iterdir()) == ["mine"]

    def test_its_progress_are_points_in_order(self, table):
        job = trained(table)
        rows = jobs.progress(job.id)
        assert [row.seq for row in rows] == sorted(row.seq for row in rows)
        steps = {kind: [row.step for row in rows if row.kind == kind] for kind in KINDS}
        assert steps["batch"] == list(range(1, STEPS + 1))
        assert steps["epoch"] == [3, 6, 9]
        assert steps["validation"] == [1, 3, 4, 6, 7, 9]
        assert {row.batches for row in rows} == {3}
        assert [row.batch for row in rows if row.kind == "batch"] == [1, 2, 3] * 3
        assert jobs.progress(job.id, after=rows[4].seq) == rows[5:]
        assert jobs.progress(job.id, after=rows[-1].seq) == []

    def test_its_last_two_readings_are_kept_with_the_rows_read(self, table):
        job = trained(table)
        rows = jobs.validation_rows(job.id)
        last = jobs.progress(job.id)[-2]
        step, probabilities = jobs.last_reading(job.id)
        before, _ = jobs.previous_reading(job.id)
        assert (step, before) == (9, 7)
        assert probabilities.shape == (len(rows), 10) == (20, 10)
        assert (probabilities.argmax(axis=1) == rows.labels).mean() == last.accuracy
        assert last.kind == "validation"

    def test_the_rows_are_divided_by_the_seed_each_once(self, table):
        first, second = (
            jobs.validation_rows(trained(table, replace(CONFIG, seed=seed), f"m{seed}").id).images
            for seed in (1, 2)
        )
        known = {image.tobytes() for image in SAMPLE.images}
        assert {image.tobytes() for image in first} < known
        assert first.tobytes() != second.tobytes()

    def test_each_epochs_network_is_kept_and_no_checkpoint_once_it_is_published(self, table):
        job = trained(table)
        assert [epoch for epoch, _ in jobs.epochs(job.id)] == [1, 2, 3]
        assert sorted(path.name for path in folders.folder(job.id).iterdir()) == [
            *("epochs", "lock", "validation.npz")
        ]

    def test_patience_ends_it_early_and_says_so(self, table, monkeypatch):
        monkeypatch.setattr(Run, "learn", lambda *_: 0.5)  # nothing
        job = trained(table, replace(CONFIG, epochs=50, patience=2))
        assert job.state == State.DONE
        assert "no better" in one_line(job.message)
        assert len(registry.find_model("mine").card.history) == 3

    def test_extra_tables_are_trained_on_and_never_measured_on(self, table):
        extra = library.add(digits(40, seed=5), "strokes.jsonl", "CC BY 4.0", extra=True)
        job, lock = queue.enqueue("mine", CONFIG, (table, extra.id))
        worker.work(job.id, lock, FakeTrainer())
        data, n = registry.find_model("mine").card.data, registry.find_model("mine").card.n
        assert (data.rows, data.trained_rows, n) == (240, 200, 20)
        assert (data.name, data.licence) == ("train.csv + strokes.jsonl", "CC0; CC BY 4.0")
        strange = {image.tobytes() for image in library.load(extra.id).images}
        assert not strange & {image.tobytes() for image in jobs.validation_rows(job.id).images}

    def test_where_all_tables_are_extra_they_are_divided(self):
        extra = library.add(SAMPLE, "strokes.jsonl", extra=True)
        assert trained(extra.id).state == State.DONE
        assert registry.find_model("mine").card.n == 20

    def test_damaged_validation_rows_are_none(self, table):
        job = trained(table)
        (folders.folder(job.id) / "validation.npz").write_bytes(b"PK")
        assert len(jobs.validation_rows(job.id)) == 0

    @pytest.mark.parametrize("damage", ["cut", "flip", "shape"])
    def test_validation_rows_damaged_in_other_ways_are_none(self, table, damage):
        job = trained(table)
        path = folders.folder(job.id) / "validation.npz"
        content = path.read_bytes()
        if damage == "shape":
            np.savez(path, images=np.zeros((3, 28, 29), np.uint8), labels=np.zeros(2, np.uint8))
        else:  # nothing, or a bit of what is packed
            flipped = content[:80] + bytes([content[80] ^ 255]) + content[81:]
            path.write_bytes(b"" if damage == "cut" else flipped)
        assert len(jobs.validation_rows(job.id)) == 0

    @pytest.mark.parametrize("config", ["", "[", "[]", "{}", '{"architecture": 1}', "[" * 9_000])
    def test_a_damaged_row_is_told_in_one_sentence(self, table, config):
        job = trained(table)
        with job_database.opened(writing=True) as database:
            database.execute("UPDATE jobs SET config = ?", (config,))
        with pytest.raises(StorageError) as caught:
            job_database.find_job(job.id)
        one_line(str(caught.value).replace(str(job_database.path()), ""))

    def test_a_fault_of_ours_ends_in_one_sentence_and_is_raised(self, table):
        def fail(event):
            raise ZeroDivisionError("ours")

        with pytest.raises(ZeroDivisionError, match="ours"):
            trained(table, on_event=fail)
        [job] = job_database.all_jobs()
        assert job.state == State.FAILED
        assert "ZeroDivisionError" in one_line(job.message)
        assert resumed(job.id).state == State.DONE


KINDS = ("batch", "validation", "epoch")


class TestMistakes:
    """Each is told in one sentence, and nothing is queued."""

    @pytest.fixture(autouse=True)
    def _nothing_is_queued(self, home):
        yield
        assert job_database.all_jobs() == ()
        assert not [path for path in (home / "jobs").glob("*") if path.is_dir()]

    def refused(self, kind: type[RecognizerError], *arguments, **options) -> str:
        with pytest.raises(kind) as caught:
            jobs.submit(*arguments, **options)
        return one_line(caught.value)

    @pytest.mark.parametrize("name", ["", "../mine", "a/b", ".x", "A b", "x" * 65])
    def test_a_name_that_is_no_folders(self, table, name):
        assert "cannot name a model" in self.refused(SettingError, name, CONFIG, (table,))

    def test_a_name_that_is_taken(self, table, home):
        model(home / "models" / "mine")
        assert "there already" in self.refused(SettingError, "mine", CONFIG, (table,))

    def test_a_name_that_a_broken_model_has(self, table, home):
        (model(home / "models" / "mine") / "card.json").unlink()
        assert "there already" in self.refused(SettingError, "mine", CONFIG, (table,))

    def test_a_name_that_is_a_shipped_models(self, table, two_block):
        assert "there already" in self.refused(SettingError, two_block.name, CONFIG, (table,))

    @pytest.mark.parametrize(
        ("setting", "value"),
        [
            *(("epochs", value) for value in (0, -1, 10_001, 1.5, "3", None, True)),
            *(("batch_size", value) for value in (0, 10_001)),
            *(("learning_rate", value) for value in (0, -1, 1.5, float("nan"), float("inf"))),
            *(("seed", value) for value in (-1, 2**32)),
            *(("held_out", value) for value in (0, 1, -0.1, float("nan"))),
            *(("validation", value) for value in (0, 1)),
            *(("patience", value) for value in (-1, 0.5)),
            ("schedule", "none"),
            ("architecture", "three-block"),
        ],
    )
    def test_a_setting_out_of_range_is_named(self, table, setting, value):
        told = self.refused(SettingError, "mine", replace(CONFIG, **{setting: value}), (table,))
        assert setting.replace("_", " ") in told
        assert str(value) in told

    def test_no_table_or_the_same_one_twice(self, table):
        assert "No table" in self.refused(SettingError, "mine", CONFIG, ())
        assert "twice" in self.refused(SettingError, "mine", CONFIG, (table, table))

    def test_a_table_without_labels(self):
        table = library.add(Digits(SAMPLE.images, None), "test.csv")
        assert "test.csv" in self.refused(DataError, "mine", CONFIG, (table.id,))

    @pytest.mark.parametrize("rows", [1, 10])
    def test_too_few_rows_to_divide(self, rows):
        table = library.add(digits(rows), "few.csv")
        assert f"{rows} rows" in self.refused(DataError, "mine", CONFIG, (table.id,))

    def test_a_table_that_is_not_there(self, table):
        library.remove(table)
        assert "not kept here" in self.refused(DataError, "mine", CONFIG, (table,))

    def test_a_system_without_such_locks(self, table, monkeypatch):
        monkeypatch.setitem(sys.modules, "fcntl", None)
        assert "Linux, macOS or WSL" in self.refused(SettingError, "mine", CONFIG, (table,))

    def test_a_full_disk(self, table, monkeypatch):
        told = []
        for at in itertools.count():
            with monkeypatch.context() as patched:
                full = Interruption(patched, at, full=True)
                try:
                    job, lock = queue.enqueue("mine", CONFIG, (table,))
                except StorageError as error:
                    told.append(one_line(error))
                    job = None
            if job is not None:
                lock.release()
                jobs.delete(job.id)
            if not full.happened:
                break
            assert job_database.all_jobs() == ()
            assert not [path for path in folders.root().glob("*") if path.is_dir()]
        assert len(told) >= 4
        assert all("No space left" in one or "full" in one for one in told)

    @pytest.mark.parametrize("job_id", ["", "../..", "0" * 8, "x\0y"])
    def test_an_id_of_no_training(self, job_id):
        for action in (job_database.find_job, jobs.stop, jobs.resume, jobs.delete):
            with pytest.raises(SettingError) as caught:
                action(job_id)
            one_line(caught.value)
        assert jobs.progress(job_id) == []
        assert jobs.last_reading(job_id) is None


class TestStop:
    def test_before_its_first_reading_nothing_is_published_and_it_can_begin_again(self, table):
        trainer = FakeTrainer()
        trainer.train = lambda *_, stopped, **__: iter([Trained(None, (), 0)] * stopped())
        job, lock = queue.enqueue("mine", CONFIG, (table,))
        job_id = job.id
        job = worker.work(
            job_id,
            lock,
            trainer,
            stopped=lambda: job_database.find_job(job_id).state == State.RUNNING,
        )
        assert (job.state, job.published) == (State.STOPPED, None)
        assert "nothing is published" in one_line(job.message)
        assert not (system_home.folder() / "models").exists()
        assert resumed(job.id).state == State.DONE

    @pytest.mark.parametrize("batch", [1, 2, 4, 7])
    def test_after_it_the_best_so_far_is_published(self, table, batch):
        seen = []
        job = trained(
            table,
            on_event=lambda event: seen.append(event) if isinstance(event, BatchLog) else None,
            stopped=lambda: len(seen) >= batch,
        )
        assert (job.state, job.published, job.step) == (State.STOPPED, "mine", batch)
        one_line(job.message)
        assert len(registry.find_model("mine").card.history) == (batch - 1) // 3
        with pytest.raises(SettingError, match="start a new one"):
            jobs.resume(job.id)

    def test_the_best_is_kept_where_the_last_is_worse(self, table):
        """Best weights are those of a reading, not of the last batch."""
        seen = []
        job = trained(
            table,
            replace(CONFIG, learning_rate=1.0),
            on_event=seen.append,
            stopped=lambda: len(seen) > 12,
        )
        best = [event for event in seen if isinstance(event, ValidationLog) and event.best][-1]
        network = Network(np.load(registry.find_model(job.published).tflite))
        images = network_input(jobs.validation_rows(job.id).images)
        assert np.allclose(network.predict(images), best.probabilities, atol=1e-6)

    def test_a_running_process_is_stopped_from_another(self, table, fake):
        fake(0.02)
        job = jobs.submit("mine", replace(CONFIG, epochs=1_000), (table,))
        wait_for(lambda: jobs.last_reading(job.id))
        jobs.stop(job.id)
        job = ended(job.id)
        assert (job.state, job.published) == (State.STOPPED, "mine")
        jobs.stop(job.id)  # a second tab is late
        assert job_database.find_job(job.id).state == State.STOPPED


class TestQueue:
    def test_one_trains_the_next_waits_and_each_has_its_turn_in_order(self, table, fake):
        fake(0.02)
        first, second, third = (
            jobs.submit(name, CONFIG, (table,)).id for name in ("first", "second", "third")
        )
        wait_for(lambda: job_database.find_job(first).state == State.RUNNING)
        seen = set()
        while job_database.find_job(third).is_under_way:
            seen.add(tuple(job_database.find_job(one).state for one in (first, second, third)))
            time.sleep(0.005)
        assert not [states for states in seen if states.count(State.RUNNING) > 1]
        assert (State.RUNNING, State.QUEUED, State.QUEUED) in seen
        assert [job.name for job in job_database.all_jobs()] == ["third", "second", "first"]
        assert {job.state for job in job_database.all_jobs()} == {State.DONE}
        starts = [jobs.progress(one)[0].seq for one in (first, second, third)]
        ends = [jobs.progress(one)[-1].seq for one in (first, second, third)]
        assert sorted(starts + ends) == [
            starts[0], ends[0], starts[1], ends[1], starts[2], ends[2]
        ]  # fmt: skip

    def test_one_that_waits_is_stopped_at_once_and_can_be_resumed(self, table, fake):
        fake(0)
        with locks.acquire(worker_lock()):
            job = jobs.submit("mine", CONFIG, (table,))
            assert job_database.find_job(job.id).state == State.QUEUED
            jobs.stop(job.id)
            job = job_database.find_job(job.id)
            assert (job.state, job.message) == (State.STOPPED, "Stopped before it began.")
            wait_for(lambda: not folders.is_alive(job.id))
        jobs.resume(job.id)
        assert ended(job.id).state == State.DONE

    def test_a_queued_one_whose_process_is_gone_is_passed_over_and_can_resume(self, table):
        gone, lock = queue.enqueue("gone", CONFIG, (table,))
        lock.release()
        assert job_database.find_job(gone.id).state == State.INTERRUPTED
        assert trained(table).state == State.DONE
        assert resumed(gone.id).state == State.DONE

    def test_the_clock_decides_nothing(self, table, monkeypatch):
        years = iter(range(2030, 2000, -1))
        monkeypatch.setattr(system_home, "now", lambda: f"{next(years)}-01-01T00:00:00+00:00")
        for name in ("first", "second"):
            assert trained(table, CONFIG, name).state == State.DONE
        assert [job.name for job in job_database.all_jobs()] == ["second", "first"]
        assert (
            job_database.find_job(job_database.all_jobs()[0].id).started
            < job_database.all_jobs()[0].created
        )

    def test_a_name_waits_for_one_training_only(self, table):
        job, lock = queue.enqueue("mine", CONFIG, (table,))
        with lock, pytest.raises(SettingError, match="has not ended") as caught:
            queue.enqueue("mine", CONFIG, (table,))
        one_line(caught.value)
        assert [one.id for one in job_database.all_jobs()] == [job.id]

    def test_only_one_of_two_who_resume_does(self, table):
        job, lock = queue.enqueue("mine", CONFIG, (table,))
        lock.release()
        _, lock = queue.requeue(job.id)
        with lock, pytest.raises(SettingError):
            queue.requeue(job.id)

    def test_waiting_needs_no_keras(self):
        code = "import sys, recognizer.jobs.worker; print(*sys.modules)"
        shown = subprocess.run(
            [sys.executable, "-c", code],
            cwd=system_home.PROJECT,
            capture_output=True,
            text=True,
            check=True,
        )
        assert not {"keras", "tensorflow", "cv2"} & set(shown.stdout.split())


class TestDelete:
    def test_all_it_kept_goes_and_its_model_stays(self, table):
        job = trained(table)
        jobs.delete(job.id)
        assert job_database.all_jobs() == ()
        assert jobs.progress(job.id) == []
        assert jobs.last_reading(job.id) is None
        assert len(jobs.validation_rows(job.id)) == 0
        assert (jobs.epochs(job.id), folders.log(job.id)) == ([], "")
        assert [path.name for path in folders.root().iterdir()] == ["worker.lock"]
        assert registry.find_model("mine").name == "mine"

    def test_it_waits_until_the_process_has_tidied_up(self, table):
        job = trained(table)
        lock = locks.acquire(folders.lock(job.id))
        tidied = Timer(0.3, lock.release)
        tidied.start()
        jobs.delete(job.id)
        assert tidied.finished.is_set()
        assert not folders.folder(job.id).exists()

    def test_but_not_for_long(self, table, monkeypatch):
        monkeypatch.setattr(folders, "LOCK_TIMEOUT", 0.1)
        job = trained(table)
        with locks.acquire(folders.lock(job.id)), pytest.raises(SettingError) as caught:
            jobs.delete(job.id)
        one_line(caught.value)

    def test_one_under_way_is_not_deleted(self, table):
        job, lock = queue.enqueue("mine", CONFIG, (table,))
        with lock, pytest.raises(SettingError, match="stop it first") as caught:
            jobs.delete(job.id)
        one_line(caught.value)
        jobs.delete(job.id)


class TestProgress:
    def test_of_a_long_training_only_so_many_rows_are_kept(self, table, monkeypatch):
        monkeypatch.setattr(progress_log, "ROWS_A_KIND", 20)
        job, lock = queue.enqueue("mine", replace(CONFIG, epochs=100), (table,))
        job = worker.work(job.id, lock, FakeTrainer())
        rows = jobs.progress(job.id)
        for kind in KINDS:
            steps = [row.step for row in rows if row.kind == kind]
            assert 18 <= len(steps) <= 22
            assert steps[-1] == job.step == 300
            assert max(np.diff(steps)) <= 18

    def test_a_network_an_epoch_is_kept_while_they_fit(self, tmp_path):
        """Parameters: of the network. Kept: after 40 epochs of 40, the 25th read best."""
        for parameters, kept in (
            (100, [*range(2, 41, 2), 25]),
            (3_274_634, [6, 12, 18, 24, 25, 30, 36, 40]),
            (42_579_946, [25, 40]),
        ):
            folder = tmp_path / str(parameters)
            history = ()
            for epoch in range(1, 41):
                read = 0.99 if epoch == 25 else 0.5 + epoch / 100
                history += (EpochLog(epoch, 1.0, 0.5, 1.0, 0.3, read),)
                checkpoints.keep(folder, history, 40, parameters, lambda: b"network")
                assert len(checkpoints.kept(folder)) * 2 * parameters <= 60e6 or len(kept) == 2
                assert len(checkpoints.kept(folder)) <= 30
            assert [epoch for epoch, _ in checkpoints.kept(folder)] == sorted(kept)

    def test_a_loss_that_is_no_number_is_none(self, table):
        job, lock = queue.enqueue("mine", CONFIG, (table,))
        lock.release()
        recorder = progress_log.Recorder(job.id, job.steps, 3, 0)
        recorder.record(BatchLog(1, 1, 1, 3, float("nan"), 0.1, 1.0))
        assert jobs.progress(job.id)[0].loss is None

    def test_a_damaged_file_is_told_in_one_sentence(self, home):
        home.mkdir()
        (home / "jobs.db").write_bytes(b"no database" * 500)
        with pytest.raises(StorageError) as caught:
            job_database.all_jobs()
        one_line(caught.value)

    def test_a_file_of_a_newer_app_is_left_alone(self, table, home):
        trained(table)
        with closing(sqlite3.connect(home / "jobs.db")) as database:
            database.execute("PRAGMA user_version = 99")
        before = (home / "jobs.db").read_bytes()
        for ask in (job_database.all_jobs, lambda: queue.enqueue("other", CONFIG, (table,))):
            with pytest.raises(StorageError, match="of version 99, written by a newer") as caught:
                ask()
            one_line(caught.value)
        assert (home / "jobs.db").read_bytes() == before


def test_the_log_shows_its_end(table):
    job = trained(table)
    folders.log_file(job.id).write_text("x" * 100_000 + "\nend ✓\n")
    assert folders.log(job.id).endswith("end ✓\n")
    assert len(folders.log(job.id)) < 70_000


def test_a_worse_model_of_the_same_name_fails_and_says_so(table, tmp_path):
    model(tmp_path / "models" / "mine", accuracy=1.0)
    job, lock = queue.enqueue("mine", CONFIG, (table,), models_dir=tmp_path / "models")
    job = worker.work(job.id, lock, FakeTrainer())
    assert job.state == State.FAILED
    assert "kept the old one" in one_line(job.message)
    with suppress(ModelError):
        assert registry.find_model("mine", tmp_path / "models").card.accuracy == 1.0
