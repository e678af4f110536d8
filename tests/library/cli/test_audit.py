"""`audit`: the list on the terminal, as a file and as JSON, and the corrected table."""

import json
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path

import numpy as np
import pytest
from helpers.commands import Result
from helpers.factories import digits, table_of

from recognizer.__main__ import main
from recognizer.audit import DROP, Decisions, decisions
from recognizer.cli import progress
from recognizer.datasets import fingerprint, read_digits
from recognizer.inference import Recognizer
from recognizer.models import seen_rows
from recognizer.records import Digits

pytestmark = pytest.mark.usefixtures("two_block")
MODEL = "two-block"


@pytest.fixture(autouse=True)
def _reads_the_bars(monkeypatch: pytest.MonkeyPatch) -> None:
    """The model knows `factories.digits`, in whose rows of ten each bar has its place."""

    def predict(_: Recognizer, images: np.ndarray) -> np.ndarray:
        bars = [images[:, 14 * (d // 5) + 1 :, 5 * (d % 5) + 1 :][:, :12, :4] for d in range(10)]
        read = np.argmax([bar.mean(axis=(1, 2)) for bar in bars], axis=0)
        return np.where(np.arange(10) == read[:, np.newaxis], 0.91, 0.01).astype(np.float32)

    monkeypatch.setattr(Recognizer, "predict", predict)


@pytest.fixture
def command(capsys) -> Callable[..., Result]:
    def run(*arguments: object) -> Result:
        status = main([str(argument) for argument in arguments])
        return Result(status, *capsys.readouterr())

    return run


@pytest.fixture
def sample() -> Digits:
    """60 rows, the 13th and the 26th with a wrong label."""
    made = digits(60)
    labels = made.labels.copy()
    labels[[12, 25]] = 3, 8
    return Digits(made.images, labels)


@pytest.fixture
def table(tmp_path: Path, sample: Digits) -> Path:
    path = tmp_path / "train.csv"
    path.write_bytes(table_of(sample))
    return path


def test_the_rows_to_check_are_listed_and_written(command, table, tmp_path):
    done = command("audit", table, "--model", MODEL, "--out", tmp_path / "audit.csv")
    assert (done.status, done.err) == (0, "")
    assert "2 of 60 labels are probably wrong (an estimated 2 in all)" in done.out
    rows = (tmp_path / "audit.csv").read_text().splitlines()[1:]
    assert [row.split(",")[:3] for row in rows] == [["13", "3", "2"], ["26", "8", "5"]]


def test_rows_that_the_model_has_seen_are_named_and_left_out(command, table, sample, monkeypatch):
    monkeypatch.setattr(seen_rows, "is_seen", lambda *_: np.arange(60) < 13)
    done = command("audit", table, "--model", MODEL)
    assert "13 rows are left out, as two-block has learned from them: 1, 2, 3, 4, 5, …" in done.out
    assert "1 of 47 labels" in done.out
    monkeypatch.setattr(seen_rows, "is_seen", lambda *_: np.ones(60, bool))
    assert "choose a model" in command("audit", table, "--model", MODEL).mistake


def test_several_models_judge_the_rows_that_they_have_not_seen(command, table, monkeypatch):
    known = {"two-block": np.arange(60) < 20, "single-conv": np.arange(60) >= 13}
    monkeypatch.setattr(seen_rows, "is_seen", lambda model, images: known[model.name])
    shown = []
    monkeypatch.setattr(
        progress, "bar", lambda: nullcontext(lambda *how_far: shown.append(how_far))
    )
    done = command("audit", table, "--model", MODEL, "--model", "single-conv")
    assert "7 rows are left out, as each of two-block, single-conv has learned" in done.out
    assert "2 of 53 labels" in done.out
    assert shown == [(40, 40 / 53), (53, 1.0)], "readings, not rows of the table"
    assert "no experiment" in command("audit", table, "--experiment", "fedcba98").mistake


def test_models_whose_rows_are_not_known_are_named(command, table, monkeypatch):
    monkeypatch.setattr(seen_rows, "is_seen", lambda *_: None)
    rest = "learned from is not known: it may have memorized wrong labels."
    assert f"Which rows two-block {rest}" in command("audit", table, "--model", MODEL).out
    both = command("audit", table, "--model", MODEL, "--model", "single-conv").out
    assert f"Which rows two-block and single-conv {rest.replace('it', 'they', 1)}" in both


def test_one_json_document_holds_everything(command, table):
    document = command("audit", table, "--model", MODEL, "--json").json
    assert (document["audited"], document["left_out"]) == (60, [])
    assert [row["row"] for row in document["rows"]] == [13, 26]
    assert document["rows"][0]["suggested"] == 2
    assert json.dumps(document)


def test_the_corrected_table_holds_what_was_decided_and_the_table_stays(
    command, table, sample, tmp_path
):
    before = table.read_bytes()
    decisions.save(fingerprint(sample), Decisions({12: 2, 25: DROP}))
    out = tmp_path / "corrected.csv"
    done = command("audit", table, "--model", MODEL, "--corrected", out)
    assert "59 rows; 1 relabelled, 1 dropped, 0 kept as they are" in done.out
    corrected = read_digits(out)
    assert corrected.labels[12] == 2
    assert np.array_equal(corrected.images, np.delete(sample.images, 25, axis=0))
    assert table.read_bytes() == before


def test_mistakes_are_one_line(command, table, tmp_path):
    unlabelled = tmp_path / "test.csv"
    unlabelled.write_bytes(table_of(Digits(digits(20).images, None)))
    assert "no label column" in command("audit", unlabelled, "--model", MODEL).mistake
    assert "is a table to read" in command("audit", table, "--out", table).mistake
    done = command("audit", table, "--model", MODEL, "--corrected", tmp_path / "c.csv")
    assert "Nothing was decided" in done.mistake
    assert not (tmp_path / "c.csv").exists()
