"""Reading on several processes: the same submissions, whatever dies, in the order of the tables."""

import gzip
import itertools
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import partial
from types import SimpleNamespace

import cv2
import numpy as np
import pytest
from helpers.commands import Result
from helpers.factories import PIXEL_HEADER, digits, one_line, row, table, table_of

from pages.shared.canvas.examples import example
from recognizer.__main__ import main
from recognizer.cli import outputs
from recognizer.cluster import client as cluster_client
from recognizer.cluster import partitions, worker
from recognizer.cluster.pictures import NumberReader
from recognizer.datasets.locations import Place, expand
from recognizer.datasets.submissions import probabilities_bytes, submission_bytes
from recognizer.errors import DataError, SettingError
from recognizer.imaging.strokes import render
from recognizer.inference import Recognizer
from recognizer.models import registry
from recognizer.records import Digits
from recognizer.system import home

MODEL = "single-conv"
SAMPLE = digits(2_000)
CSV = table_of(Digits(SAMPLE.images, None))


@pytest.fixture(scope="module")
def probabilities() -> np.ndarray:
    """What the model reads, all at once."""
    return Recognizer.load(MODEL).predict(SAMPLE.images)


@pytest.fixture(scope="module")
def running() -> Iterator[tuple[cluster_client.LocalCluster, cluster_client.Client]]:
    """Two workers that only who has the key can reach."""
    with cluster_client.local(workers=2) as client:
        yield client.cluster, client


@pytest.fixture
def client(running) -> cluster_client.Client:
    return running[1]


@pytest.fixture
def small_blocks(monkeypatch) -> None:
    """As if a block were some 40 rows."""
    monkeypatch.setattr(partitions, "plan", partial(partitions.plan, block=80_000))


def submission(of: np.ndarray) -> bytes:
    return submission_bytes(of.argmax(axis=1))


def ids_of_workers(client: cluster_client.Client) -> list[int]:
    return list(client.run(os.getpid).values())


class TestReading:
    pytestmark = pytest.mark.usefixtures("small_blocks")

    def read(self, client, paths, kill=lambda: None, **options) -> list[worker.BlockPredictions]:
        tables = expand(list(map(str, paths)))
        answers = []
        with cluster_client.TablePredictor(
            client, registry.find_model(MODEL), tables, **options
        ) as reading:
            for place in tables:
                for answer in reading.predict(place):
                    answers.append(answer)
                    if len(answers) == 3:
                        kill()
            assert reading.share == pytest.approx(1)
        return answers

    def test_the_blocks_come_in_order(self, client, tmp_path, probabilities):
        (tmp_path / "test.csv").write_bytes(CSV)
        answers = self.read(client, [tmp_path / "test.csv"], probabilities=True)
        assert len(answers) > 10
        found = np.concatenate([answer.probabilities for answer in answers])
        assert found == pytest.approx(probabilities, abs=1e-5)
        labels = np.concatenate([answer.labels for answer in answers])
        assert (labels == found.argmax(axis=1)).all()

    def test_a_worker_that_dies_costs_nothing_but_time(self, client, tmp_path, probabilities):
        (tmp_path / "test.csv").write_bytes(CSV)
        before = ids_of_workers(client)
        answers = self.read(
            client, [tmp_path / "test.csv"], kill=lambda: os.kill(before[0], signal.SIGKILL)
        )
        labels = np.concatenate([answer.labels for answer in answers])
        assert (labels == probabilities.argmax(axis=1)).all()
        client.wait_for_workers(2, timeout=60)
        assert before[0] not in ids_of_workers(client)

    def test_a_worker_loads_its_model_once(self, client, tmp_path):
        (tmp_path / "test.csv").write_bytes(CSV)
        client.wait_for_workers(2, timeout=60)
        client.run(count_loads)
        assert len(self.read(client, [tmp_path / "test.csv"])) > 10
        assert list(client.run(loads).values()) == [1, 1]

    def test_a_bad_row_is_counted_from_its_tables_start_and_the_others_are_read(
        self, client, tmp_path
    ):
        good = row(1)[2:]
        (tmp_path / "bad.csv").write_bytes(
            table(*[good] * 500, good[:-1] + "x", *[good] * 500, header=PIXEL_HEADER)
        )
        (tmp_path / "good.csv").write_bytes(CSV)
        tables = [Place(str(tmp_path / name)) for name in ("bad.csv", "missing.csv", "good.csv")]
        with cluster_client.TablePredictor(client, registry.find_model(MODEL), tables) as reading:
            with pytest.raises(DataError, match=r"^Row 501, column 784 holds 'x'"):
                list(reading.predict(tables[0]))
            with pytest.raises(DataError, match=r"missing\.csv"):
                list(reading.predict(tables[1]))
            assert sum(len(answer.labels) for answer in reading.predict(tables[2])) == 2_000

    def test_what_was_counted_by_parts_is_what_the_whole_gives(self, client, tmp_path):
        (tmp_path / "train.csv").write_bytes(table_of(SAMPLE))
        answers = self.read(client, [tmp_path / "train.csv"])
        total = sum((answer.tally for answer in answers[1:]), answers[0].tally)
        labels = np.concatenate([answer.labels for answer in answers])
        assert total.n == 2_000
        assert np.trace(total.confusion) == (labels == SAMPLE.labels).sum()

    def test_a_table_without_rows_is_told(self, client, tmp_path):
        (tmp_path / "empty.csv").write_bytes(table(header=PIXEL_HEADER))
        with pytest.raises(DataError, match="no rows"):
            self.read(client, [tmp_path / "empty.csv"])


