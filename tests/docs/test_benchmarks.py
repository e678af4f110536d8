"""The published figures are the measured ones, and the benchmark runs."""

import gzip
import json
import re
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from helpers.factories import CARD, digits, table_of

from benchmarks import __main__, results, tables
from benchmarks.bench import DIGITS, LETTERS, STROKES, Bench
from benchmarks.helpers.shapes import SHAPES
from benchmarks.pages import models_page
from benchmarks.parts import batch, learning, pen_up, reading, speed
from recognizer.imaging.strokes import CONDITIONS
from recognizer.models import registry
from recognizer.models.registry import StoredModel
from recognizer.records import Digits, TrainingConfig

needs_results = pytest.mark.skipif(
    not results.FILE.exists(), reason="benchmarks/results.json is not there: run `make bench`"
)


@needs_results
def test_every_table_in_the_documents_is_the_measured_one():
    shown = [tables.blocks(page.read_text(encoding="utf-8")) for page in __main__.PAGES]
    assert {name for blocks in shown for name in blocks} == set(tables.TABLES)
    measured = results.read()
    for blocks in shown:
        for name, table in blocks.items():
            assert table == tables.render(measured, name), "run `python -m benchmarks --tables`"


@needs_results
def test_the_cards_say_what_was_measured():
    measured = results.read()["rows"]["models"]
    cards = {model.name: model.card for model in registry.list_models(registry.SHIPPED).available}
    assert set(measured) == set(cards)
    for name, card in cards.items():
        assert (measured[name]["accuracy"], measured[name]["n"]) == (
            round(card.accuracy, 4),
            card.n,
        )
        assert measured[name]["interval"] == [round(bound, 4) for bound in card.interval]


def test_the_page_of_the_models_shows_their_cards():
    shown = models_page.PAGE.read_text(encoding="utf-8")
    assert shown == models_page.page(), "run `python -m benchmarks.pages.models_page`"


def test_a_models_page_has_its_curves_and_its_confusion_matrix():
    counts = np.diag([100] * 10)
    counts[4, [4, 9]] = 93, 7
    card = replace(CARD, confusion=tuple(map(tuple, counts.tolist())))
    text = models_page.section(StoredModel("mine", Path("mine"), card))
    assert "| 2 | 0.2500 | 0.9000 |  |  |" in text
    assert "| **4** |  |  |  |  | 93 |  |  |  |  | 7 |" in text


@needs_results
@pytest.mark.parametrize("part", ["reading", "rows", "ensemble"])
def test_the_shipped_models_are_the_measured_ones(part):
    assert results.read()[part]["weights"] == Bench(None, registry.SHIPPED).weights


@needs_results
def test_every_part_is_measured_with_its_n_and_tells_no_path():
    measured = results.read()
    assert list(measured) == ["machine", *__main__.PARTS]
    assert measured["reading"]["n"] > 1000
    assert not re.search(r'"[^"]*(/home/|/work/|/root/|/Users/)', results.FILE.read_text())


@needs_results
def test_the_default_model_reads_as_well_as_we_aim_at():
    conditions = results.read()["reading"]["conditions"]
    assert set(conditions) == {*CONDITIONS, "photographed paper"}
    assert len(CONDITIONS) == 6
    for name in Bench(None, registry.SHIPPED).compared:
        for condition in CONDITIONS:
            assert conditions[condition][name]["share"] >= 0.94, (name, condition)
        assert conditions["photographed paper"][name]["share"] >= 0.92, name


NOT_REACHED = {  # of the default model: what is measured, and the least that we aim at
    "pen drawings": (lambda part, name: part["conditions"]["random"][name]["share"], 0.993),
    "in any condition": (
        lambda part, name: min(part["conditions"][one][name]["share"] for one in CONDITIONS),
        0.991,
    ),
    "calibration": (lambda part, name: 1 - part["calibration_error_random"][name], 0.997),
    "letters": (lambda part, name: part["doubt_random"][name]["letters_at_1_percent"], 0.985),
}


