"""Looking after models: what is never deleted, and that nothing is lost on the way."""

import io
import itertools
import threading
import zipfile
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
from helpers.crash import Interruption, Killed
from helpers.factories import model, one_line
from helpers.trainings import CONFIG, keep_table

from recognizer.errors import ModelError, RecognizerError, SettingError, StorageError
from recognizer.jobs import database, queue
from recognizer.models import maintenance, registry
from recognizer.system import locks


@pytest.fixture(autouse=True)
def models(home: Path, only_users_models: None) -> Path:
    """A shipped model, the default, and two of the user's."""
    model(registry.SHIPPED / "shipped", accuracy=0.9, content=b"shipped")
    (registry.SHIPPED / "default").write_text("shipped")
    model(home / "models" / "mine", accuracy=0.8, content=b"mine")
    model(home / "models" / "other", accuracy=0.7, content=b"other")
    return home / "models"


def names() -> list[str]:
    return sorted(one.name for one in registry.list_models().available)


def refused(kind: type[RecognizerError], do, *arguments: str) -> str:
    before = names(), registry.find_model().name
    with pytest.raises(kind) as caught:
        do(*arguments)
    assert (names(), registry.find_model().name) == before
    return one_line(caught.value)


class TestDeleting:
    def test_a_model_of_ones_own_goes_with_its_folder_and_its_note(self, models, home):
        maintenance.write_note(registry.find_model("mine"), "The first one.")
        maintenance.delete("mine")
        assert names() == ["other", "shipped"]
        assert [one.name for one in models.iterdir()] == ["other"]
        assert list((home / "notes").iterdir()) == []

    def test_a_copy_keeps_the_note_that_it_shares(self, models):
        model(models / "copy", content=b"mine")
        maintenance.write_note(registry.find_model("mine"), "Both.")
        maintenance.delete("mine")
        assert maintenance.read_note(registry.find_model("copy")) == "Both."

    def test_a_shipped_one_stays(self):
        registry.promote("mine")
        assert "shipped came with the app" in refused(SettingError, maintenance.delete, "shipped")

    def test_the_default_stays(self):
        registry.promote("mine")
        assert "make another the default" in refused(SettingError, maintenance.delete, "mine")
        registry.promote("shipped")
        maintenance.delete("mine")

    def test_the_last_one_stays(self, models, monkeypatch, tmp_path):
        monkeypatch.setattr(registry, "SHIPPED", tmp_path / "none")
        registry.promote("mine")
        maintenance.delete("other")
        assert "the only model" in refused(SettingError, maintenance.delete, "mine")

    @pytest.mark.parametrize("name", ["gone", "", "../models/mine", "."])
    def test_what_is_no_model_is_told(self, name):
        refused(ModelError, maintenance.delete, name)

    def test_twice_is_told(self):
        maintenance.delete("mine")
        assert "No model 'mine'" in refused(ModelError, maintenance.delete, "mine")

    def test_of_a_link_to_a_model_the_link_goes_and_nothing_is_left(self, models, tmp_path):
        elsewhere = model(tmp_path / "elsewhere" / "linked", content=b"linked")
        (models / "linked").symlink_to(elsewhere)
        maintenance.delete("linked")
        assert sorted(one.name for one in models.iterdir()) == ["mine", "other"]
        assert sorted(one.name for one in elsewhere.iterdir()), "what it led to stays"

    def test_killed_at_any_call_it_is_whole_or_gone(self, models, monkeypatch):
        for at in itertools.count():
            model(models / "mine", content=b"mine")
            with monkeypatch.context() as patched:
                killed = Interruption(patched, at)
                with suppress(Killed):
                    maintenance.delete("mine")
            found = registry.list_models()
            assert found.broken == {}
            assert names() in (["other", "shipped"], ["mine", "other", "shipped"])
            if not killed.happened:
                break
        assert at > 3
        assert names() == ["other", "shipped"]
        assert [one.name for one in models.iterdir()] == ["other"]

    def test_a_refusing_disk_is_told_and_the_model_stays(self, monkeypatch):
        def refuse(*_):
            raise OSError(30, "Read-only file system")

        monkeypatch.setattr(Path, "rename", refuse)
        assert "Read-only file system" in refused(StorageError, maintenance.delete, "mine")