def count_loads() -> None:
    """On a worker: count how often a model is loaded from now on."""
    from recognizer.cluster import worker

    class Counting(Recognizer):
        loads = 0

        def __init__(self, *arguments, **options):
            super().__init__(*arguments, **options)
            Counting.loads += 1

    worker.Recognizer = Counting


def loads() -> int:
    from recognizer.cluster import worker

    return worker.Recognizer.loads


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


class TestCommand:
    @pytest.fixture
    def tls(self, running, tmp_path) -> list[object]:
        """The arguments that let one in."""
        security = running[0].security
        files = {"ca-file": security.tls_ca_file, "cert": security.tls_client_cert}
        arguments = ["--cluster", running[0].scheduler_address]
        for name, pem in {**files, "key": security.tls_client_key}.items():
            (tmp_path / f"{name}.pem").write_text(pem)
            arguments += [f"--tls-{name}", tmp_path / f"{name}.pem"]
        return arguments

    def test_one_table_on_a_cluster_over_tls(self, command, tmp_path, tls, probabilities):
        (tmp_path / "test.csv").write_bytes(CSV)
        (tmp_path / "out").mkdir()
        result = command(
            *("predict", tmp_path / "test.csv", "--out", tmp_path / "out" / "mine.csv"),
            *("--probabilities", tmp_path / "out" / "probs.csv", "--model", MODEL, *tls),
        )
        assert (result.status, result.err) == (0, "")
        assert (tmp_path / "out" / "mine.csv").read_bytes() == submission(probabilities)
        lines = (tmp_path / "out" / "probs.csv").read_bytes().splitlines()
        assert len(lines) == len(probabilities_bytes(probabilities).splitlines())

    def test_a_terminal_sees_how_far_all_tables_are(self, command, tmp_path, tls, monkeypatch):
        for name in ("a.csv", "b.csv"):
            (tmp_path / name).write_bytes(CSV)
        ticks = SimpleNamespace(monotonic=itertools.count().__next__)  # a second a look
        monkeypatch.setattr("recognizer.cli.progress.time", ticks)
        monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
        result = command(
            *("predict", tmp_path / "a.csv", tmp_path / "b.csv", "--out", tmp_path / "out"),
            *("--model", MODEL, *tls),
        )
        assert result.status == 0
        lines = [line.strip() for line in result.err.split("\r")]
        assert lines == [
            f"[{'#' * 10:20}]  50%  2,000 rows  2,000 rows/s  0:01 left",
            "",  # for what is told of the first table
            f"[{'#' * 20}] 100%  4,000 rows  2,000 rows/s  0:00 left",
            *("", "", ""),
        ]

    def test_pictures_of_numbers_are_rows_in_their_order(self, command, tmp_path, tls):
        """A broken picture is a row with its reason."""
        folder = tmp_path / "scans"
        folder.mkdir()
        texts = {f"{n:03}": number for n, number in enumerate(["42", "7", "275"] * 14)}
        pictures = {name: picture_of(text) for name, text in texts.items()}
        for name, content in pictures.items():
            (folder / f"{name}.png").write_bytes(content)
        (folder / "020.png").write_bytes(b"torn")
        out = tmp_path / "numbers.csv"
        arguments = ("read", "--several", "--out", out, "--model", MODEL)
        result = command(*arguments, folder, *tls)
        assert (result.status, result.err) == (0, "")
        here = tmp_path / "here.csv"
        assert command(*arguments[:3], here, *arguments[4:], folder).status == 0
        assert out.read_text() == here.read_text()
        rows = [line.split(",") for line in out.read_text().splitlines()[1:]]
        assert [row[0].removesuffix(".png")[-3:] for row in rows] == list(texts)
        assert "expected" in rows[20][5]

    def test_a_cluster_reads_tables_of_numbers_only(self, command, tmp_path, tls):
        (tmp_path / "a.png").write_bytes(picture_of("7"))
        assert "--several and --out" in command("read", tmp_path / "a.png", *tls).mistake

    def test_who_has_no_key_is_not_let_in(self, command, tmp_path, tls, monkeypatch):
        monkeypatch.setattr(cluster_client, "_TIMEOUT", 1)
        (tmp_path / "test.csv").write_bytes(CSV)
        address = tls[1]
        for arguments in (["--cluster", address], ["--cluster", address.replace("tls", "tcp")]):
            result = command("predict", tmp_path / "test.csv", "--out", tmp_path / "o", *arguments)
            assert result.mistake.startswith("No Dask scheduler at ")

    def test_a_scheduler_that_is_not_there_is_told(self, command, tmp_path, monkeypatch):
        monkeypatch.setattr(cluster_client, "_TIMEOUT", 1)
        (tmp_path / "test.csv").write_bytes(CSV)
        for address in ("tcp://127.0.0.1:9", "nowhere", "http://127.0.0.1:9", ":"):
            arguments = ("predict", tmp_path / "test.csv", "--out", tmp_path / "o", "--cluster")
            assert one_line(command(*arguments, address).mistake).startswith("No Dask scheduler")

    def test_a_pipe_is_refused(self, command, tmp_path):
        mistake = command("predict", "-", "a.csv", "--out", tmp_path / "out").mistake
        assert mistake.startswith("A pipe is read by itself")

    def test_without_the_extra_it_says_how_to_get_it(self, command, tmp_path, monkeypatch):
        for name in ("recognizer.cluster.client", "recognizer.cluster.worker"):
            monkeypatch.delitem(sys.modules, name, raising=False)
        monkeypatch.delattr("recognizer.cluster.client", raising=False)
        monkeypatch.setitem(sys.modules, "distributed", None)
        mistake = command("predict", "a.csv", "b.csv", "--out", tmp_path / "out").mistake
        assert "`make cluster`" in mistake


