"""Models on disk: the whole ones are listed, broken ones named, publishing is all or nothing."""

import errno
import itertools
import json
import os
import shutil
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest
from helpers.crash import Interruption, Killed
from helpers.factories import CARD, model, model_files, one_line

from recognizer.errors import ModelError, SettingError, StorageError
from recognizer.models import maintenance, publishing, registry
from recognizer.models.card import ModelCard
from recognizer.system import home as system_home


def names(models_dir: Path | None = None) -> list[str]:
    return [model.name for model in registry.list_models(models_dir).available]


def new(tmp_path: Path, accuracy: float = 0.95, name: str = "mine") -> tuple[Path, ModelCard]:
    """The files and the card of a model that is to be published."""
    hashes = model_files(tmp_path / "files", content=b"new ")
    return tmp_path / "files", replace(CARD, name=name, accuracy=accuracy, sha256=hashes)


def inside(folder: Path) -> list[str]:
    """Every name in a folder, hidden ones too."""
    return sorted(path.name for path in folder.iterdir())


def everything(folder: Path) -> dict[str, bytes]:
    """Every file below a folder, by its path."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def change(path: Path, content: bytes) -> None:
    """Write other content, at another time even where the clock is coarse."""
    path.write_bytes(content)
    os.utime(path, ns=(1, 1))


BREAKAGES = {
    "no card": lambda folder: (folder / "card.json").unlink(),
    "no tflite": lambda folder: (folder / "model.tflite").unlink(),
    "no keras": lambda folder: (folder / "model.keras").unlink(),
    "nothing in it": lambda folder: [path.unlink() for path in folder.iterdir()],
    "card is no JSON": lambda folder: (folder / "card.json").write_text("{"),
    "card is no text": lambda folder: (folder / "card.json").write_bytes(b"\xff\xfe\0"),
    "card without hashes": lambda folder: (folder / "card.json").write_text(CARD.to_json()),
    "hashes are a list": lambda folder: (folder / "card.json").write_text(
        json.dumps(json.loads(CARD.to_json()) | {"sha256": []})
    ),
    "other tflite": lambda folder: change(folder / "model.tflite", b"weightsmodel.tflitE"),
    "cut keras": lambda folder: change(folder / "model.keras", b"weights"),
    "folder for a file": lambda folder: [
        (folder / "model.keras").unlink(),
        (folder / "model.keras").mkdir(),
    ],
}


class TestListing:
    @pytest.mark.parametrize("breakage", BREAKAGES)
    def test_a_broken_model_is_named_and_left_out_and_the_rest_work(self, tmp_path, breakage):
        model(tmp_path / "whole")
        BREAKAGES[breakage](model(tmp_path / "broken"))
        found = registry.list_models(tmp_path)
        assert [one.name for one in found.available] == ["whole"]
        assert list(found.broken) == ["broken"]
        assert one_line(found.broken["broken"]).startswith("broken")

    @pytest.mark.parametrize("breakage", BREAKAGES)
    def test_a_broken_model_cannot_be_found_and_says_why(self, tmp_path, breakage):
        model(tmp_path / "whole")
        BREAKAGES[breakage](model(tmp_path / "broken"))
        with pytest.raises(ModelError) as caught:
            registry.find_model("broken", tmp_path)
        assert str(caught.value) == registry.list_models(tmp_path).broken["broken"]
        assert registry.find_model("whole", tmp_path).name == "whole"

    @pytest.mark.parametrize(
        ("owner", "function"), [(registry, "sha256"), (Path, "read_text"), (Path, "is_file")]
    )
    def test_a_model_that_cannot_be_read_is_left_out(self, tmp_path, monkeypatch, owner, function):
        model(tmp_path / "mine")
        denied = PermissionError(errno.EACCES, "Permission denied")
        monkeypatch.setattr(owner, function, Failing(getattr(owner, function), 0, denied))
        found = registry.list_models(tmp_path)
        assert found.available == ()
        assert "Permission denied" in one_line(found.broken["mine"])

    def test_a_changed_file_is_noticed_after_the_model_was_listed(self, tmp_path):
        folder = model(tmp_path / "mine")
        assert names(tmp_path) == ["mine"]
        change(folder / "model.tflite", b"weightsmodel.tflitE")  # as long as before
        assert names(tmp_path) == []

    def test_a_model_that_has_not_changed_is_not_read_again(self, tmp_path, monkeypatch):
        model(tmp_path / "mine")
        before, read = registry.list_models(tmp_path), []
        whole = registry.ModelCard.from_json
        monkeypatch.setattr(
            registry.ModelCard, "from_json", lambda text: (read.append(text), whole(text))[1]
        )
        assert registry.list_models(tmp_path) == before
        assert not read
        model(tmp_path / "new")
        assert set(names(tmp_path)) == {"mine", "new"}
        assert len(read) == 1
        shutil.rmtree(tmp_path / "mine")
        assert names(tmp_path) == ["new"]

    def test_a_changed_card_is_noticed_after_the_model_was_listed(self, tmp_path):
        folder = model(tmp_path / "mine")
        assert registry.find_model("mine", tmp_path).card.data.licence == "CC BY-SA 3.0"
        text = (folder / "card.json").read_text()
        (folder / "card.json").write_text(text.replace("CC BY-SA 3.0", "CC BY-SA 4.0"))
        assert registry.find_model("mine", tmp_path).card.data.licence == "CC BY-SA 4.0"

    def test_a_model_goes_by_its_folders_name(self, tmp_path):
        shutil.copytree(model(tmp_path / "first"), tmp_path / "second")
        assert registry.find_model("second", tmp_path).card.name == "second"

    def test_files_and_hidden_folders_are_no_models(self, tmp_path):
        model(tmp_path / ".publish-x" / "new")
        model(tmp_path / ".hidden")
        (tmp_path / "README.md").write_text("models")
        assert registry.list_models(tmp_path) == registry.Models((), {})

    @pytest.mark.parametrize("there", [True, False])
    def test_no_model_at_all_says_how_to_get_one(self, tmp_path, there):
        if there:
            (tmp_path / "models").mkdir()
        with pytest.raises(ModelError, match=r"python -m recognizer train") as caught:
            registry.find_model(None, tmp_path / "models")
        one_line(caught.value)

    @pytest.mark.parametrize(
        "name", ["absent", "../two-block", "two-block/../two-block", "/etc", "", ".", "a\nb", "\0"]
    )
    def test_a_name_that_is_no_models_is_refused_with_those_there_are(self, tmp_path, name):
        model(tmp_path / "models" / "whole")
        model(tmp_path / "two-block")
        with pytest.raises(ModelError) as caught:
            registry.find_model(name, tmp_path / "models")
        assert one_line(caught.value).endswith("choose one of whole.")

    def test_paths_are_those_of_the_folder(self, tmp_path):
        folder = model(tmp_path / "mine")
        found = registry.find_model("mine", tmp_path)
        assert (found.folder, found.keras, found.tflite) == (
            folder,
            folder / "model.keras",
            folder / "model.tflite",
        )
        assert not found.shipped


class TestShippedAndTheUsers:
    @pytest.fixture(autouse=True)
    def _shipped(self, only_users_models):
        model(registry.SHIPPED / "shipped", accuracy=0.8)

    def test_both_are_listed_and_told_apart(self, home):
        model(home / "models" / "mine")
        assert {one.name: one.shipped for one in registry.list_models().available} == {
            "mine": False,
            "shipped": True,
        }

    def test_the_users_model_stands_before_a_shipped_one_of_its_name(self, home):
        model(home / "models" / "shipped", accuracy=0.7)
        assert registry.find_model("shipped").folder.parent == home / "models"

    def test_a_broken_model_of_the_users_does_not_hide_a_shipped_one_of_its_name(self, home):
        (model(home / "models" / "shipped") / "card.json").unlink()
        assert registry.find_model("shipped").shipped
        assert list(registry.list_models().broken) == ["shipped"]

    def test_a_named_folder_is_the_only_one_looked_in(self, tmp_path):
        model(tmp_path / "elsewhere" / "other")
        assert names(tmp_path / "elsewhere") == ["other"]

    def test_listing_writes_nothing(self, home):
        registry.list_models()
        assert not home.exists()

    def test_home_is_in_the_checkout_unless_it_is_set(self, monkeypatch, home):
        assert system_home.folder() == home
        monkeypatch.delenv("RECOGNIZER_HOME")
        assert system_home.folder().parent == system_home.PROJECT
        monkeypatch.setenv("RECOGNIZER_HOME", "~/digits")
        assert system_home.folder() == Path.home() / "digits"


class TestAHomeThatCannotBeLookedInto:
    @pytest.mark.parametrize(
        ("function", "denied"),
        [("is_dir", "models"), ("iterdir", "models"), ("is_file", "default")]
        + [("read_text", "default")],
    )
    def test_is_told_with_its_path(self, home, monkeypatch, function, denied):
        model(home / "models" / "mine")
        (home / "default").write_text("mine")
        works = getattr(Path, function)

        def fails(path, *args):
            if path == home / denied:
                raise PermissionError(errno.EACCES, "Permission denied", str(path))
            return works(path, *args)

        monkeypatch.setattr(Path, function, fails)
        for look in (registry.list_models, registry.find_model):
            with pytest.raises(StorageError) as caught:
                look()
            assert f"{home / denied} cannot be read (Permission denied)" in one_line(caught.value)


class TestDefault:
    @pytest.fixture(autouse=True)
    def _models(self, only_users_models, home):
        model(registry.SHIPPED / "shipped-best", accuracy=0.9)
        model(registry.SHIPPED / "shipped", accuracy=0.8)
        model(home / "models" / "mine", accuracy=0.7)
        model(home / "models" / "mine-best", accuracy=0.95)

    def test_without_a_choice_it_is_the_most_accurate(self):
        assert registry.find_model().name == "mine-best"

    def test_the_shipped_choice_comes_before_accuracy(self):
        (registry.SHIPPED / "default").write_text("shipped\n")
        assert registry.find_model().name == "shipped"

    def test_the_users_choice_comes_first(self, home):
        (registry.SHIPPED / "default").write_text("shipped\n")
        (home / "default").write_text("mine")
        assert registry.find_model().name == "mine"

    @pytest.mark.parametrize("content", [b"gone", b"", b"../mine", b"\xff\xfe", b"mine,shipped"])
    def test_a_choice_of_no_model_is_passed_over(self, home, content):
        (home / "default").write_bytes(content)
        (registry.SHIPPED / "default").write_text("shipped")
        assert registry.find_model().name == "shipped"

    def test_of_several_names_the_first_that_is_there_counts(self, home):
        (home / "default").write_text("gone\nmine\nshipped")
        assert registry.find_model().name == "mine"

    def test_a_broken_choice_is_passed_over(self, home):
        (home / "default").write_text("mine")
        (home / "models" / "mine" / "model.tflite").unlink()
        assert registry.find_model().name == "mine-best"

    def test_exactly_one_is_marked_it_is_listed_first_and_the_rest_by_accuracy(self, home):
        (home / "default").write_text("mine")
        assert names() == ["mine", "mine-best", "shipped-best", "shipped"]
        assert [one.default for one in registry.list_models().available] == [
            True,
            False,
            False,
            False,
        ]


class TestNames:
    @pytest.mark.parametrize("name", ["a", "7", "two-block", "my_model.v2", "x" * 64])
    def test_a_plain_name_is_taken(self, name):
        assert registry.check_name(name) == name

    @pytest.mark.parametrize(
        "name",
        ["", ".", "..", "../x", "a/b", "a\\b", "-x", ".x", "A", "é", "a b", "a\n", "a\0", "x" * 65],
    )
    def test_another_is_refused(self, name, tmp_path):
        with pytest.raises(SettingError) as caught:
            registry.check_name(name)
        one_line(caught.value)
        with pytest.raises(SettingError):
            publishing.publish(*new(tmp_path, name=name), tmp_path / "models")
        assert not (tmp_path / "models").exists()


def test_a_folder_with_a_blank_in_its_name_is_told_what_to_do_before_it_is_the_default(home):
    model(home / "models" / "my model", accuracy=0.5)
    before = registry.find_model().name
    with pytest.raises(SettingError) as caught:
        registry.promote("my model")
    assert "rename it first" in one_line(caught.value)
    assert registry.find_model().name == before
    maintenance.rename("my model", "mine")
    assert registry.promote("mine").default
    assert registry.find_model().name == "mine"


class TestPublishing:
    def test_a_published_model_is_whole_and_alone_in_a_new_folder(self, tmp_path):
        files, card = new(tmp_path)
        published = publishing.publish(files, card, tmp_path / "deep" / "models")
        assert published.card == card
        assert inside(tmp_path / "deep" / "models") == ["mine"]
        assert everything(published.folder) == everything(files) | {
            "card.json": card.to_json().encode()
        }

    @pytest.mark.parametrize("kind", ["file", "folder", "link", "link to nowhere", "pipe"])
    @pytest.mark.parametrize("name", [".publish-mine", ".publish-x", ".replaced-mine", "mine"])
    def test_whatever_lies_in_the_way_it_is_published_and_is_alone(self, tmp_path, kind, name):
        files, card = new(tmp_path)
        left, elsewhere = tmp_path / "models" / name, tmp_path / "elsewhere"
        left.parent.mkdir()
        elsewhere.mkdir()
        (elsewhere / "precious").write_text("of others")
        match kind:
            case "file":
                left.write_text("")
            case "folder":
                (left / "deep").mkdir(parents=True)
                (left / "deep" / "file").write_text("")
                (left / "deep").chmod(0o500)
            case "pipe":
                os.mkfifo(left)
            case _:
                left.symlink_to(elsewhere if kind == "link" else tmp_path / "nowhere")
        publishing.publish(files, card, tmp_path / "models")
        assert inside(tmp_path / "models") == ["mine"]
        assert registry.find_model("mine", tmp_path / "models").card == card
        assert (elsewhere / "precious").exists()

    def test_a_better_retrain_replaces(self, tmp_path):
        model(tmp_path / "models" / "mine", accuracy=0.9)
        files, card = new(tmp_path, accuracy=0.91)
        publishing.publish(files, card, tmp_path / "models")
        assert registry.find_model("mine", tmp_path / "models").card.accuracy == 0.91
        assert inside(tmp_path / "models") == ["mine"]

    @pytest.mark.parametrize("accuracy", [0.9, 0.89])
    def test_a_retrain_that_is_no_better_does_not(self, tmp_path, accuracy):
        model(tmp_path / "models" / "mine", accuracy=0.9)
        before = everything(tmp_path / "models")
        with pytest.raises(ModelError, match="kept the old one") as caught:
            publishing.publish(*new(tmp_path, accuracy=accuracy), tmp_path / "models")
        one_line(caught.value)
        assert everything(tmp_path / "models") == before

    @pytest.mark.parametrize(
        ("other", "says"),
        [
            ({"data": replace(CARD.data, sha256="cd" * 32)}, "data of SHA-256 cdcdcdcdcdcd"),
            ({"config": replace(CARD.config, seed=2)}, "seed 2; expected seed 1"),
            ({"config": replace(CARD.config, held_out=0.2)}, "held-out share 0.2"),
            ({"n": 10}, "held-out rows 10; expected held-out rows 1000"),
        ],
        ids=["data", "seed", "share", "n"],
    )
    def test_a_retrain_measured_on_other_rows_does_not(self, tmp_path, other, says):
        model(tmp_path / "models" / "mine", accuracy=0.9)
        before = everything(tmp_path / "models")
        files, card = new(tmp_path, accuracy=0.99)
        with pytest.raises(ModelError, match="kept the old one") as caught:
            publishing.publish(files, replace(card, **other), tmp_path / "models")
        assert says in one_line(caught.value)
        assert everything(tmp_path / "models") == before

    @pytest.mark.parametrize("breakage", BREAKAGES)
    def test_a_broken_model_is_replaced_by_any(self, tmp_path, breakage):
        BREAKAGES[breakage](model(tmp_path / "models" / "mine", accuracy=0.9))
        publishing.publish(*new(tmp_path, accuracy=0.1), tmp_path / "models")
        assert names(tmp_path / "models") == ["mine"]

    def test_files_that_are_not_the_cards_are_not_published(self, tmp_path):
        model(tmp_path / "models" / "mine")
        before = everything(tmp_path / "models")
        files, card = new(tmp_path)
        change(files / "model.tflite", b"other")
        with pytest.raises(ModelError) as caught:
            publishing.publish(files, card, tmp_path / "models")
        assert "model.tflite" in one_line(caught.value)
        assert everything(tmp_path / "models") == before
        assert inside(tmp_path / "models") == ["mine"]

    @pytest.mark.parametrize("old", [True, False], ids=["over an old one", "a first one"])
    @pytest.mark.parametrize("failure", [OSError(errno.ENOSPC, "disk full"), KeyboardInterrupt()])
    @pytest.mark.parametrize(
        ("owner", "function"),
        [*((Path, one) for one in ("rename", "mkdir", "write_text")), (os, "fsync")]
        + [(shutil, "copyfile")],
    )
    def test_whatever_fails_at_whatever_call_the_old_model_stays_whole_and_alone(
        self, tmp_path, monkeypatch, owner, function, failure, old
    ):
        """Stop at the first call, at the second, and so on until nothing is stopped any more."""
        models = tmp_path / "models"
        models.mkdir()
        if old:
            model(models / "mine")
        before = everything(models)
        files, card = new(tmp_path)
        after = {f"mine/{name}": content for name, content in everything(files).items()}
        after["mine/card.json"] = card.to_json().encode()
        stopped = 0
        while True:
            failing = Failing(getattr(owner, function), stopped, failure)
            with monkeypatch.context() as patched:
                patched.setattr(owner, function, failing)
                if outcome(lambda: publishing.publish(files, card, models)) == "published":
                    break
            if everything(models) != before:  # the last flush of all, when the new one is in place
                assert everything(models) == after
            assert inside(models) == (["mine"] if everything(models) else [])
            stopped += 1
        assert stopped
        assert registry.find_model("mine", models).card == card

    @pytest.mark.parametrize("old", [True, False], ids=["over an old one", "a first one"])
    def test_killed_at_any_call_the_old_one_or_the_new_one_is_listed_whole(
        self, tmp_path, monkeypatch, old
    ):
        for at in itertools.count():
            models = tmp_path / f"models-{at}"
            model(models / "other")
            if old:
                model(models / "mine", accuracy=0.9)
            files, card = new(tmp_path, accuracy=0.95)
            with monkeypatch.context() as patched:
                killed = Interruption(patched, at)
                with suppress(Killed):
                    publishing.publish(files, card, models)
            found = registry.list_models(models)
            assert found.broken == {}
            accuracies = {one.name: one.card.accuracy for one in found.available}
            assert accuracies["other"] == 0.9
            assert accuracies.get("mine") in ({0.9, 0.95} if old else {None, 0.95})
            publishing.publish(files, card, models)  # clears up
            assert inside(models) == ["mine", "other"]
            assert registry.find_model("mine", models).card == card
            if not killed.happened:
                break
        assert at > 10

    def test_the_very_same_model_again_changes_nothing(self, tmp_path):
        files, card = new(tmp_path)
        published = publishing.publish(files, card, tmp_path / "models")
        before = published.tflite.stat().st_ino
        assert publishing.publish(files, card, tmp_path / "models") == published
        assert published.tflite.stat().st_ino == before

    def test_two_at_once_leave_one_whole_model(self, tmp_path):
        """Threads, as each opens the lock for itself, like processes."""
        jobs = []
        for number in range(8):
            hashes = model_files(tmp_path / f"files-{number}", content=b"%d " % number)
            card = replace(CARD, accuracy=0.5 + number / 20, sha256=hashes)
            jobs.append((tmp_path / f"files-{number}", card))

        def publish(job):
            return outcome(lambda: publishing.publish(*job, tmp_path / "models"))

        with ThreadPoolExecutor(4) as threads:
            assert "published" in set(threads.map(publish, jobs))
        assert registry.find_model("mine", tmp_path / "models").card == jobs[-1][1]
        assert inside(tmp_path / "models") == ["mine"]

    def test_a_full_disk_is_told(self, tmp_path, monkeypatch):
        full = OSError(errno.ENOSPC, "No space left on device")
        monkeypatch.setattr(shutil, "copyfile", Failing(shutil.copyfile, 1, full))
        with pytest.raises(StorageError) as caught:
            publishing.publish(*new(tmp_path), tmp_path / "models")
        assert "No space left on device" in one_line(caught.value)

    def test_a_folder_that_cannot_be_made_is_told(self, tmp_path):
        (tmp_path / "file").write_text("")
        with pytest.raises(StorageError) as caught:
            publishing.publish(*new(tmp_path), tmp_path / "file" / "models")
        one_line(caught.value)


def outcome(publish) -> str:
    """Return "published" or "stopped"; any other error is none that a full disk may cause."""
    try:
        publish()
    except (StorageError, KeyboardInterrupt):
        return "stopped"
    except ModelError:  # the old one is as good
        return "kept"
    return "published"


class Failing:
    """A function that fails once, after that many calls, and works before and after."""

    def __init__(self, function, calls: int, failure: BaseException):
        self.function, self.calls, self.failure = function, calls, failure

    def __get__(self, instance, owner):
        return lambda *args, **kwargs: self(instance, *args, **kwargs)

    def __call__(self, *args, **kwargs):
        self.calls -= 1
        if self.calls == -1:
            raise self.failure
        return self.function(*args, **kwargs)


class TestPromoting:
    @pytest.fixture
    def models(self, home: Path) -> Path:
        model(home / "models" / "one", accuracy=0.95)
        model(home / "models" / "two", accuracy=0.9)
        return home

    def test_a_promoted_model_is_the_default_until_another_is(self, models, only_users_models):
        assert registry.find_model().name == "one"
        assert registry.promote("two").default
        assert registry.find_model().name == "two"
        registry.promote("one")
        assert registry.find_model().name == "one"
        assert inside(models) == ["default", "models"]

    def test_a_shipped_model_can_be_the_default_again(self, models, two_block):
        registry.promote("two")
        registry.promote("two-block")
        assert registry.find_model().name == "two-block"

    @pytest.mark.parametrize("name", ["three", "../models/one", ""])
    def test_what_is_no_model_changes_nothing(self, models, only_users_models, name):
        registry.promote("two")
        before = everything(models)
        with pytest.raises(ModelError) as caught:
            registry.promote(name)
        one_line(caught.value)
        assert everything(models) == before

    def test_a_damaged_model_is_not_made_the_default(self, models, only_users_models):
        (models / "models" / "two" / "model.tflite").unlink()
        with pytest.raises(ModelError):
            registry.promote("two")
        assert registry.find_model().name == "one"

    def test_killed_at_any_call_the_default_is_the_old_one_or_the_new_one(
        self, models, only_users_models, monkeypatch
    ):
        for at in itertools.count():
            registry.promote("one")
            with monkeypatch.context() as patched:
                killed = Interruption(patched, at)
                with suppress(Killed):
                    registry.promote("two")
            assert registry.find_model().name in {"one", "two"}
            if not killed.happened:
                break
        assert at
        assert registry.find_model().name == "two"

    def test_a_full_disk_is_told_and_the_default_stays(
        self, models, only_users_models, monkeypatch
    ):
        registry.promote("two")
        full = OSError(errno.ENOSPC, "No space left on device")
        monkeypatch.setattr(os, "fsync", Failing(os.fsync, 0, full))
        with pytest.raises(StorageError) as caught:
            registry.promote("one")
        assert "No space left on device" in one_line(caught.value)
        assert registry.find_model().name == "two"
        assert inside(models) == ["default", "models"]


class TestShippedModels:
    """What is committed under models/."""

    @pytest.fixture
    def shipped(self) -> tuple[registry.StoredModel, ...]:
        if not registry.SHIPPED.is_dir():
            pytest.skip("no models/: restore the folder")
        return registry.list_models(registry.SHIPPED).available

    def test_all_are_whole_and_named_as_their_cards_say(self, shipped):
        assert registry.list_models(registry.SHIPPED).broken == {}
        for one in shipped:
            card = ModelCard.from_json((one.folder / "card.json").read_text())
            assert card.name == one.folder.name

    def test_the_known_networks_are_there_under_45_MB_together(self, shipped):
        assert {"two-block", "single-conv", "conv-pool"} <= {one.name for one in shipped}
        size = sum(path.stat().st_size for path in registry.SHIPPED.rglob("*") if path.is_file())
        assert size < 45e6  # 26 of them conv-pool's two forms

    def test_cards_add_up(self, shipped):
        for one in shipped:
            card = one.card
            assert card.n <= card.data.rows - card.data.trained_rows
            assert card.interval[0] < card.accuracy < card.interval[1]
            is_of_an_accelerator = "m3" in card.config.teachers  # which keeps no curves
            assert len(card.history) == (0 if is_of_an_accelerator else card.config.epochs)
            assert set(card.sha256) == {"model.keras", "model.tflite"}
            assert one.keras.stat().st_size < 4.2 * card.parameters + 100_000, "optimizer state?"
