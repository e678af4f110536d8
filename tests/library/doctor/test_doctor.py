"""The doctor: it finds what was broken here by hand, says how to mend it, and changes nothing."""

import hashlib
import json
import re
import resource
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from helpers.crash import Interruption, Killed
from helpers.factories import model
from helpers.trainings import CONFIG, keep_table

from recognizer.__main__ import main
from recognizer.classroom import Classroom
from recognizer.classroom.records import today
from recognizer.datasets.corrections import Correction, Corrections
from recognizer.doctor import examine, installation, models, settings, storage
from recognizer.doctor.report import Finding, Level
from recognizer.jobs import database as job_database
from recognizer.jobs import folders, queue
from recognizer.jobs.records import Job, State
from recognizer.models import card as model_card
from recognizer.models import publishing, registry
from recognizer.system import home as system_home

Run = Callable[..., dict]


@pytest.fixture
def examined(capfd) -> Run:
    """Examine as the command does; give what it prints, having checked its form and status."""

    def run(*options: str) -> dict:
        capfd.readouterr()
        status = main(["doctor", "--json", *(options or ("--quick",))])
        out, err = capfd.readouterr()
        assert err == ""
        return checked(json.loads(out), status)

    return run


def checked(report: dict, status: int) -> dict:
    levels = [one["level"] for one in report["findings"]]
    assert report["faults"] == levels.count("fault")
    assert report["warnings"] == levels.count("warning")
    assert status == (1 if report["faults"] else 0)
    for one in report["findings"]:
        assert re.fullmatch(r"[^\n]{5,600}", one["message"])
        assert not one["message"].endswith(".")
        assert bool(one["fix"]) == (one["level"] != "ok"), one
    return report


def told(report: dict, subject: str, level: str | None = None) -> list[str]:
    """What was told of a subject, at a level or at any but ok."""
    return [
        one["message"]
        for one in report["findings"]
        if one["subject"] == subject
        and (one["level"] == level if level else one["level"] != Level.OK)
    ]


def only(check: Callable, *arguments: object, **options: object) -> Finding:
    """The one finding of a check."""
    (finding,) = check(*arguments, **options)
    return finding


def everything_in(folder: Path) -> dict[str, tuple]:
    """Names, content and times of all that is in a folder, itself included."""
    return {
        str(path): (
            path.stat().st_mtime_ns,
            hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else None,
        )
        for path in [folder, *folder.rglob("*")]
    }


def interrupted_job() -> Job:
    """A training whose process was killed in its turn."""
    job, lock = queue.enqueue("mine", CONFIG, (keep_table(),))
    job_database.update(job.id, state=State.RUNNING)
    lock.release()
    return job


def keep_correction() -> Path:
    image = np.full((28, 28), 7, np.uint8)
    corrections = Corrections()
    for number in range(20):
        corrections.keep(Correction(f"id-{number}", "2026-01-02", 7, 1, 0.5, "x", [], image))
    return corrections.path


def copy_of_shipped(home: Path, name: str = "mine") -> Path:
    return Path(shutil.copytree(registry.SHIPPED / "softmax", home / "models" / name))


class TestAWholeInstallation:
    @pytest.mark.usefixtures("two_block")
    def test_has_no_fault(self, examined, home):
        home.mkdir()
        report = examined()
        assert report["faults"] == 0, report
        subjects = [one["subject"] for one in report["findings"]]
        order = ["installation", "settings", "disk", "databases", "models"]
        assert list(dict.fromkeys(subjects)) == order

    def test_is_told_in_lines_for_people(self, capfd):
        assert main(["doctor", "--quick"]) == 0
        lines = capfd.readouterr().out.splitlines()
        assert "Models" in lines
        assert any(re.fullmatch(r"  ok       two-block is whole and reads .*\.", s) for s in lines)
        assert lines[-1].startswith("Faults: 0. Warnings: ")


def test_nothing_is_changed_whatever_is_broken(examined, home):
    interrupted_job()
    keep_correction()
    (home / "models" / "junk").mkdir(parents=True)
    (home / "models" / ".publish-x").mkdir()
    (home / "default").write_text("gone\n")
    before = everything_in(home)
    report = examined()
    assert everything_in(home) == before
    assert report["faults"] == 1  # junk
    assert len(told(report, "models")) == 2
    assert len(told(report, "disk", "warning")) >= 1
    assert len(told(report, "databases", "warning")) == 1


