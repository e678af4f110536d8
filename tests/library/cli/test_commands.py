"""The command line: what it prints, its exit status, and one line for each mistake."""

import errno
import json
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from unittest.mock import Mock

import numpy as np
import pytest
from helpers.commands import Command, Result
from helpers.factories import digits, model, table_of
from helpers.fake_trainer import FakeTrainer, Run
from PIL import Image

from recognizer.__main__ import main
from recognizer.architectures import ARCHITECTURES
from recognizer.datasets.corrections import Correction, Corrections
from recognizer.jobs import worker
from recognizer.models import registry
from recognizer.models.card import ModelCard
from recognizer.records import BLANK, Digits
from recognizer.system import home as system_home
from recognizer.system import process


@pytest.fixture
def command(capfd) -> Command:
    """Run a command here; what C++ writes is caught too."""

    def run(*arguments: object) -> Result:
        capfd.readouterr()
        try:
            status = main([str(argument) for argument in arguments])
        except SystemExit as leaving:  # argparse's way
            status = leaving.code
        return Result(status, *capfd.readouterr())

    return run


@pytest.fixture
def one(tmp_path) -> Path:
    """A picture of a 1: a stroke down, black on white."""
    pixels = np.full((200, 200), 255, np.uint8)
    pixels[30:170, 94:106] = 0
    Image.fromarray(pixels).save(tmp_path / "one.png")
    return tmp_path / "one.png"


@pytest.fixture
def blank(tmp_path) -> Path:
    Image.new("RGB", (50, 40), "white").save(tmp_path / "blank.jpg")
    return tmp_path / "blank.jpg"


def write(path: Path, sample: Digits) -> Path:
    path.write_bytes(table_of(sample))
    return path


@pytest.fixture
def labelled(tmp_path) -> Path:
    """A table of 60 made-up digits, of which no model reads all."""
    return write(tmp_path / "labelled.csv", digits(60))


@pytest.fixture
def unlabelled(tmp_path) -> Path:
    return write(tmp_path / "test.csv", Digits(digits(60).images, None))