@needs_results
@pytest.mark.xfail(strict=True, reason="98.7, 98.3, 99.2 and 92.8 %")
@pytest.mark.parametrize("aim", NOT_REACHED)
def test_the_default_model_is_as_good_as_we_aim_at(aim):
    measure, least = NOT_REACHED[aim]
    assert (
        measure(results.read()["reading"], registry.find_model(None, registry.SHIPPED).name)
        >= least
    )


@needs_results
def test_the_mean_of_the_peoples_own_shares_is_what_we_aim_at():
    default = registry.find_model(None, registry.SHIPPED).name
    assert results.read()["reading"]["of_people_random"][default]["share"] >= 0.996


@needs_results
def test_cells_of_a_printed_sheet_are_found_and_one_digit_is_not_taken_for_several():
    measured = results.read()["numbers"]
    assert measured["forms"]["in place"]["share"] == 1
    assert measured["single_taken_for_several"]["share"] <= 0.005


@needs_results
@pytest.mark.xfail(strict=True, reason="0.9964")
def test_the_default_model_reads_rows_as_well_as_we_aim_at():
    default = registry.find_model(None, registry.SHIPPED).name
    assert results.read()["rows"]["models"][default]["accuracy"] >= 0.997


PICTURES = {  # of each kind the least share that is read right that we aim at
    "ruled paper": 0.95,
    "squared paper": 0.95,
    "a sheet on a table": 0.95,
    "a scan with a dark strip": 0.97,
    "a window's border": 0.97,
    "in a printed box": 0.92,
    "circled": 0.85,
    "underlined": 0.95,
    "an MNIST image in a notebook": 0.95,
    "coloured ink as bright as its paper": 0.90,
}
MOST_WRONG = 0.02  # of pictures of a kind that are read wrong without a doubt
MORE_WRONG = {"circled": "4.0 %", "underlined": "2.5 %", "an MNIST image in a notebook": "3.0 %"}


def kinds(missed: dict[str, str]) -> list:
    """Every kind of picture; of one that misses the aim it is known how far."""
    fails = pytest.mark.xfail
    return [
        pytest.param(kind, marks=fails(strict=True, reason=missed[kind]))
        if kind in missed
        else kind
        for kind in PICTURES
    ]


@needs_results
@pytest.mark.parametrize("kind", PICTURES)
def test_pictures_of_each_kind_are_read_as_well_as_we_aim_at(kind):
    assert results.read()["pictures"]["kinds"][kind]["share"] >= PICTURES[kind]


@needs_results
@pytest.mark.parametrize("kind", kinds(MORE_WRONG))
def test_few_pictures_of_each_kind_are_read_wrong_without_a_doubt(kind):
    part = results.read()["pictures"]
    assert part["n"] >= 200
    assert part["kinds"][kind]["wrong_not_doubted"] <= MOST_WRONG * part["n"]


@needs_results
def test_the_default_model_is_as_small_and_quick_as_we_aim_at():
    measured, default = results.read(), registry.find_model(None, registry.SHIPPED).name
    assert measured["speed"]["models"][default]["canvas_to_reading_ms"]["median"] <= 1.5
    assert measured["rows"]["models"][default]["tflite_bytes"] <= 6e6


@needs_results
def test_it_is_as_quick_as_we_aim_at_and_imports_no_tensorflow():
    measured = results.read()
    assert measured["speed"]["canvas_to_28x28_ms"]["median"] < 1
    for name, model in measured["speed"]["models"].items():
        assert model["canvas_to_reading_ms"]["median"] < 2, name
    assert measured["pen_up"]["ratio"] <= 1.3
    assert measured["startup"]["imports_tensorflow_or_keras"] is False
    assert measured["pen_up"]["web_process_has_tensorflow"] is False


@needs_results
def test_the_inside_page_is_as_quick_as_we_aim_at():
    measured = results.read()["inside_page"]
    assert measured["open_ms"]["median"] < 3_000
    assert measured["stages_ms"]["median"] < 1_000
    assert measured["evidence_ms"]["median"] < 1_000