def test_no_home_is_made(examined, home):
    examined()
    assert not home.exists()


def test_a_check_that_breaks_off_is_told_and_the_others_go_on(examined, monkeypatch):
    def broken() -> None:
        raise ZeroDivisionError("by hand")

    monkeypatch.setattr(settings, "server", broken)
    report = examined()
    (fault,) = told(report, "settings", "fault")
    assert "ZeroDivisionError" in fault
    assert told(report, "models", "ok")


class TestInstallation:
    def test_a_python_that_is_too_old_or_too_new(self, monkeypatch):
        for version in ((3, 10, 9), (3, 14, 0)):
            monkeypatch.setattr(sys, "version_info", version)
            assert only(installation.python).level == Level.FAULT

    def test_the_pythons_are_those_that_setup_takes(self):
        (low, high) = installation.PYTHONS
        script = (system_home.PROJECT / "tools" / "setup.sh").read_text()
        assert f"needs Python {low[0]}.{low[1]} to {high[0]}.{high[1]}" in script

    def test_another_version_than_the_pinned_one_is_named(self, tmp_path):
        (tmp_path / "requirements.txt").write_text("# why\nnumpy==9.9.9\n")
        (tmp_path / "requirements.lock").write_text(
            "numpy==9.9.9 \\\n    --hash=sha256:00\n"
            f"pytest=={pytest.__version__} \\\n    --hash=sha256:00\n"
        )
        finding = only(installation.packages, tmp_path)
        assert finding.level == Level.WARNING
        assert f"numpy is {np.__version__}, pinned is 9.9.9" in finding.message
        assert "pytest" not in finding.message

    def test_a_missing_package_is_a_fault_unless_only_another_system_needs_it(self, tmp_path):
        (tmp_path / "requirements.txt").write_text("no-such-one==1.0\n")
        (tmp_path / "requirements.lock").write_text(
            "nor-this==1.0 \\\n    --hash=sha256:00\n"
            "no-such-one==1.0 \\\n    --hash=sha256:00\n"
            "only-elsewhere==2.0 ; sys_platform == 'win32' \\\n    --hash=sha256:00\n"
        )
        finding = only(installation.packages, tmp_path)
        assert finding.level == Level.FAULT
        assert finding.message.endswith("no-such-one, nor-this")  # what we ask for goes first

    def test_no_lock_file(self, tmp_path):
        assert only(installation.packages, tmp_path).level == Level.FAULT

    def test_a_litert_that_does_not_load(self, monkeypatch):
        monkeypatch.setitem(sys.modules, "ai_edge_litert.interpreter", None)
        assert only(installation.litert).level == Level.FAULT

    def test_an_opencv_that_draws_something_else(self, monkeypatch):
        import cv2

        blank = cv2.imencode(".png", np.zeros((40, 40), np.uint8))
        monkeypatch.setattr(cv2, "imencode", lambda *_: blank)
        assert "changed" in only(installation.pictures).message

    def test_without_tensorflow_only_training_is_lost(self, monkeypatch):
        monkeypatch.setitem(sys.modules, "tensorflow", None)
        monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
        assert only(installation.training).level == Level.WARNING

    @pytest.mark.parametrize("command", [["doctor"], ["doctor", "--json"], ["models"]])
    def test_without_any_package_the_command_still_says_what_is_missing(self, command):
        bare = [sys.executable, "-S", "-m", "recognizer", *command]  # -S: no site-packages
        done = subprocess.run(
            bare, cwd=system_home.PROJECT, capture_output=True, text=True, check=False
        )
        assert done.returncode == 1
        assert "Traceback" not in done.stderr
        if "--json" in command:
            report = checked(json.loads(done.stdout), 1)
            assert "numpy" in "".join(told(report, "installation", "fault"))
        else:
            assert "numpy" in done.stdout + done.stderr
            assert "make setup" in done.stdout + done.stderr


