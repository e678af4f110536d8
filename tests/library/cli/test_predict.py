"""`predict` and `evaluate` on tables: any packing, any length, whole outputs or none."""

import gzip
import io
import json
import os
import re
import shlex
import signal
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

import cv2
import numpy as np
import pyarrow as pa
import pytest
from helpers.commands import Result
from helpers.factories import PIXEL_HEADER, digits, row, table, table_of
from pyarrow import parquet

from recognizer import datasets, evaluation
from recognizer.__main__ import main, parser
from recognizer.comparison import all_pairs
from recognizer.datasets import locations, submissions
from recognizer.datasets.submissions import probabilities_bytes, submission_bytes
from recognizer.inference import Recognizer
from recognizer.models import registry
from recognizer.preprocessing import to_mnist
from recognizer.records import Digits
from recognizer.system import home

pytestmark = pytest.mark.usefixtures("two_block")

SAMPLE = digits(60)
UNLABELLED = Digits(SAMPLE.images, None)
CSV = table_of(UNLABELLED)
MODEL = "single-conv"


@pytest.fixture
def command(capfd) -> Callable[..., Result]:
    """Run a command here."""

    def run(*arguments: object) -> Result:
        capfd.readouterr()
        try:
            status = main([str(argument) for argument in arguments])
        except SystemExit as leaving:
            status = leaving.code
        return Result(status, *capfd.readouterr())

    return run


@pytest.fixture(scope="module")
def probabilities() -> np.ndarray:
    """What the model reads, all at once."""
    return Recognizer.load(MODEL).predict(SAMPLE.images)


@pytest.fixture
def out(tmp_path) -> Path:
    """A submission to write, in a folder of its own."""
    (tmp_path / "out").mkdir()
    return tmp_path / "out" / "submission.csv"


def names(folder: Path) -> list[str]:
    """What is in a folder, hidden files too."""
    return [path.name for path in folder.iterdir()]


def kaggles_zip(test: bytes) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("train.csv", table_of(digits(7)))
        archive.writestr("test.csv", test)
    return packed.getvalue()


def as_parquet(sample: Digits) -> bytes:
    pixels = sample.images.reshape(len(sample), -1)
    file = io.BytesIO()
    parquet.write_table(pa.table({f"pixel{n}": pixels[:, n] for n in range(784)}), file)
    return file.getvalue()


PACKED = {
    "test.csv": CSV,
    "test.csv.gz": gzip.compress(CSV),
    "digit-recognizer.zip": kaggles_zip(CSV),
    "test.parquet": as_parquet(UNLABELLED),
}


