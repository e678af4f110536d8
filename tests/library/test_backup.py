"""A backup holds all that is kept, is made while the app writes, and comes back whole or not."""

import json
import sqlite3
import struct
import threading
import zipfile
from contextlib import closing
from pathlib import Path

import pytest
from helpers.factories import correction, digits, job, model, one_line

from recognizer import backup, jobs
from recognizer.__main__ import main
from recognizer.api import keys
from recognizer.backup import archive, writing
from recognizer.datasets import library
from recognizer.datasets.corrections import Corrections
from recognizer.errors import RecognizerError, SettingError, StorageError
from recognizer.jobs import database, folders
from recognizer.jobs.records import State
from recognizer.models import registry
from recognizer.system import locks

MARKS = (".publish-x", "before-restore-1", ".restore-1")


@pytest.fixture
def kept(home: Path) -> Path:
    """A home with something of everything."""
    model(home / "models" / "mine")
    registry.promote("mine")
    library.add(digits(20), "train.csv")
    Corrections().keep(correction(3))
    database.insert(job(state=State.DONE))
    keys.add("robot")
    training = home / "jobs" / "0123abcd"
    (training / "checkpoint").mkdir(parents=True)
    (training / "checkpoint" / "weights").write_bytes(b"half")
    (training / "log.txt").write_text("said")
    for mark in MARKS:
        (home / "models" / mark).mkdir()
        (home / "models" / mark / "left").write_text("")
    return home


def content(home: Path) -> dict[str, object]:
    """What the app finds in a home."""
    return {
        "models": [one.card for one in registry.list_models(home / "models").available],
        "default": registry.find_model().name,
        "tables": [(one.name, library.load(one.id).images.tobytes()) for one in library.tables()],
        "corrections": Corrections().digits().images.tobytes(),
        "jobs": database.everything(),
        "keys": [one.name for one in keys.all_keys()],
        "log": (home / "jobs" / "0123abcd" / "log.txt").read_text(),
    }


def refused(kind: type[RecognizerError], do, *arguments, **named) -> str:
    with pytest.raises(kind) as caught:
        do(*arguments, **named)
    return one_line(caught.value)


def test_what_was_kept_is_found_again_in_another_home(kept, tmp_path, monkeypatch, capsys):
    before = content(kept)
    assert main(["backup", str(tmp_path / "backup.zip")]) == 0
    assert (tmp_path / "backup.zip").stat().st_mode & 0o77 == 0
    assert main(["restore", "--check", str(tmp_path / "backup.zip")]) == 0
    monkeypatch.setenv("RECOGNIZER_HOME", str(tmp_path / "another"))
    assert main(["restore", str(tmp_path / "backup.zip")]) == 0
    assert content(tmp_path / "another") == before
    assert "files of" in capsys.readouterr().out
    found = {path.name for path in (tmp_path / "another").rglob("*")}
    assert not found & {*MARKS, "checkpoint", "weights", "left"}, "nothing that was under way"
    assert not [name for name in found if name.endswith(("-wal", "-shm"))]


def test_while_corrections_are_kept_it_holds_each_that_was_kept_before(kept, tmp_path, monkeypatch):
    stopped, store = threading.Event(), Corrections()

    def keep() -> None:
        for number in range(10**6):
            if stopped.is_set():
                return
            store.keep(correction(number % 4, id=f"{number:032x}"))

    writer = threading.Thread(target=keep)
    writer.start()
    try:
        for number in range(3):
            before = store.count()
            backup.write(tmp_path / "backup.zip")
            monkeypatch.setenv("RECOGNIZER_HOME", str(tmp_path / f"home-{number}"))
            backup.restore(tmp_path / "backup.zip")
            with closing(sqlite3.connect(Corrections().path)) as opened:
                assert opened.execute("PRAGMA integrity_check").fetchone() == ("ok",)
            assert Corrections().count() >= before
            monkeypatch.setenv("RECOGNIZER_HOME", str(kept))
    finally:
        stopped.set()
        writer.join()