class TestSettings:
    def test_every_variable_that_the_code_reads_is_known(self):
        read = set()
        for folder in system_home.PROJECT.iterdir():
            if folder.is_dir() and not folder.name.startswith(".") and folder.name != "tests":
                for path in folder.rglob("*.py"):
                    read |= set(re.findall(r'"(RECOGNIZER_[A-Z_]+)"', path.read_text("utf-8")))
        assert {"RECOGNIZER_HOME", "RECOGNIZER_DATA"} <= read
        assert all(map(settings.is_known, read)), "add it to check_settings.VARIABLES"

    def test_a_misspelt_variable_is_named(self, monkeypatch):
        monkeypatch.setenv("RECOGNIZER_HOEM", "/tmp")
        assert "RECOGNIZER_HOEM" in only(settings.misspelt).message

    def test_a_relative_home_is_told(self, monkeypatch):
        monkeypatch.setenv("RECOGNIZER_HOME", "here")
        assert only(settings.home).level == Level.WARNING

    def test_a_home_of_nobody_is_told_and_breaks_nothing(self, monkeypatch, examined):
        monkeypatch.setenv("RECOGNIZER_HOME", "~no-such-person-here/x")
        assert "no such person" in told(examined(), "settings", "fault")[0]

    def test_data_that_is_not_there(self, monkeypatch, tmp_path):
        (tmp_path / "digit-recognizer.zip").touch()
        monkeypatch.setenv("RECOGNIZER_DATA", str(tmp_path))
        finding = only(settings.data)
        assert finding.level == Level.WARNING
        assert "strokes-train.jsonl.gz" in finding.message
        assert "digit-recognizer" not in finding.message

    @pytest.mark.parametrize("address", ["0.0.0.0", "::", "", "10.0.0.1", "example.org"])
    def test_a_server_that_others_can_reach(self, monkeypatch, address):
        monkeypatch.setenv("STREAMLIT_SERVER_ADDRESS", address)
        finding = only(settings.server)
        assert finding.level == Level.WARNING
        assert "STREAMLIT_SERVER_ADDRESS" in finding.message
        monkeypatch.setenv("RECOGNIZER_OPERATOR_TOKEN_FILE", "/run/secrets/operator-token")
        assert only(settings.server).level == Level.OK

    @pytest.mark.parametrize("address", ["localhost", "127.0.0.1", "127.1.2.3", "::1"])
    def test_a_server_for_this_machine(self, monkeypatch, address):
        monkeypatch.setenv("STREAMLIT_SERVER_ADDRESS", address)
        assert only(settings.server).level == Level.OK

    def test_a_protection_that_was_switched_off(self, monkeypatch):
        monkeypatch.setenv("STREAMLIT_SERVER_ENABLE_XSRF_PROTECTION", "false")
        _, finding = settings.server()
        assert finding.level == Level.WARNING
        assert "server.enableXsrfProtection is false" in finding.message

    def test_the_variables_are_streamlits(self):
        from streamlit.config import get_config_options

        options = get_config_options()
        for section, key in [*settings.SAFE, ("server", "address")]:
            assert options[f"{section}.{key}"].env_var == settings.variable(section, key)

    @pytest.mark.parametrize("content", [None, b"[server", b"\xff\xfe", b"server = 1\n"])
    def test_a_broken_configuration(self, monkeypatch, tmp_path, content):
        monkeypatch.setattr(system_home, "PROJECT", tmp_path)
        (tmp_path / ".streamlit").mkdir()
        if content is not None:
            (tmp_path / settings.CONFIG).write_bytes(content)
        levels = [finding.level for finding in settings.server()]
        assert Level.OK not in levels