class TestPredict:
    @pytest.mark.parametrize("name", PACKED)
    def test_the_submission_is_what_the_model_reads(
        self, command, tmp_path, out, probabilities, name
    ):
        (tmp_path / name).write_bytes(PACKED[name])
        result = command("predict", tmp_path / name, "--out", out, "--model", MODEL)
        assert (result.status, result.err) == (0, "")
        assert result.out == f"{tmp_path / name}: 60 digits read by {MODEL}, written to {out}\n"
        assert out.read_bytes() == submission_bytes(probabilities.argmax(axis=1))
        assert names(out.parent) == [out.name]

    def test_the_probabilities_are_written_beside_it(self, command, tmp_path, out, probabilities):
        (tmp_path / "test.csv").write_bytes(CSV)
        more = out.with_name("probs.csv")
        command(
            *("predict", tmp_path / "test.csv", "--out", out, "--model", MODEL),
            *("--probabilities", more),
        )
        assert more.read_bytes() == probabilities_bytes(probabilities)
        assert out.exists()

    def test_without_a_name_the_default_model_reads(self, command, tmp_path, out):
        (tmp_path / "test.csv").write_bytes(CSV)
        assert (
            registry.find_model().name
            in command("predict", tmp_path / "test.csv", "--out", out).out
        )

    def test_labels_are_told_and_measured(self, command, tmp_path, out, probabilities):
        path = tmp_path / "labelled.csv"
        path.write_bytes(table_of(SAMPLE))
        result = command("predict", path, "--out", out, "--model", MODEL)
        [entry] = command("evaluate", path, "--model", MODEL, "--json").json
        assert "has a label column" in result.out
        assert f"{MODEL}: {entry['accuracy']:.4f} of 60 read right" in result.out
        assert out.read_bytes() == submission_bytes(probabilities.argmax(axis=1))

    def test_kaggles_own_test_rows_are_read(self, command, out, data):
        result = command("predict", data / "digit-recognizer.zip", "--out", out, "--model", MODEL)
        assert "28,000 digits" in result.out
        assert out.read_bytes().count(b"\n") == 28_001

    @pytest.mark.parametrize("bad", [row("", 300).removeprefix(","), "1,2", row("x")])
    def test_a_bad_row_leaves_what_was_there(self, command, tmp_path, out, bad):
        (tmp_path / "test.csv").write_bytes(CSV + bad.encode() + b"\n")
        out.write_bytes(b"old")
        mistake = command("predict", tmp_path / "test.csv", "--out", out, "--model", MODEL).mistake
        assert mistake.startswith("Row 61")
        assert out.read_bytes() == b"old"
        assert names(out.parent) == [out.name]

    @pytest.mark.parametrize(
        ("arguments", "told"),
        [
            (["missing.csv", "--out", "out/s.csv"], "missing.csv"),
            (["test.csv", "--out", "nowhere/s.csv"], "nowhere/s.csv"),
            (["test.csv", "--out", "out"], "out is a folder"),
            (["test.csv", "--out", "test.csv"], "test.csv is a table to read"),
            (["test.csv", "--out", "./out/../test.csv"], "test.csv is a table to read"),
            (["test.csv", "--out", "out/s.csv", "--probabilities", "out/s.csv"], "name two"),
            (["s3://b/a%20b.csv", "--out", "s3://key:secret@b//a b.csv"], "is a table to read"),
            (["test.csv", "--out", "s3://b/s", "--probabilities", "s3://b/./s"], "name two"),
            (["test.csv", "--out", "out/s.csv", "--model", "no"], "'no'"),
            (["test.csv"], "--out"),
            (["test.csv", "--out", "out/s.csv", "--tls-cert", "me.pem"], "--cluster"),
            (["submission.csv", "--out", "out/s.csv"], "This is a submission"),
            (["empty.csv", "--out", "out/s.csv"], "no rows"),
        ],
    )
    def test_a_mistake_is_told_in_one_line_and_nothing_is_written(
        self, command, tmp_path, monkeypatch, out, arguments, told
    ):
        monkeypatch.chdir(tmp_path)
        Path("test.csv").write_bytes(CSV)
        Path("submission.csv").write_bytes(b"ImageId,Label\n1,0\n")
        Path("empty.csv").write_bytes(table(header=PIXEL_HEADER))
        assert told in command("predict", *arguments).mistake
        assert names(out.parent) == []
        assert Path("test.csv").read_bytes() == CSV

    def test_a_terminal_sees_how_far_it_is(self, command, tmp_path, out, monkeypatch):
        monkeypatch.setattr("recognizer.cli.progress._PAUSE", 0)
        (tmp_path / "test.csv").write_bytes(CSV)
        monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
        result = command("predict", tmp_path / "test.csv", "--out", out, "--model", MODEL)
        lines = result.err.split("\r")
        assert re.fullmatch(r"\[#{20}\] 100%  60 rows  [\d,]+ rows/s  0:00 left *", lines[-3])
        assert lines[-2].strip() == ""
        assert "rows/s" not in result.out


def run(*arguments: object, given: bytes = b"") -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, "-m", "recognizer", *map(str, arguments)],
        cwd=home.PROJECT,
        input=given,
        capture_output=True,
        check=False,
    )