@needs_results
def test_models_are_compared_as_quickly_as_we_aim_at():
    comparison = results.read()["rows"]["comparison"]
    assert comparison["n"] > 4_000
    assert comparison["seconds"] < 5


@needs_results
def test_all_labels_are_audited_as_quickly_and_as_well_as_we_aim_at():
    part = results.read()["label_audit"]
    assert (part["rows"], part["folds"]) == (42_000, 5)
    assert part["audit_cpu_seconds"] <= 60
    assert part["found_of_first_100"] >= 90


@needs_results
def test_an_average_is_measured_on_the_rows_that_no_member_has_seen():
    part = results.read()["ensemble"]
    assert {one["n"] for one in part["models"].values()} == {4_201}
    assert len(part["members"]) > 1


@needs_results
def test_predicting_is_as_small_and_as_steady_as_we_aim_at():
    measured = results.read()["batch"]
    assert measured["rows"] == 28_000
    for name, model in measured["models"].items():
        assert model["share_of_its_memory"] <= 0.25, name
        assert model["same_readings"] >= 0.999, name
    speeds, peaks = zip(
        *((one["rows_per_second"], one["peak_megabytes"]) for one in measured["growth"]["tables"]),
        strict=True,
    )
    assert min(speeds) > 0.8 * max(speeds)
    assert max(peaks) < 1.2 * min(peaks)


@needs_results
@pytest.mark.xfail(strict=True, reason="2.0, 3.6 and 2.0 times")
def test_predicting_is_as_quick_as_we_aim_at():
    for name, model in results.read()["batch"]["models"].items():
        assert model["times_faster"] >= (2.5 if name == "two-block" else 6), name


@pytest.fixture
def data(tmp_path):
    """A folder of drawings that the test makes up, by one whose name falls in the third part."""
    writer = "reporter-3"
    lines = [
        {"label": digit, "writer": writer, "source": "made up", "strokes": shape.tolist()}
        for digit, shape in SHAPES.items()
    ]
    for name, drawn in ((STROKES, lines), (LETTERS, [{**lines[0], "label": "A"}])):
        with gzip.open(tmp_path / name, "wt") as file:
            file.write("".join(json.dumps(line) + "\n" for line in drawn))
    return tmp_path


@pytest.fixture
def models(tmp_path):
    """A folder with the fastest of the shipped models."""
    shipped = registry.list_models(registry.SHIPPED).available
    fastest = min(shipped, key=lambda model: model.card.parameters)
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / fastest.name).symlink_to(fastest.folder)
    return tmp_path / "models"


def test_a_quick_run_measures_and_writes_nothing(data, models, capsys, monkeypatch):
    monkeypatch.setattr(speed, "TWELVE_MEGAPIXELS", (640, 480))  # the photo takes seconds to make
    before = results.FILE.read_bytes() if results.FILE.exists() else None
    options = ["--quick", "--data", str(data), "--models", str(models)]
    assert __main__.main([*options, "--only", "reading,speed,startup"]) == 0
    printed = capsys.readouterr().out
    for row in ("centred", "corner", "photographed paper", "12-megapixel", "first reading"):
        assert row in printed
    assert (results.FILE.read_bytes() if results.FILE.exists() else None) == before


@pytest.mark.keras
def test_predict_and_the_baseline_are_run_on_the_same_rows(tmp_path, models, capsys, monkeypatch):
    with zipfile.ZipFile(tmp_path / DIGITS, "w") as archive:
        archive.writestr("test.csv", table_of(Digits(digits(100).images, None)))
    monkeypatch.setattr(batch, "ROWS", 20 * 60)  # of which a quick run takes 60
    options = ["--quick", "--data", str(tmp_path), "--models", str(models), "--only", "batch"]
    assert __main__.main(options) == 0
    printed = capsys.readouterr().out
    assert re.search(r"\| 60 rows \|", printed)
    assert re.search(r"predict`, [a-z-]+ \| .* × faster \|", printed)
    assert re.search(r"^\| 180 \| [\d,]+ \| \d+ MB \|$", printed, re.MULTILINE)