class TestDisk:
    def test_a_home_that_is_a_file(self, examined, home):
        home.write_text("not a folder")
        report = examined()
        assert "is no folder" in told(report, "disk", "fault")[0]
        assert home.read_text() == "not a folder"

    def test_a_home_that_leads_nowhere(self, examined, home):
        home.symlink_to(home)
        report = examined()
        assert told(report, "disk", "fault")
        assert len(told(report, "databases", "fault")) == 3
        assert "broke off" not in str(report)

    def test_a_home_inside_a_file(self, home, monkeypatch):
        home.write_text("not a folder")
        monkeypatch.setenv("RECOGNIZER_HOME", str(home / "deeper" / "still"))
        assert only(storage.writable).level == Level.FAULT

    @pytest.mark.skipif(not hasattr(resource, "RLIMIT_FSIZE"), reason="no such limit here")
    def test_a_disk_that_takes_no_byte(self, home):
        home.mkdir()

        def take_no_byte() -> None:
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))

        done = subprocess.run(
            [sys.executable, "-m", "recognizer", "doctor", "--quick", "--json"],
            cwd=system_home.PROJECT,
            capture_output=True,
            preexec_fn=take_no_byte,
            check=False,
        )
        report = checked(json.loads(done.stdout), done.returncode)
        assert "cannot be written (File too large)" in told(report, "disk", "fault")[0]

    @pytest.mark.parametrize(
        ("free", "level"), [(99_000_000, "fault"), (2e9, "warning"), (5e9, "ok")]
    )
    def test_the_room_that_is_left(self, monkeypatch, free, level):
        usage = shutil.disk_usage("/")._replace(free=int(free))
        monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)
        assert only(storage.room).level == level

    def test_what_kills_leave_is_found(self, home, monkeypatch):
        """Each kind is left by a real write that is killed at each call in turn."""
        files = model(home / "files")
        card = model_card.ModelCard.from_json((files / "card.json").read_text())
        card = registry.replace(card, name="new")
        left = set()
        for at in range(40):
            with monkeypatch.context() as context:
                stop = Interruption(context, at)
                with suppress(Killed):
                    publishing.publish(files, card, home / "models")
                    registry.choose_default("new")
            if not stop.happened:
                break
            rest = {path.name for path in home.rglob(".*") if path.name != ".lock"}
            findings = [one.message for one in storage.leftovers() if one.level != Level.OK]
            assert bool(findings) == bool(rest), rest
            left |= {name[:6] for name in rest}
            shutil.rmtree(home / "models", ignore_errors=True)
            for path in home.glob(".*"):
                path.unlink()
        assert left == {".publi", ".defau"}