def test_a_worker_that_dies_while_it_reads_pictures_costs_nothing_but_time(tmp_path):
    (tmp_path / "7.png").write_bytes(picture_of("7"))
    (tmp_path / "42.png").write_bytes(picture_of("42"))
    names = [str(tmp_path / f"{one}.png") for one in ("7", "42") * 60]
    read = []
    with (
        cluster_client.local(workers=2) as client,
        NumberReader(client, registry.find_model(MODEL)) as reader,
    ):
        for name, rows in reader.read(names):
            if not read:
                os.kill(ids_of_workers(client)[0], signal.SIGKILL)
            read.append((name, rows[0][0]))
    assert read == [(name, name) for name in names]


def test_pictures_of_numbers_come_from_a_bucket_too(bucket):
    """To workers that know the bucket as this process does."""
    names = [f"s3://digits/scans/{number}.png" for number in ("42", "7")]
    for name in names:
        bucket.put(name.removeprefix("s3://digits/"), picture_of(name[-6:-4].lstrip("/")))
    with (
        cluster_client.local(workers=1) as client,
        NumberReader(client, registry.find_model(MODEL)) as reader,
    ):
        read = {name: rows[0][2] for name, rows in reader.read(names)}
    assert read == dict(zip(names, ("22", "7"), strict=True))


def picture_of(number: str) -> bytes:
    """Return a number drawn side by side, a PNG."""
    strokes = {"2": "Looped 2", "7": "7 with a bar", "8": "8 in one stroke"}
    names = [strokes.get(digit, "Looped 2") for digit in number]
    drawn = [render([np.array(one) for one in example(name, 280)], pen=14) for name in names]
    return cv2.imencode(".png", np.hstack(drawn))[1].tobytes()