def test_two_submissions_agree_in_the_share_of_their_rows(tmp_path):
    (tmp_path / "a.csv").write_text("ImageId,Label\n1,7\n2,0\n3,4\n")
    (tmp_path / "b.csv").write_text("ImageId,Label\n1,7\n2,1\n3,4\n")
    assert batch._agreement(tmp_path / "a.csv", tmp_path / "b.csv") == 0.66667


def test_a_run_repeats_to_the_digit_and_plain_resize_loses_the_corner(data, models):
    first, second = (reading.measure(Bench(data, models)) for _ in range(2))
    assert first == second
    default = next(iter(first["conditions"]["corner"]))
    corner = first["conditions"]["corner"]
    assert corner[default]["share"] == 1 > corner[f"{default}, {reading.PLAIN}"]["share"]


@pytest.mark.parametrize("part", ["reading", "rows", "speed", "batch", "ensemble", "label_audit"])
def test_missing_data_is_told_in_one_line(part, tmp_path, capsys):
    assert __main__.main(["--only", part, "--data", str(tmp_path)]) == 2
    told = capsys.readouterr().err
    assert told.count("\n") == 1
    assert "--data" in told


def test_missing_models_are_told_in_one_line(tmp_path, capsys):
    assert __main__.main(["--only", "startup", "--models", str(tmp_path)]) == 2
    assert capsys.readouterr().err.count("\n") == 1


class ReadsZero:
    """Reads every image as a 0."""

    def predict(self, images):
        return np.eye(10, dtype=np.float32)[np.zeros(len(images), int)]


def test_what_is_taken_for_blank_counts_as_read_wrong():
    image = np.zeros((28, 28), np.uint8)
    scored = reading.score(ReadsZero(), [image, None, image, None], np.array([0, 0, 1, 0]))
    assert (scored["right"], scored["share"]) == (1, 0.25)


def test_without_a_browser_pen_up_is_left_out_with_its_older_figure(monkeypatch, tmp_path, capsys):
    monkeypatch.setattr("shutil.which", lambda name: None)
    monkeypatch.setattr(pen_up, "find_spec", lambda name: True)
    measured = pen_up.measure(Bench(None, registry.SHIPPED))
    assert "Chromium" in capsys.readouterr().err
    monkeypatch.setattr(results, "FILE", tmp_path / "results.json")
    results.write({"machine": results.machine(), "rows": {"n": 1}, "pen_up": {"ratio": 1}})
    assert list(results.merge({"pen_up": measured}, ("rows", "pen_up"))) == ["machine", "rows"]


def test_figures_of_another_machine_are_not_kept(monkeypatch, tmp_path):
    monkeypatch.setattr(results, "FILE", tmp_path / "results.json")
    results.write({"machine": {"hardware": "another"}, "rows": {"n": 1}})
    assert list(results.merge({"speed": {"n": 2}}, ("rows", "speed"))) == ["machine", "speed"]


def test_a_table_is_put_between_its_comments_and_nowhere_else(tmp_path):
    readme = tmp_path / "README.md"
    readme.write_text("Before\n<!-- bench:rows -->\nold\n<!-- /bench -->\nafter\n")
    figures = {
        "accuracy": 0.9919, "interval": [0.9887, 0.9942], "n": 4201,
        "parameters": 887530, "tflite_bytes": 3_560_000,
    }  # fmt: skip
    measured = {"rows": {"models": {"two-block": figures}}}
    for _ in range(2):  # the second time changes nothing
        tables.rewrite(readme, measured)
        before, *table, after = readme.read_text().splitlines()
        assert (before, after) == ("Before", "after")
        assert table[3:-1] == [
            "| two-block | 0.9919 | 0.9887 to 0.9942 | 4,201 |  | 887,530 | 3.6 MB |"
        ]


