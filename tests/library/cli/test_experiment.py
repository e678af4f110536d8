"""`train` with several seeds and settings, and from teachers, by Keras itself."""

import re

import pytest
from helpers.factories import digits, table_of

from recognizer.__main__ import main
from recognizer.jobs import experiments
from recognizer.models import registry


@pytest.fixture
def table(tmp_path):
    path = tmp_path / "train.csv"
    path.write_bytes(table_of(digits(200)))
    return str(path)


def train(table: str, *options: str, name: str = "exp") -> int:
    given = ["train", table, "--architecture", "softmax", "--name", name, "--epochs", "1"]
    return main([*given, "--no-augment", *options])


@pytest.mark.keras
def test_an_experiment_of_two_rates_and_three_seeds_and_a_network_that_learns_from_two_of_them(
    table, capsys
):
    assert train(table, "--seeds", "3", "--learning-rates", "0.001", "0.1") in (0, None)
    said = capsys.readouterr().out
    [made] = experiments.all_experiments()
    cards = [registry.find_model(job.published).card for job in made.runs]
    assert [(card.config.learning_rate, card.config.seed) for card in cards] == [
        (rate, seed) for seed in (1, 2, 3) for rate in (0.001, 0.1)
    ]
    assert len({card.data.sha256 for card in cards}) == 1
    assert len(re.findall(r"learning rate [\d.]+: [\d.]+ ± [\d.]+ % \(3 runs\)", said)) == 2
    names = [job.published for job in made.runs[:2]]
    taught = [word for name in names for word in ("--teacher", name)]
    assert train(table, *taught, name="taught") in (0, None)
    assert registry.find_model("taught").card.config.teachers == tuple(names)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--stop-early", "median"), "add --seeds"),
        (("--decisions", "both", "--seeds", "2"), "leave out --seeds"),
        (("--decisions",), "Nothing was decided"),
        (("--teacher", "gone"), "gone"),
        (("--seeds", "101"), "1 to 100"),
        (("--folds", "1"), "2 to 20"),
        (("--folds", "3", "--seeds", "2"), "leave out --seeds"),
        (("--folds", "3", "--stop-early", "median"), "leave out --folds"),
        (("--folds", "3", "--held-out", "0.2"), "leave out --held-out"),
        (("--folds", "3", "--fold", "2"), "leave out --fold"),
        (("--from", "compact", "--seeds", "2"), "leave out --seeds"),
        (("--recipe", "default", "--fold", "2"), "--fold"),
        (("--architectures", "compact"), "not both"),
    ],
)
def test_what_cannot_be_is_refused_in_one_line(table, capsys, options, words):
    assert train(table, *options) == 2
    err = capsys.readouterr().err
    assert words in err
    assert "Traceback" not in err
    assert not experiments.all_experiments()