@pytest.mark.usefixtures("two_block")
class TestRead:
    def test_json_is_an_entry_a_picture_in_their_order(self, command, one, blank):
        first, second = command("read", one, blank, "--json").json
        assert list(first) == ["file", "digit", "confidence", "probabilities", "is_digit"]
        assert (first["file"], first["digit"], first["is_digit"]) == (str(one), 1, True)
        assert len(first["probabilities"]) == 10
        assert sum(first["probabilities"]) == pytest.approx(1, abs=1e-5)
        assert first["confidence"] == first["probabilities"][1] > 0.5
        assert second == {
            **{"file": str(blank), "digit": None, "confidence": 0},
            **{"probabilities": [0] * 10, "is_digit": False},
        }

    def test_text_is_a_line_a_picture(self, command, one, blank):
        result = command("read", one, blank)
        assert (result.status, result.err) == (0, "")
        first, second = result.out.splitlines()
        assert re.fullmatch(re.escape(str(one)) + r"\t1\t(\d\d|> 99)\.\d %", first)
        assert second == f"{blank}\tblank"

    def test_a_confidence_is_not_rounded_up_to_certainty(self, command, one, monkeypatch):
        reading = replace(BLANK, digit=1, confidence=0.99997, is_digit=True)
        monkeypatch.setattr("recognizer.inference.Recognizer.read", lambda *_: reading)
        assert command("read", one).out == f"{one}\t1\t> 99.9 %\n"

    def test_what_looks_like_no_digit_is_doubted_in_words(self, command, one, monkeypatch):
        reading = replace(BLANK, digit=7, confidence=0.61, is_digit=False)
        monkeypatch.setattr("recognizer.inference.Recognizer.read", lambda *_: reading)
        assert command("read", one).out == f"{one}\t7? does not look like a digit\t61.0 %\n"

    def test_an_svg_is_refused_by_its_name(self, command, tmp_path):
        (tmp_path / "7.svg").write_text('<svg xmlns="http://www.w3.org/2000/svg"/>')
        assert "is an SVG drawing" in command("read", tmp_path / "7.svg").mistake

    def test_a_model_can_be_named(self, command, one, two_block):
        assert command("read", one, "--model", two_block.name, "--json").json[0]["digit"] == 1

    @pytest.mark.parametrize(
        "content", [b"", b"This is text.\n", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff\xe0", b"GIF89a"]
    )
    def test_a_file_that_is_no_picture_is_named(self, command, tmp_path, content):
        (tmp_path / "bad.png").write_bytes(content)
        assert str(tmp_path / "bad.png") in command("read", tmp_path / "bad.png").mistake

    def test_a_cut_picture_is_named(self, command, one):
        one.write_bytes(one.read_bytes()[:80])
        assert str(one) in command("read", one).mistake

    @pytest.mark.parametrize("name", ["missing.png", "."])
    def test_a_path_that_is_no_file_is_named(self, command, tmp_path, name):
        assert str(tmp_path / name) in command("read", tmp_path / name).mistake

    @pytest.mark.parametrize("options", [[], ["--json"]])
    def test_each_bad_picture_is_named_and_the_others_are_read(
        self, command, one, tmp_path, options
    ):
        (tmp_path / "text.png").write_text("seven")
        bad = tmp_path / "missing.png", tmp_path / "text.png"
        result = command("read", bad[0], one, bad[1], *options)
        assert result.status == 2
        for path, line in zip(bad, result.err.splitlines(), strict=True):
            assert line.startswith(f"{path}: ")
        if options:
            [entry] = json.loads(result.out)
            assert (entry["file"], entry["digit"]) == (str(one), 1)
        else:
            assert re.fullmatch(re.escape(str(one)) + r"\t1\t.*\n", result.out)

    @pytest.mark.parametrize("name", ["absent", "../two-block", ""])
    def test_an_unknown_model_is_told_with_those_there_are(self, command, one, name):
        assert "two-block" in command("read", one, "--model", name).mistake


@pytest.mark.usefixtures("two_block")
class TestEvaluate:
    def test_json_is_a_list_even_for_one_model(self, command, labelled):
        [entry] = command("evaluate", labelled, "--model", "two-block", "--json").json
        assert entry["model"] == "two-block"
        assert entry["n"] == 60
        confusion = np.array(entry["confusion"])
        assert confusion.shape == (10, 10)
        assert confusion.sum(axis=1).tolist() == [6] * 10
        assert entry["accuracy"] == pytest.approx(np.trace(confusion) / 60)
        assert entry["interval"][0] < entry["accuracy"] < entry["interval"][1]

    def test_each_named_model_is_measured_in_order(self, command, labelled, two_block, home):
        shutil.copytree(two_block, home / "models" / "mine")
        entries = command(
            "evaluate", labelled, "--model", "mine", "--model", "two-block", "--json"
        ).json
        assert [entry["model"] for entry in entries] == ["mine", "two-block"]
        assert entries[0]["confusion"] == entries[1]["confusion"]

    def test_a_digit_that_does_not_occur_is_null_as_json_has_no_nan(self, command, tmp_path):
        table = write(tmp_path / "zeros.csv", digits(50).take(np.arange(0, 50, 10)))
        [entry] = command("evaluate", table, "--json").json
        assert entry["recall"][0] is not None
        assert entry["recall"][1:] == [None] * 9

    def test_text_shows_accuracy_and_confusion(self, command, labelled):
        result = command("evaluate", labelled)
        assert result.status == 0
        title, head, *rows = result.out.splitlines()
        assert re.search(r": [01]\.\d{4} of 60 read right \(95 % interval", title)
        assert head.split()[-10:] == list("0123456789")
        assert [sum(map(int, line.split()[1:])) for line in rows] == [6] * 10

    def test_text_says_whether_one_of_two_is_better(self, command, labelled):
        models = ("--model", "two-block", "--model", "single-conv")
        last = command("evaluate", labelled, *models).out.splitlines()[-1]
        assert re.search(
            r"(too close to call on|is better on these|no difference on) 60 rows", last
        )

    def test_a_table_without_labels_is_refused(self, command, unlabelled):
        assert "no label column" in command("evaluate", unlabelled, "--json").mistake

    def test_a_missing_table_is_named(self, command, tmp_path):
        assert "missing.csv" in command("evaluate", tmp_path / "missing.csv").mistake

    def test_a_bad_cell_is_named(self, command, labelled):
        labelled.write_bytes(re.sub(rb"\n3,\d+", b"\n3,300", labelled.read_bytes(), count=1))
        assert "Row 4, column 2 holds '300'" in command("evaluate", labelled).mistake

    def test_an_unknown_model_is_told_even_beside_a_known_one(self, command, labelled):
        mistake = command("evaluate", labelled, "--model", "two-block", "--model", "no").mistake
        assert "'no'" in mistake


class TestModels:
    def test_json_is_an_entry_a_model_with_one_default(self, command, two_block, home):
        model(home / "models" / "mine", accuracy=0.5)
        entries = command("models", "--json").json
        by_name = {entry["name"]: entry for entry in entries}
        card = ModelCard.from_json((two_block / "card.json").read_text())
        assert (
            by_name["two-block"].items()
            >= {
                "architecture": "two-block",
                "parameters": 887_530,
                "accuracy": card.accuracy,
                "n": card.n,
                "shipped": True,
            }.items()
        )
        assert not by_name["mine"]["shipped"]
        assert [entry["default"] for entry in entries].count(True) == 1
        assert entries[0]["default"]

    def test_text_is_a_line_a_model(self, command, two_block):
        head, *rows = command("models").out.splitlines()
        assert head.split() == ["name", "architecture", "parameters", "accuracy", "n"]
        assert [row.split()[0] for row in rows] == [
            one.name for one in registry.list_models().available
        ]
        assert sum(row.endswith("default") for row in rows) == 1
        assert any(row.split()[:3] == ["two-block", "two-block", "887,530"] for row in rows)

    def test_a_broken_model_is_named_beside_the_others(self, command, home):
        model(home / "models" / "whole")
        (model(home / "models" / "broken") / "model.tflite").unlink()
        result = command("models", "--json")
        assert result.status == 0
        assert re.fullmatch(r"Left out broken: .*\n", result.err)
        names = [entry["name"] for entry in json.loads(result.out)]
        assert "whole" in names
        assert "broken" not in names

    @pytest.mark.usefixtures("only_users_models")
    def test_without_any_it_says_how_to_get_one(self, command, one):
        assert command("models", "--json").json == []
        assert "python -m recognizer train" in command("models").mistake
        assert "python -m recognizer train" in command("read", one).mistake


TRAIN = ("--architecture", "single-conv")


class TestLookingAfterModels:
    @pytest.fixture(autouse=True)
    def _mine(self, home, only_users_models):
        model(home / "models" / "mine", accuracy=0.8)
        model(home / "models" / "best", accuracy=0.9)

    def listed(self, command) -> dict[str, bool]:
        return {one["name"]: one["default"] for one in command("models", "--json").json}

    def test_promote_and_delete_do_what_they_say(self, command):
        assert command("promote", "mine").out == "mine is the default model now.\n"
        assert self.listed(command) == {"mine": True, "best": False}
        assert command("delete", "best").out == "best is deleted.\n"
        assert self.listed(command) == {"mine": True}

    @pytest.mark.parametrize(
        ("name", "told"), [("best", "is the default model"), ("gone", "No model 'gone'")]
    )
    def test_what_stays_is_told_in_one_line(self, command, name, told):
        assert told in command("delete", name).mistake
        assert len(self.listed(command)) == 2

    @pytest.mark.parametrize(
        ("answer", "left"), [("y", ["best"]), ("", ["best", "mine"]), ("no", ["best", "mine"])]
    )
    def test_at_a_terminal_delete_asks(self, command, monkeypatch, answer, left):
        monkeypatch.setattr(sys, "stdin", Mock(isatty=lambda: True))
        monkeypatch.setattr("builtins.input", lambda question: answer)
        assert command("delete", "mine").status == 0
        assert sorted(self.listed(command)) == left

    def test_yes_is_not_asked(self, command, monkeypatch):
        monkeypatch.setattr(sys, "stdin", Mock(isatty=lambda: True))
        monkeypatch.setattr("builtins.input", Mock(side_effect=AssertionError))
        assert command("delete", "mine", "--yes").status == 0


class TestMistakesBeforeTraining:
    """Each ends before Keras is imported, so that no one waits for it."""

    def test_a_name_that_is_taken(self, command, labelled, home):
        model(home / "models" / "mine")
        assert "named mine" in command("train", labelled, *TRAIN, "--name", "mine").mistake

    def test_a_name_that_is_a_shipped_models(self, command, labelled, two_block):
        assert "two-block" in command("train", labelled, *TRAIN, "--name", "two-block").mistake

    @pytest.mark.parametrize("name", ["../mine", "a/b", "", ".hidden", "Mine"])
    def test_a_name_that_is_no_folders(self, command, labelled, name, tmp_path):
        assert "cannot name a model" in command("train", labelled, *TRAIN, "--name", name).mistake
        assert sorted(path.name for path in tmp_path.iterdir()) == ["labelled.csv"]

    @pytest.mark.parametrize(
        ("option", "value"),
        [
            *(("--epochs", value) for value in ("0", "-1", "1.5", "many", "", "10001")),
            *(("--batch-size", value) for value in ("0", "-5", "x")),
            *(("--seed", value) for value in ("-1", "4294967296", "x", "1.5")),
            *(("--learning-rate", value) for value in ("0", "-1", "1.5", "nan", "x")),
            *(("--validation", value) for value in ("0", "1", "x")),
            *(("--held-out", value) for value in ("0", "1", "nan")),
            *(("--patience", value) for value in ("-1", "x")),
            ("--architecture", "three-block"),
        ],
    )
    def test_a_setting_out_of_range(self, command, labelled, option, value):
        arguments = ["train", labelled, *TRAIN, "--name", "mine", f"{option}={value}"]
        assert option in command(*arguments).mistake

    def test_a_table_without_labels(self, command, unlabelled):
        mistake = command("train", unlabelled, *TRAIN, "--name", "mine").mistake
        assert "train.csv, not test.csv" in mistake

    def test_too_few_rows(self, command, tmp_path):
        table = write(tmp_path / "few.csv", digits(1))
        assert "1 rows" in command("train", table, *TRAIN, "--name", "mine").mistake

    @pytest.mark.parametrize("missing", ["train.csv", "--architecture", "--name"])
    def test_what_a_training_needs(self, command, labelled, missing):
        given = {"train.csv": [labelled], "--architecture": TRAIN, "--name": ["--name", "mine"]}
        arguments = [word for name, words in given.items() if name != missing for word in words]
        assert command("train", *arguments).mistake.startswith(f"{missing} is missing")

    @pytest.mark.parametrize("arguments", [["--resume", "00000000"], ["--resume", "../x"]])
    def test_a_training_that_is_not_there(self, command, arguments):
        assert "There is no training" in command("train", *arguments).mistake

    def test_a_resume_with_other_settings(self, command, labelled):
        assert "leave out" in command("train", labelled, "--resume", "00000000").mistake

    def test_strokes_that_are_none(self, command, labelled, tmp_path):
        (tmp_path / "strokes.jsonl").write_text("[]\n")
        arguments = ("train", labelled, *TRAIN, "--name", "mine", "--strokes")
        assert "Line 1" in command(*arguments, tmp_path / "strokes.jsonl").mistake

    def test_corrections_where_there_are_none(self, command, labelled):
        arguments = ("train", labelled, *TRAIN, "--name", "mine", "--corrections")
        assert "No drawing was corrected" in command(*arguments).mistake

    @pytest.mark.parametrize("option", [["train.csv"], ["--corrections"], TRAIN])
    def test_a_recipe_with_digits_or_a_network_of_ones_own(self, command, option):
        mistake = command("train", "--recipe", "default", *option).mistake
        assert f"leave out {option[0]}" in mistake

    def test_a_recipe_without_its_data(self, command, tmp_path, monkeypatch):
        mistake = command("train", "--recipe", "default", "--data", tmp_path).mistake
        assert "digit-recognizer.zip" in mistake
        monkeypatch.delenv("RECOGNIZER_DATA", raising=False)
        assert "--data is missing" in command("train", "--recipe", "default").mistake

    def test_an_unknown_recipe_is_told_which_there_are(self, command):
        mistake = command("train", "--recipe", "no").mistake
        assert "'no': expected first-stage or default" in mistake

    def test_a_missing_table(self, command, tmp_path):
        mistake = command("train", tmp_path / "no.csv", *TRAIN, "--name", "mine").mistake
        assert "no.csv" in mistake

    @pytest.mark.parametrize("arguments", [[], ["fly"], ["read"], ["train"], ["models", "--fly"]])
    def test_a_command_that_is_not_complete(self, command, arguments):
        assert "--help" in command(*arguments).mistake


def test_help_names_every_command(command):
    result = command("--help")
    assert result.status == 0
    for name in ("read", "evaluate", "models", "train", "jobs"):
        assert re.search(rf"^ +{name} ", result.out, re.MULTILINE)
    assert not re.search(r"^ +work ", result.out, re.MULTILINE), "not for people"


@pytest.mark.parametrize("arguments", [["models", "--json"], ["read", "{one}", "--json"]])
def test_as_a_program_it_prints_one_document_and_nothing_else(one, two_block, arguments):
    result = subprocess.run(
        [sys.executable, "-m", "recognizer", *(word.format(one=one) for word in arguments)],
        cwd=system_home.PROJECT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert isinstance(json.loads(result.stdout), list)
    assert result.stderr == ""


@pytest.mark.parametrize("arguments", [["read", "{one}.missing"], ["fly"]])
def test_as_a_program_a_mistake_is_status_2_and_one_line(one, two_block, arguments):
    result = subprocess.run(
        [sys.executable, "-m", "recognizer", *(word.format(one=one) for word in arguments)],
        cwd=system_home.PROJECT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert Result(result.returncode, result.stdout, result.stderr).mistake


class TestTrainingInTheTerminal:
    """With the trainer that needs no Keras."""

    @pytest.fixture
    def arguments(self, tmp_path, monkeypatch) -> list[object]:
        monkeypatch.setattr(worker, "_keras", FakeTrainer)
        table = write(tmp_path / "train.csv", digits(200))
        rate = ("--learning-rate", 0.5)
        return ["train", table, "--architecture", "softmax", "--name", "mine", *rate]

    @pytest.fixture(autouse=True)
    def interruptible(self) -> Iterator[None]:
        """A shell that starts the tests in the background has them ignore Ctrl-C."""
        before = signal.signal(signal.SIGINT, signal.default_int_handler)
        yield
        signal.signal(signal.SIGINT, before)

    def press(self, monkeypatch, *steps: int) -> None:
        """Press Ctrl-C after these batches."""
        learn = Run.learn

        def learn_and_press(run, chosen, step):
            if step in steps:
                signal.raise_signal(signal.SIGINT)
            return learn(run, chosen, step)

        monkeypatch.setattr(Run, "learn", learn_and_press)

    def test_jobs_lists_it_and_the_settings_are_in_its_card(self, command, arguments):
        options = ("--epochs", 3, "--batch-size", 50, "--validation", 0.1, "--held-out", 0.2)
        result = command(*arguments, *options, "--patience", 9, "--seed", 7, "--no-augment")
        assert result.status == 0, result.err
        config = registry.find_model("mine").card.config
        assert (config.epochs, config.batch_size, config.learning_rate) == (3, 50, 0.5)
        assert (config.validation, config.held_out, config.patience) == (0.1, 0.2, 9)
        assert (config.seed, config.augment) == (7, False)
        [entry] = command("jobs", "--json").json
        assert (entry["name"], entry["state"], entry["published"]) == ("mine", "done", "mine")
        assert entry["config"]["epochs"] == 3
        assert re.match(rf"{entry['id']}  mine +softmax +done +100%\n", command("jobs").out)

    def test_what_is_not_given_is_what_suits_the_architecture(self, command, arguments):
        assert command(*arguments).status == 0
        advice = ARCHITECTURES["softmax"].advice
        assert registry.find_model("mine").card.config == replace(advice, learning_rate=0.5)

    def test_without_any_jobs_lists_none(self, command):
        assert command("jobs", "--json").json == []
        assert command("jobs").out == ""

    def test_ctrl_c_publishes_the_best_so_far(self, command, arguments, monkeypatch):
        self.press(monkeypatch, 4)
        result = command(*arguments)
        assert result.status == 0
        assert "Ctrl-C again" in result.err
        assert "Stopped after" in result.out
        assert registry.find_model("mine").card.name == "mine"
        [entry] = command("jobs", "--json").json
        assert (entry["state"], entry["step"]) == ("stopped", 4)

    def test_ctrl_c_twice_ends_at_once_and_it_can_resume(self, command, arguments, monkeypatch):
        with monkeypatch.context() as patched:
            self.press(patched, 4)
            ask = signal.raise_signal
            patched.setattr(signal, "raise_signal", lambda number: (ask(number), ask(number)))
            result = command(*arguments)
        assert result.status == 130
        [entry] = command("jobs", "--json").json
        assert entry["state"] == "interrupted"
        assert f"train --resume {entry['id']}" in result.err
        assert registry.list_models(system_home.folder() / "models").available == ()

        result = command("train", "--resume", entry["id"])
        assert result.status == 0, result.err
        assert "goes on after epoch 1" in result.out
        assert registry.find_model("mine").card.n == 20
        assert "start a new one" in command("train", "--resume", entry["id"]).mistake

    def test_a_terminal_sees_the_batches_on_one_line(self, command, arguments, monkeypatch):
        monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
        result = command(*arguments, "--epochs", 1)
        lines = re.split("[\r\n]", result.out)[2:]
        assert re.search(r"epoch 1/1 \[#{10} +\] loss 2\.\d+  1 images/s  2:08 left", lines[0])
        assert all(len(line) < 80 for line in lines if "images/s" in line)

    def test_strokes_and_corrections_are_trained_on_and_never_measured_on(
        self, command, arguments, tmp_path
    ):
        stroke = [[[50, 10], [50, 90]]]
        lines = [{"label": "1", "strokes": stroke, "writer": "w", "source": "s"}] * 3
        (tmp_path / "pen.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
        correction = Correction("a", "2026", 7, 1, 0.9, "m", [], digits(1).images[0])
        Corrections().keep(correction)
        result = command(*arguments, "--strokes", tmp_path / "pen.jsonl", "--corrections")
        assert result.status == 0, result.err
        card = registry.find_model("mine").card
        assert card.data.name == "train.csv + pen.jsonl + corrected drawings"
        assert (card.data.rows, card.n) == (204, 20)


def test_with_stderr_closed_it_reads_and_a_mistake_is_not_put_on_stdout(one, two_block):
    line = '"$0" -m recognizer read "$1" "$1.missing" --json 2>&-'
    result = subprocess.run(
        ["sh", "-c", line, sys.executable, one],
        cwd=system_home.PROJECT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 2
    assert [entry["digit"] for entry in json.loads(result.stdout)] == [1]


def test_the_greeting_can_be_kept_off_where_stderr_is_closed(monkeypatch):
    monkeypatch.setattr("os.dup", Mock(side_effect=OSError(errno.EBADF, "Bad file descriptor")))
    with process.silence_native_stderr():
        pass


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["models"], "Stopped.\n"),
        (
            ["train", "a.csv", "--architecture", "single-conv", "--name", "mine"],
            "Stopped.\n",
        ),
    ],
)
def test_ctrl_c_is_told_and_is_status_130(command, monkeypatch, arguments, told):
    for function in ("models.registry.list_models", "datasets.read_digits"):
        monkeypatch.setattr(f"recognizer.{function}", Mock(side_effect=KeyboardInterrupt))
    result = command(*arguments)
    assert (result.status, result.out, result.err) == (130, "", told)


@pytest.mark.keras
class TestTrain:
    SAMPLE = digits(300)

    @pytest.fixture
    def table(self, tmp_path) -> Path:
        return write(tmp_path / "train.csv", self.SAMPLE)

    def test_a_trained_model_is_published_and_reads(self, command, table, home, tmp_path, one):
        arguments = ["train", table, *TRAIN, "--name", "mine", "--epochs", 1, "--batch-size", 10]
        result = command(*arguments, "--no-augment", "--seed", 3)
        assert result.status == 0, result.err
        begins, rows, epoch, measured, published = result.out.splitlines()
        assert re.fullmatch(r"Training mine is job [0-9a-f]{8}\.", begins)
        assert rows == "260 rows to train on, 10 for validation, 30 held out."
        assert re.match(r"epoch 1/1  loss \d\.\d{4}  accuracy [01]\.\d{4}  validation", epoch)
        assert published == f"Published in {home / 'models' / 'mine'}."

        card = registry.find_model("mine").card
        assert (card.architecture, card.parameters, card.n) == ("single-conv", 564_534, 30)
        assert (card.config.epochs, card.config.seed, card.config.augment) == (1, 3, False)
        assert (card.data.name, card.data.rows, card.data.trained_rows) == ("train.csv", 300, 260)
        assert len(card.history) == 1
        assert measured.startswith(f"mine: {card.accuracy:.4f} of 30 held-out rows read right")

        fresh = write(tmp_path / "fresh.csv", digits(100, seed=9))
        [measured] = command("evaluate", fresh, "--model", "mine", "--json").json
        assert measured["accuracy"] > 0.8
        [reading] = command("read", one, "--model", "mine", "--json").json
        assert reading["digit"] in range(10)
        assert {"mine"} <= {entry["name"] for entry in command("models", "--json").json}

        assert "named mine" in command(*arguments).mistake

    def test_a_worse_retrain_into_a_folder_leaves_the_model_there(
        self, command, table, tmp_path, home
    ):
        model(home / "models" / "mine")  # a name is taken only in the folder published in
        folder = model(tmp_path / "models" / "mine", accuracy=1.0)
        before = {path.name: path.read_bytes() for path in folder.iterdir()}
        arguments = ["train", table, *TRAIN, "--name", "mine", "--epochs", 1]
        result = command(*arguments, "--models-dir", tmp_path / "models")
        assert result.status == 2
        assert "kept the old one" in result.err
        assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
        assert [path.name for path in (tmp_path / "models").iterdir()] == ["mine"]