class TestRenaming:
    def test_a_model_goes_on_under_its_new_name_with_its_note(self, models):
        maintenance.write_note(registry.find_model("mine"), "Seed 3.")
        before = registry.find_model("mine")
        renamed = maintenance.rename("mine", "better")
        assert names() == ["better", "other", "shipped"]
        assert renamed.card == replace(before.card, name="better")
        assert maintenance.read_note(renamed) == "Seed 3."

    def test_the_default_stays_the_default(self):
        registry.promote("mine")
        assert maintenance.rename("mine", "better").default
        assert maintenance.rename("better", "best").default

    def test_killed_at_any_call_the_default_is_the_same_model(self, models, monkeypatch):
        registry.promote("mine")
        weights = registry.find_model("mine").card.sha256
        for at in itertools.count():
            old = registry.find_model().name
            new = {"mine": "better", "better": "mine"}[old]
            with monkeypatch.context() as patched:
                killed = Interruption(patched, at)
                with suppress(Killed):
                    maintenance.rename(old, new)
            assert registry.find_model().card.sha256 == weights
            assert registry.list_models().broken == {}
            if not killed.happened:
                break
        assert at > 3
        assert registry.find_model().name == new

    @pytest.mark.parametrize("new", ["other", "shipped", "mine"])
    def test_a_name_that_is_taken_is_refused(self, new):
        assert f"A model named {new} is there" in refused(
            SettingError, maintenance.rename, "mine", new
        )

    def test_a_damaged_models_name_is_taken_too(self, models):
        (models / "other" / "model.keras").unlink()
        refused(SettingError, maintenance.rename, "mine", "other")

    @pytest.mark.parametrize("new", ["", "..", "a/b", "Über", "x" * 65])
    def test_a_name_that_is_no_folders_is_refused(self, new):
        refused(SettingError, maintenance.rename, "mine", new)

    def test_a_shipped_model_keeps_its_name(self):
        assert "keeps its name" in refused(SettingError, maintenance.rename, "shipped", "mine-now")

    def test_a_name_that_a_training_will_publish_under_is_refused(self):
        rename = partial(maintenance.rename, reserved=queue.reserved_names)
        job, lock = queue.enqueue("soon", CONFIG, (keep_table(),))
        with lock:
            words = refused(SettingError, rename, "mine", "soon")
        assert "A training will publish" in words
        database.delete(job.id)
        assert rename("mine", "soon").name == "soon"


class TestNotes:
    def test_a_note_is_kept_and_taken_away(self, home):
        mine = registry.find_model("mine")
        assert maintenance.read_note(mine) == ""
        maintenance.write_note(mine, "  Für die Schule: 7 with a bar\nand a 1 without  ")
        assert maintenance.read_note(mine) == "Für die Schule: 7 with a bar\nand a 1 without"
        assert maintenance.read_note(registry.find_model("other")) == ""
        maintenance.write_note(mine, " ")
        assert maintenance.read_note(mine) == ""
        assert list((home / "notes").iterdir()) == []

    def test_a_shipped_model_can_have_one_and_its_folder_stays_as_it_is(self):
        shipped = registry.find_model("shipped")
        maintenance.write_note(shipped, "The usual.")
        assert maintenance.read_note(shipped) == "The usual."
        assert len(list(shipped.folder.iterdir())) == 3

    def test_too_long_a_note_is_refused_and_the_old_one_stays(self):
        mine = registry.find_model("mine")
        maintenance.write_note(mine, "short")
        with pytest.raises(SettingError) as caught:
            maintenance.write_note(mine, "x" * 2_001)
        assert "2,001 characters" in one_line(caught.value)
        assert maintenance.read_note(mine) == "short"


class TestPacking:
    def test_unpacked_in_a_models_folder_it_is_that_model_again(self, tmp_path):
        mine = registry.find_model("mine")
        with zipfile.ZipFile(io.BytesIO(maintenance.packed(mine))) as archive:
            assert archive.testzip() is None
            archive.extractall(tmp_path / "elsewhere")
        assert registry.find_model("mine", tmp_path / "elsewhere").card == mine.card

    def test_the_rows_that_it_has_seen_go_with_it(self, tmp_path):
        mine = registry.find_model("mine")
        (mine.folder / registry.SEEN_FILE).write_bytes(b"hashes")
        with zipfile.ZipFile(io.BytesIO(maintenance.packed(mine))) as archive:
            assert archive.read(f"mine/{registry.SEEN_FILE}") == b"hashes"

    def test_a_model_that_was_deleted_meanwhile_is_told(self):
        mine = registry.find_model("mine")
        maintenance.delete("mine")
        for get in (
            lambda: maintenance.packed(mine),
            lambda: maintenance.content_of(mine, "model.keras"),
        ):
            with pytest.raises(ModelError) as caught:
                get()
            assert "deleted or renamed" in one_line(caught.value)


class TestTwoAtOnce:
    def test_two_tabs_promoting_leave_one_of_the_two(self):
        with ThreadPoolExecutor(8) as threads:
            done = list(threads.map(registry.promote, ["mine", "other"] * 20))
        assert all(one.default for one in done)
        assert registry.find_model().name in {"mine", "other"}
        assert sum(one.default for one in registry.list_models().available) == 1

    def test_a_model_promoted_while_another_tab_deletes_it_is_one_or_the_other(self, models):
        """Never deleted and the default."""
        for _ in range(20):
            model(models / "mine", content=b"mine")
            registry.promote("shipped")
            start, told = threading.Barrier(2), []

            def act(do, start=start, told=told):
                start.wait()
                try:
                    do("mine")
                except RecognizerError as error:
                    told.append(one_line(error))

            with ThreadPoolExecutor(2) as threads:
                list(threads.map(act, (registry.promote, maintenance.delete)))
            assert len(told) == 1
            assert ("mine" in names()) == (registry.find_model().name == "mine")

    def test_where_there_are_no_locks_between_processes_it_works_too(self, monkeypatch):
        monkeypatch.setattr(locks, "are_supported", lambda: False)
        monkeypatch.setattr(locks, "acquire", None)
        registry.promote("mine")
        maintenance.rename("mine", "better")
        registry.promote("other")
        maintenance.delete("better")
        assert names() == ["other", "shipped"]