class TestDatabases:
    def test_whole_ones_are_counted(self, examined):
        interrupted_job()
        keep_correction()
        lines = told(examined(), "databases", "ok")
        assert "jobs.db is whole: trainings 1" in lines
        assert "corrections.db is whole: corrections 20" in lines
        Classroom().open("class 5b", 1, today())
        assert "classes.db is whole: drawings 0" in told(examined(), "databases", "ok")

    def test_an_interrupted_training_and_how_to_resume_it(self, examined):
        job = interrupted_job()
        (finding,) = (
            one
            for one in examined()["findings"]
            if one["subject"] == "databases" and one["level"] == "warning"
        )
        assert "training of mine was interrupted" in finding["message"]
        assert f"train --resume {job.id}" in finding["fix"]

    def test_a_training_under_way_is_no_finding(self, examined):
        job, lock = queue.enqueue("mine", CONFIG, (keep_table(),))
        with lock:
            assert folders.is_alive(job.id)
            assert told(examined(), "databases") == []

    def test_rows_that_are_only_in_the_log_are_seen(self, examined, home, tmp_path, monkeypatch):
        """A process that was killed leaves jobs.db-wal; to read it must not take it away."""
        job, lock = queue.enqueue("mine", CONFIG, (keep_table(),))
        lock.release()
        with job_database.kept_open():
            job_database.update(job.id, name="renamed")
            killed = tmp_path / "killed"
            shutil.copytree(home, killed)
        monkeypatch.setenv("RECOGNIZER_HOME", str(killed))
        before = everything_in(killed)
        assert "training of renamed was interrupted" in told(examined(), "databases")[0]
        assert everything_in(killed).keys() == before.keys()
        assert everything_in(killed)[str(killed / "jobs.db")] == before[str(killed / "jobs.db")]

    @pytest.mark.parametrize("file", ["jobs.db", "corrections.db"])
    @pytest.mark.parametrize(
        "damage",
        [
            lambda content: content[: len(content) // 2],
            lambda content: content[:100],
            lambda content: content[:4096] + bytes(4096) + content[8192:],
            lambda content: b"This is a text and no database. " * 200,
        ],
        ids=["half", "header", "page", "text"],
    )
    def test_a_damaged_file_is_a_fault(self, examined, home, file, damage):
        interrupted_job()
        keep_correction()
        (home / file).write_bytes(damage((home / file).read_bytes()))
        (fault,) = told(examined(), "databases", "fault")
        assert fault.startswith(f"{file}, of ")

    @pytest.mark.parametrize("file", ["jobs.db", "corrections.db", "classes.db"])
    def test_an_empty_file_is_told(self, examined, home, file):
        home.mkdir()
        (home / file).touch()
        assert "is empty" in told(examined(), "databases", "warning")[0]

    @pytest.mark.parametrize("file", ["jobs.db", "corrections.db", "classes.db"])
    def test_a_folder_in_its_place(self, examined, home, file):
        (home / file).mkdir(parents=True)
        assert len(told(examined(), "databases", "fault")) == 1

    def test_one_of_a_newer_app(self, examined):
        interrupted_job()
        change(job_database.path(), "PRAGMA user_version = 99")
        assert "version 99" in told(examined(), "databases", "fault")[0]

    def test_classes_of_a_newer_app(self, examined):
        classroom = Classroom()
        classroom.open("class 5b", 1, today())
        change(classroom.path, "PRAGMA user_version = 99")
        assert "classes.db is of version 99" in told(examined(), "databases", "fault")[0]

    def test_one_without_its_log(self, examined):
        interrupted_job()
        change(job_database.path(), "PRAGMA journal_mode = DELETE")
        assert "no write-ahead log" in told(examined(), "databases", "warning")[0]

    def test_corrections_of_another_form(self, examined):
        change(keep_correction(), "ALTER TABLE corrections DROP COLUMN strokes")
        assert "strokes" in told(examined(), "databases", "fault")[0]

    def test_one_that_another_process_holds(self, examined, monkeypatch):
        monkeypatch.setattr("recognizer.doctor.storage.TIMEOUT", 0.1)
        path = keep_correction()
        with sqlite3.connect(path) as holder:
            holder.execute("BEGIN IMMEDIATE")
            holder.execute("UPDATE corrections SET label = 3")
            assert told(examined(), "databases") == []  # a reader is not kept out by it
            holder.execute("ROLLBACK")
        holder.close()


def change(path: Path, statement: str) -> None:
    database = sqlite3.connect(path, isolation_level=None)
    database.execute(statement).fetchall()
    database.close()


@pytest.mark.usefixtures("two_block")
class TestModels:
    def test_a_folder_of_garbage(self, examined, home):
        folder = home / "models" / "junk"
        folder.mkdir(parents=True)
        for name in ("model.keras", "model.tflite", "card.json"):
            (folder / name).write_bytes(b"\x00garbage\xff" * 50)
        (fault,) = told(examined(), "models", "fault")
        assert fault.startswith("Left out junk")

    def test_a_file_that_is_not_its_cards(self, examined, home):
        folder = copy_of_shipped(home)
        content = bytearray((folder / "model.tflite").read_bytes())
        content[len(content) // 2] ^= 1
        (folder / "model.tflite").write_bytes(content)
        assert "model.tflite is not the file" in told(examined(), "models", "fault")[0]

    def test_files_that_are_no_networks(self, examined, home):
        model(home / "models" / "mine")
        assert "mine cannot read" in told(examined(), "models", "fault")[0]

    def test_no_shipped_models(self, examined, only_users_models):
        assert "No model is there" in told(examined(), "models", "fault")[0]

    def test_a_models_folder_that_cannot_be_looked_into(self, examined, home, monkeypatch):
        (home / "models").mkdir(parents=True)
        look = Path.iterdir

        def refuse(path: Path):
            if path == home / "models":
                raise PermissionError(13, "Permission denied", str(path))
            return look(path)

        monkeypatch.setattr(Path, "iterdir", refuse)
        report = examined()
        (fault,) = told(report, "models", "fault")
        assert "Permission denied" in fault
        assert any("two-block is whole" in line for line in told(report, "models", "ok"))

    def test_a_default_that_is_gone(self, examined, home):
        home.mkdir()
        (home / "default").write_text("gone\n")
        (line,) = told(examined(), "models", "warning")
        assert "is to be gone" in line

    @pytest.mark.parametrize("content", [b"", b"\xff\x00\n\n"])
    def test_a_default_that_is_no_name(self, examined, home, content):
        home.mkdir()
        (home / "default").write_bytes(content)
        assert len(told(examined(), "models", "warning")) == 1

    def test_a_misread_digit_is_a_fault_of_a_shipped_model_only(self, examined, home, monkeypatch):
        copy_of_shipped(home, "mine")
        monkeypatch.setattr(models, "STROKE", ((500, 0), (500, 1000)))  # a 1
        report = examined()
        assert len(told(report, "models", "fault")) == len(
            registry.list_models(registry.SHIPPED).available
        )
        assert told(report, "models", "warning") == [
            "mine is whole, but reads a drawn 7 as " + str(read_by("softmax"))
        ]


def read_by(name: str) -> int:
    from recognizer.inference import Recognizer

    return int(Recognizer.load(name).predict(models.digit()[np.newaxis])[0].argmax())


class TestAgreementWithKeras:
    @pytest.fixture
    def answer(self, monkeypatch, tmp_path) -> Callable[[str], None]:
        """Put a program in the place of the child that asks Keras."""

        def put(program: str) -> None:
            path = tmp_path / "child"
            path.write_text(f"#!{sys.executable}\n{program}\n")
            path.chmod(0o755)
            monkeypatch.setattr(sys, "executable", str(path))

        return put

    def answers(self, differing: float) -> str:
        """What would be asked of Keras, from LiteRT, with one number changed."""
        from recognizer.inference import Recognizer

        document = {}
        for one in registry.list_models(registry.SHIPPED).available:
            read = Recognizer.load(one.name).predict(models.digit()[np.newaxis])[0]
            read[3] += differing if one.name == "softmax" else 0
            document[str(one.folder)] = {"probabilities": read.tolist()}
        return f"print({json.dumps(document)!r})"

    def test_a_difference_is_a_fault(self, examined, answer):
        answer(self.answers(2e-2))
        (fault,) = told(examined("--json"), "models", "fault")
        assert re.search(r"^softmax: .* differ by 2\.0e-03", fault)

    def test_rounding_is_none(self, examined, answer):
        answer(self.answers(5e-3))
        lines = told(examined("--json"), "models", "ok")
        assert any("agree in each of" in line for line in lines)

    @pytest.mark.parametrize("program", ["raise SystemExit(3)", "print('hello')", "print({})"])
    def test_a_child_that_fails_is_told(self, examined, answer, program):
        answer(program)
        (line,) = told(examined("--json"), "models")
        assert "Keras did not answer" in line

    def test_a_child_that_cannot_be_started(self, examined, monkeypatch):
        monkeypatch.setattr(sys, "executable", "/nowhere/python")
        assert "Keras did not answer" in told(examined("--json"), "models", "warning")[0]

    @pytest.mark.keras
    def test_another_network_under_the_same_card_is_found(self, examined, home):
        from recognizer.architectures import ARCHITECTURES

        swapped, damaged = copy_of_shipped(home, "swapped"), copy_of_shipped(home, "damaged")
        ARCHITECTURES["softmax"].build().save(swapped / "model.keras")
        (damaged / "model.keras").write_bytes(b"PK\x03\x04 and no more")
        for folder in (swapped, damaged):
            card = json.loads((folder / "card.json").read_text())
            content = (folder / "model.keras").read_bytes()
            card["sha256"]["model.keras"] = hashlib.sha256(content).hexdigest()
            (folder / "card.json").write_text(json.dumps(card))
        report = examined("--json")
        (fault,) = told(report, "models", "fault")
        assert fault.startswith("swapped: model.keras and model.tflite differ")
        (line,) = told(report, "models", "warning")
        assert line.startswith("damaged: its model.keras could not be compared")


def test_the_report_is_made_of_findings():
    for subject, finding in examine.examine(quick=True):
        assert subject in examine.checks()
        assert isinstance(finding, Finding)