def test_many_tables_start_processes_here_and_each_has_its_submission(
    bucket, tmp_path, probabilities
):
    folder = tmp_path / "in"
    (folder / "deep").mkdir(parents=True)
    (folder / "b.csv").write_bytes(CSV)
    (folder / "a.csv.gz").write_bytes(gzip.compress(CSV))
    (folder / "deep" / "b.csv").write_bytes(table_of(SAMPLE))
    (folder / "bad.csv").write_bytes(table("1,2", header=PIXEL_HEADER))
    bucket.put("many/one.csv", CSV)
    here = ["predict", f"{folder}/**/*", "--out", tmp_path / "out", "--model", MODEL]
    result = program(*here)
    assert result.returncode == 2
    told = "Row 1 has 2 columns: expected 784, as in the header."
    assert result.stderr == f"{folder / 'bad.csv'}: {told}\n"
    assert "deep/b.csv: 2,000 digits" in result.stdout
    assert "has a label column" in result.stdout
    written = {
        path.relative_to(tmp_path / "out").as_posix(): path.read_bytes()
        for path in (tmp_path / "out").rglob("*")
        if path.is_file()
    }
    expected = submission(probabilities)
    assert written == {"a.csv": expected, "b.csv": expected, "deep/b.csv": expected}

    there = ["predict", "s3://digits/many/*.csv", "--out", "s3://digits/out", "--model", MODEL]
    result = program(*there)
    assert (result.returncode, result.stderr) == (0, "")
    assert bucket.get("out/one.csv") == expected
    assert {key for key in bucket.keys if key.startswith("out/one")} == {"out/one.csv"}


def program(*arguments: object) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, "-m", "recognizer", *map(str, arguments)],
        cwd=home.PROJECT,
        capture_output=True,
        text=True,
        check=False,
    )


class TestTargets:
    def targets(self, *tables: str, to: str = "out", single: bool = False) -> list[str | None]:
        return outputs.targets([Place(one) for one in tables], to, single=single)

    @pytest.fixture(autouse=True)
    def _here(self, tmp_path, monkeypatch):
        monkeypatch.chdir(tmp_path)

    def test_a_table_keeps_its_name_and_what_tells_it_from_the_others(self):
        assert self.targets("/data/test.csv") == ["out/test.csv"]
        assert self.targets("/d/a.csv.gz", "/d/b.parquet") == ["out/a.csv", "out/b.csv"]
        assert self.targets("/d/x/test.csv", "/d/y/test.csv") == [
            *("out/x/test.csv", "out/y/test.csv")
        ]
        assert self.targets("s3://b/x/t.csv", "s3://b/y/t.csv", to="s3://b/out/") == [
            *("s3://b/out/x/t.csv", "s3://b/out/y/t.csv")
        ]
        assert self.targets("s3://b/x/t.csv", "/d/u.csv") == ["out/t.csv", "out/u.csv"]

    def test_its_folder_is_made(self, tmp_path):
        outputs.make_folders([*self.targets("/d/x/test.csv", "/d/y/test.csv"), None])
        assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["x", "y"]

    def test_one_table_may_have_a_file(self):
        assert self.targets("/d/test.csv", to="mine.csv", single=True) == ["mine.csv"]
        assert outputs.targets([Place("a")], None, single=True) == [None]

    @pytest.mark.parametrize(
        ("tables", "to"),
        [
            (("/d/a.csv", "/d/sub/a.csv"), "/d/sub"),  # the first one's file is the second one
            (("s3://b/in/a.csv", "s3://b/in/b.csv"), "s3://b/in"),
            (("s3://b/in/an%20a.csv",), "s3://key:secret@b/in/"),
            (("/d/a.csv", "/d/b.csv"), "file:///d"),
        ],
    )
    def test_no_table_is_written_over(self, tables, to):
        with pytest.raises(SettingError, match="is a table to read"):
            outputs.check(tables, self.targets(*tables, to=to))

    def test_tables_elsewhere_are_no_target(self):
        tables = ("/d/a.csv", "s3://b/a#1.csv", "gs://b/out/a.csv", "-")
        outputs.check(tables, ["/d/out/a.csv", "s3://b/a#2.csv", "s3://b/out/a.csv", None])

    @pytest.mark.parametrize("to", ["out", "s3://b/out"])
    def test_submissions_and_probabilities_never_have_the_same(self, to):
        outs, more = (self.targets("/d/a.csv", "/d/b.csv", to=one) for one in (to, f"{to}/"))
        with pytest.raises(SettingError, match=r"out/a.csv would be written twice: name two"):
            outputs.check(["/d/a.csv", "/d/b.csv"], [*outs, *more])

    def test_a_refused_command_leaves_nothing(self, tmp_path, capfd):
        arguments = ["a.csv", "out/a.csv", "--out", "out", "--probabilities", "more"]
        assert main(["predict", *arguments]) == 2
        assert "out/a.csv is a table to read" in capfd.readouterr().err
        assert list(tmp_path.iterdir()) == []

    @pytest.mark.parametrize("tables", [("/d/a.csv", "/d/a.csv.gz"), ("s3://b/a.csv", "/d/a.csv")])
    def test_two_tables_never_have_the_same(self, tables):
        with pytest.raises(SettingError, match=r"out/a\.csv"):
            self.targets(*tables)