@needs_results
def test_learning_is_measured_on_the_rows_of_every_model():
    part = results.read()["learning"]
    assert (part["goal"], part["held_out"]) == (0.99, 4_201)


@pytest.mark.parametrize(("name", "least"), [("single-conv", 0.9832), ("two-block", 0.9955)])
def test_the_known_networks_read_as_well_as_we_aim_at(name, least):
    assert registry.find_model(name, registry.SHIPPED).card.accuracy >= least


@needs_results
def test_compact_is_at_the_goal_five_times_sooner():
    assert (results.read()["learning"]["times_sooner"] or 0) >= 5


@needs_results
def test_our_loop_is_as_fast_as_fit():
    assert results.read()["learning"]["loops"]["images_per_second_to_fit"] >= 1


def epoch(number: int, seconds: float, accuracy: float) -> dict:
    return {"epoch": number, "seconds": seconds, "accuracy": accuracy}


def test_the_table_tells_when_the_goal_was_reached_or_that_it_was_not():
    measured = {
        "goal": 0.99,
        "rows": 37_799,
        "held_out": 4_201,
        "two_block_fit": [epoch(1, 40, 0.98), epoch(2, 80, 0.9901), epoch(3, 120, 0.992)],
        "compact": [epoch(1, 9, 0.97), epoch(2, 18, 0.98)],
        "times_sooner": None,
        "loops": {"images_per_second_to_fit": 1.1},
    }
    shown = tables.render({"learning": measured}, "learning")
    assert "| two-block, plain `fit` | 80 | 2 | 0.9901 |" in shown
    assert "| compact, our loop | not reached | 2 | 0.9800 at best |" in shown
    assert "sooner" not in shown


def test_a_training_is_followed_to_its_goal_and_no_further(tmp_path):
    script = tmp_path / "training.py"
    script.write_text(
        "import json, time\nprint('a greeting')\nfor n in range(1, 4):\n"
        " print(json.dumps({'epoch': n, 'seconds': 2.0 * n, 'accuracy': n / 4}), flush=True)\n"
        "time.sleep(600)\n"
    )
    assert [one["epoch"] for one in learning._follow([script], 0.5)] == [1, 2]


def test_fit_is_compared_with_where_it_is_quickest():
    on_all = [epoch(1, 50, 0.9), epoch(2, 90, 0.9)]  # 40 s for 36,000 rows are 10 s for 9,000
    assert learning._to_fit(on_all, 36_000, [12.0], [10.0]) == 1.0
    assert learning._to_fit(on_all, 36_000, [9.0], [10.0]) == 0.9
    assert learning._to_fit(on_all[:1], 36_000, [12.0], [10.0]) == 1.2


def test_the_first_epoch_in_which_keras_compiles_is_not_in_the_pace():
    epochs = [epoch(1, 30, 0.9), epoch(2, 40, 0.9), epoch(3, 50, 0.9)]
    assert learning._seconds_of_epochs(epochs) == [10, 10]


@pytest.mark.keras
def test_both_trainings_of_the_benchmark_learn_made_up_digits(tmp_path):
    from benchmarks.helpers import our_training

    rows, held_out = digits(600), digits(100, seed=9)
    file = tmp_path / "rows.npz"
    np.savez(
        file,
        images=rows.images,
        labels=rows.labels,
        held_images=held_out.images,
        held_labels=held_out.labels,
    )
    plain = learning._follow([*learning._BASELINE, file, "2"], None)
    config = TrainingConfig("compact", epochs=6, augment=False, learning_rate=4e-3)
    ours = list(our_training.follow(config, rows, rows.take(np.arange(50)), held_out))
    for told, epochs in ((plain, 2), (ours, 6)):
        assert [one["epoch"] for one in told] == list(range(1, epochs + 1))
        seconds = [one["seconds"] for one in told]
        assert 0 < seconds[0] < seconds[-1]
        assert told[-1]["accuracy"] > 0.3