class TestAsAProgram:
    @pytest.mark.parametrize("name", ["test.csv", "test.csv.gz", "digit-recognizer.zip"])
    def test_a_pipe_is_read(self, out, probabilities, name):
        result = run("predict", "-", "--out", out, "--model", MODEL, given=PACKED[name])
        assert (result.returncode, result.stderr) == (0, b"")
        assert out.read_bytes() == submission_bytes(probabilities.argmax(axis=1))

    def test_a_pipe_is_measured(self):
        result = run("evaluate", "-", "--model", MODEL, "--json", given=table_of(SAMPLE))
        [entry] = json.loads(result.stdout)
        assert entry["n"] == 60

    def test_a_cut_pipe_is_told(self, out):
        given = gzip.compress(CSV)[:-50]
        result = run("predict", "-", "--out", out, "--model", MODEL, given=given)
        assert result.returncode == 2
        assert b"is damaged or cut short" in result.stderr
        assert names(out.parent) == []

    def test_one_csv_imports_neither_dask_nor_anything_else_that_is_heavy(self, tmp_path, out):
        (tmp_path / "test.csv").write_bytes(CSV)
        code = (
            "import sys; from recognizer.__main__ import main; "
            f"assert main(['predict', r'{tmp_path / 'test.csv'}', '--out', r'{out}']) == 0; "
            "print(*sys.modules)"
        )
        result = subprocess.run(
            [sys.executable, "-c", code],
            cwd=home.PROJECT,
            capture_output=True,
            text=True,
            check=True,
        )
        loaded = {name.split(".")[0] for name in result.stdout.split()}
        heavy = {"dask", "distributed", "pyarrow", "fsspec", "pandas", "keras", "tensorflow"}
        assert "ai_edge_litert" in loaded
        assert not loaded & heavy

    @pytest.mark.skipif(os.name == "nt", reason="has other signals")
    @pytest.mark.parametrize(
        ("name", "rows"), [("SIGINT", 9), ("SIGTERM", 9), ("SIGHUP", 9), ("SIGTERM", 6_000)]
    )
    def test_one_that_is_told_to_end_leaves_no_file(self, out, name, rows):
        number = signal.Signals[name]
        process = subprocess.Popen(
            [sys.executable, "-m", "recognizer", "predict", "-", "--out", out, "--model", MODEL],
            cwd=home.PROJECT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            # tests that run in the background have their children ignore Ctrl-C, or a hang-up
            preexec_fn=lambda: signal.signal(
                number, signal.default_int_handler if name == "SIGINT" else signal.SIG_DFL
            ),
        )
        with process:
            process.stdin.write(table(*[row(0)[2:]] * rows, header=PIXEL_HEADER))
            process.stdin.flush()
            while not names(out.parent):
                assert process.poll() is None
                time.sleep(0.01)
            process.send_signal(number)
            assert process.wait(60) == 128 + number
            process.stdin.close()
            assert b"Traceback" not in process.stderr.read()
        assert names(out.parent) == []

    @pytest.mark.skipif(not hasattr(signal, "SIGHUP"), reason="has other signals")
    def test_what_nohup_ignores_stays_ignored(self, command, tmp_path, out, monkeypatch):
        heard = []
        add = submissions.Writer.add
        monkeypatch.setattr(
            submissions.Writer,
            "add",
            lambda *piece: (heard.append(signal.getsignal(signal.SIGHUP)), add(*piece)),
        )
        (tmp_path / "test.csv").write_bytes(CSV)
        before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
        try:
            command("predict", tmp_path / "test.csv", "--out", out, "--model", MODEL)
            assert heard == [signal.SIG_IGN]
            assert signal.getsignal(signal.SIGHUP) == signal.SIG_IGN
        finally:
            signal.signal(signal.SIGHUP, before)


class TestEvaluate:
    def test_several_models_are_measured_in_one_pass(self, command, tmp_path, monkeypatch):
        path = tmp_path / "labelled.csv"
        path.write_bytes(table_of(SAMPLE))
        opened, open_binary = [], locations.open_binary
        monkeypatch.setattr(
            locations, "open_binary", lambda name: opened.append(name) or open_binary(name)
        )
        entries = command("evaluate", path, "--model", MODEL, "--model", "two-block", "--json").json
        assert [entry["model"] for entry in entries] == [MODEL, "two-block"]
        assert len(opened) == 1

    def test_a_verdict_on_many_pieces_is_that_on_all_rows(self, command, tmp_path, monkeypatch):
        path = tmp_path / "labelled.csv"
        path.write_bytes(table_of(SAMPLE))
        models = ("single-conv", "softmax", "compact")
        read = {
            name: Recognizer.load(name).predict(SAMPLE.images).argmax(axis=1) for name in models
        }
        expected = [one.words for one in all_pairs(SAMPLE.labels, read)]
        pieces, whole = [], evaluation.compare

        def compare(labels, first, second):
            pieces.append(len(labels))
            return whole(labels, first, second)

        monkeypatch.setattr(evaluation, "compare", compare)
        monkeypatch.setattr(datasets, "stream_digits", partial(datasets.stream_digits, rows=25))
        named = [word for name in models for word in ("--model", name)]
        assert command("evaluate", path, *named).out.splitlines()[-3:] == expected
        assert pieces == [25] * 6 + [10] * 3
        command("evaluate", path, *named, "--json")
        assert len(pieces) == 9

    def test_kaggles_zip_gives_its_labelled_rows(self, command, tmp_path):
        (tmp_path / "digits.zip").write_bytes(PACKED["digit-recognizer.zip"])
        [entry] = command("evaluate", tmp_path / "digits.zip", "--model", MODEL, "--json").json
        assert entry["n"] == 7