class TestRestoring:
    @pytest.fixture
    def file(self, kept, tmp_path) -> Path:
        backup.write(tmp_path / "backup.zip")
        return tmp_path / "backup.zip"

    def test_what_is_there_stays_unless_it_is_to_be_replaced_and_then_lies_aside(self, kept, file):
        before = content(kept)
        Corrections().clear()
        assert "say --replace" in refused(SettingError, backup.restore, file)
        assert Corrections().count() == 0
        _, aside = backup.restore(file, replace=True)
        assert content(kept) == before
        assert (aside / "corrections.db").is_file()
        assert aside.parent == kept
        again = backup.write(file)
        assert not [name for name in again.files if "before-restore" in name]

    def test_a_running_training_is_not_overwritten(self, kept, file):
        database.insert(job(id="89abcdef", name="runs", state=State.RUNNING))
        folders.folder("89abcdef").mkdir()
        with locks.acquire(folders.lock("89abcdef")):
            assert "A training runs" in refused(SettingError, backup.restore, file, replace=True)
        assert jobs.State.INTERRUPTED in {one.state for one in database.all_jobs()}

    @pytest.mark.parametrize("at", [0, 1, 3, 9])
    def test_a_disk_that_refuses_on_the_way_leaves_all_as_it_was(self, kept, file, monkeypatch, at):
        before, renamed, rename = content(kept), [], Path.rename

        def refuse(self: Path, target: Path) -> Path:
            renamed.append(target)
            if len(renamed) == at + 1:
                raise OSError(28, "No space left on device")
            return rename(self, target)

        with monkeypatch.context() as patched:
            patched.setattr(Path, "rename", refuse)
            assert "No space" in refused(StorageError, backup.restore, file, replace=True)
        assert content(kept) == before
        assert not [one.name for one in kept.iterdir() if one.name.startswith((".res", "before"))]

    @pytest.mark.parametrize("share", [0.0, 0.5, 1.0])
    def test_a_damaged_one_is_told_and_nothing_is_changed(self, kept, file, share):
        before, whole = content(kept), bytearray(file.read_bytes())
        with zipfile.ZipFile(file) as archive:
            parts = [one for one in archive.infolist() if one.compress_size]
        part = parts[int(share * (len(parts) - 1))]
        name, extra = struct.unpack_from("<HH", whole, part.header_offset + 26)
        # within the content: some bytes of a zip's headers, such as times, mean nothing here
        whole[part.header_offset + 30 + name + extra + part.compress_size // 2] ^= 0xFF
        file.write_bytes(whole)
        for do in (backup.check, backup.restore):
            more = {"replace": True} if do is backup.restore else {}
            assert "not a complete backup of this app" in refused(StorageError, do, file, **more)
        assert content(kept) == before

    @pytest.mark.parametrize("packed", [zipfile.ZIP_DEFLATED, zipfile.ZIP_LZMA])
    def test_no_byte_changed_does_more_than_be_told(self, tmp_path, packed):
        inside = {"corrections.db": bytes(range(256)) + bytes(300), "jobs/a/job.json": b"{}" * 40}
        file = self.made(tmp_path, inside, packed)
        found, whole = backup.check(file), file.read_bytes()
        for at in range(len(whole)):
            damaged = bytearray(whole)
            damaged[at] ^= 0xFF
            file.write_bytes(damaged)
            try:  # some bytes of a zip mean nothing here, such as a file's time
                answer = backup.check(file)
            except StorageError as error:
                answer = str(error)
            assert answer == found or "not a complete backup of this app" in answer

    @pytest.mark.parametrize("content", [b"", b"PK", b"no zip" * 100])
    def test_what_is_no_backup_is_told(self, tmp_path, content):
        (tmp_path / "file").write_bytes(content)
        assert "not a complete backup" in refused(StorageError, backup.restore, tmp_path / "file")
        assert "not a complete backup" in refused(StorageError, backup.restore, tmp_path / "absent")

    def made(
        self, tmp_path: Path, inside: dict[str, bytes], packed: int = 0, **changed: object
    ) -> Path:
        import hashlib

        hashes = {name: hashlib.sha256(content).hexdigest() for name, content in inside.items()}
        manifest = {"format": 1, "created": "now", "files": hashes, "size": 1} | changed
        with zipfile.ZipFile(tmp_path / "made.zip", "w", packed) as made:
            for name, content in inside.items():
                made.writestr(name, content)
            made.writestr(archive.MANIFEST, json.dumps(manifest))
        return tmp_path / "made.zip"

    @pytest.mark.parametrize("name", ["../evil", "/tmp/evil", "a/../../evil", "a\\evil", "C:evil"])
    def test_no_file_of_it_comes_to_lie_elsewhere(self, home, tmp_path, name):
        file = self.made(tmp_path, {name: b"x"})
        assert "no file of ours" in refused(StorageError, backup.restore, file)
        assert not home.exists()

    def test_one_of_a_newer_format_or_with_a_newer_database_is_refused(self, home, tmp_path):
        file = self.made(tmp_path, {"a": b"x"}, format=archive.FORMAT + 1)
        assert "update the app" in refused(StorageError, backup.restore, file)
        with closing(sqlite3.connect(tmp_path / "newer.db")) as newer:
            newer.execute("PRAGMA user_version = 99")
            newer.commit()
        file = self.made(tmp_path, {"jobs.db": (tmp_path / "newer.db").read_bytes()})
        assert "update the app" in refused(StorageError, backup.restore, file)
        assert list(home.iterdir()) == []

    def test_a_file_that_it_does_not_name_or_that_it_lacks_is_told(self, tmp_path):
        for files in ({}, {"a": "0" * 64, "b": "0" * 64}):
            file = self.made(tmp_path, {"a": b"x"}, files=files)
            assert "not those that it names" in refused(StorageError, backup.restore, file)


class TestWriting:
    def test_where_nothing_was_written_there_is_nothing_to_keep(self, tmp_path):
        assert "is not there" in refused(SettingError, backup.write, tmp_path / "backup.zip")

    def test_a_file_that_is_no_backup_stays_and_one_that_is_is_replaced(self, kept, tmp_path):
        file = tmp_path / "mine.txt"
        file.write_text("mine")
        assert "is not a backup" in refused(SettingError, backup.write, file)
        assert file.read_text() == "mine"
        assert "lies in" in refused(SettingError, backup.write, kept / "backup.zip")
        assert "is no folder" in refused(SettingError, backup.write, tmp_path / "no" / "b.zip")
        for _ in range(2):
            backup.write(tmp_path / "backup.zip")

    def test_a_full_disk_leaves_the_earlier_one(self, kept, tmp_path, monkeypatch):
        backup.write(tmp_path / "backup.zip")
        before = (tmp_path / "backup.zip").read_bytes()

        def full(*_: object) -> None:
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(writing, "_pour", full)
        assert "No space" in refused(StorageError, backup.write, tmp_path / "backup.zip")
        assert (tmp_path / "backup.zip").read_bytes() == before
        assert sorted(path.name for path in tmp_path.iterdir()) == ["backup.zip", "home"]

    def test_a_link_in_a_circle_has_an_end(self, kept, tmp_path):
        (kept / "models" / "circle").symlink_to(kept)
        assert backup.write(tmp_path / "backup.zip").files