@pytest.mark.parametrize("name", ["README.md", "docs/cluster.md"])
def test_the_documented_commands_are_understood(name):
    text = (home.PROJECT / name).read_text(encoding="utf-8").replace("\\\n", " ")
    found = r"^python -m (recognizer (?:predict|evaluate) .*?)(?: {2,}#.*)?$"
    commands = re.findall(found, text, re.MULTILINE)
    assert len(commands) >= 2
    for command in commands:
        options = parser().parse_args(shlex.split(command)[1:])
        assert options.command in command


class TestSeveralModels:
    NAMES = ("single-conv", "two-block")
    MODELS = ("--model", "single-conv", "--model", "two-block")

    def mean(self, images: np.ndarray) -> np.ndarray:
        return np.mean([Recognizer.load(name).predict(images) for name in self.NAMES], axis=0)

    def test_predict_averages_their_probabilities_and_says_the_cost(self, command, tmp_path, out):
        path, probs = tmp_path / "test.csv", out.parent / "probs.csv"
        path.write_bytes(CSV)
        done = command("predict", path, "--out", out, "--probabilities", probs, *self.MODELS)
        assert done.status == 0, done.err
        assert "read by single-conv + two-block" in done.out
        assert re.search(r"ms a row: single-conv \d\.\d+, two-block \d\.\d+\.", done.out)
        expected = self.mean(SAMPLE.images)
        assert out.read_bytes() == submission_bytes(expected.argmax(axis=1))
        written = np.loadtxt(probs, delimiter=",", skiprows=1)[:, 1:]
        assert np.allclose(written, expected, atol=1e-6)

    def test_evaluate_measures_the_mean_beside_them(self, command, tmp_path):
        path = tmp_path / "train.csv"
        path.write_bytes(table_of(SAMPLE))
        entries = command("evaluate", path, *self.MODELS, "--average", "--json").json
        assert [one["model"] for one in entries] == [*self.NAMES, " + ".join(self.NAMES)]
        right = self.mean(SAMPLE.images).argmax(axis=1) == SAMPLE.labels
        assert entries[2]["accuracy"] == right.mean()
        assert entries[2]["seen_rows"] == {"single-conv": 0, "two-block": 0}
        said = command("evaluate", path, *self.MODELS, "--average").out
        assert "None of these rows is known to single-conv or two-block." in said
        assert "single-conv + two-block: " in said

    def test_read_averages_a_picture(self, command, tmp_path):
        path = tmp_path / "one.png"
        ink = np.full((100, 100), 255, np.uint8)
        ink[20:80, 45:55] = 0
        cv2.imwrite(str(path), ink)
        [entry] = command("read", path, *self.MODELS, "--json").json
        seen = to_mnist(ink)
        expected = self.mean(seen[np.newaxis])[0]
        assert entry["digit"] == expected.argmax() == 1
        assert entry["confidence"] == pytest.approx(expected.max(), abs=1e-6)

    def test_where_they_cannot_be_averaged_it_is_said(self, command, tmp_path, out):
        path = tmp_path / "train.csv"
        path.write_bytes(table_of(SAMPLE))
        more = tmp_path / "more.csv"
        more.write_bytes(CSV)
        for arguments, words in (
            (("predict", path, more, "--out", out.parent, *self.MODELS), "one table at a time"),
            (("predict", path, "--out", out, "--model", MODEL, "--model", MODEL), "once"),
            (("evaluate", path, "--model", MODEL, "--average"), "two or more"),
            (("read", "a.png", "--several", *self.MODELS), "--several"),
            (("read", "a.png", "--hand", "me", *self.MODELS), "--hand"),
        ):
            assert words in command(*arguments).mistake
