"""The command of a card: given to the command line, it is that training again."""

import shlex
from dataclasses import replace

import pytest
from helpers.factories import CARD, model

from recognizer.__main__ import parser
from recognizer.cli import train
from recognizer.jobs.provenance import command
from recognizer.records import TrainingConfig
from recognizer.training import recipes

CONFIG = TrainingConfig(
    "two-block", epochs=7, batch_size=33, learning_rate=0.0125, schedule="constant", seed=5,
    augment=False, held_out=0.25, validation=0.125, patience=3,
)  # fmt: skip
DATA = CARD.data


def card(config: TrainingConfig = CONFIG, data: str = "my train.csv"):
    architecture = config.architecture
    return replace(
        CARD,
        architecture=architecture,
        config=config,
        data=replace(DATA, tables=tuple(data.split(" + "))),
    )


TAUGHT = replace(CONFIG, split_seed=3, teachers=("one", "other"))


@pytest.mark.parametrize("config", [CONFIG, TrainingConfig("compact"), TAUGHT])
def test_the_command_line_understands_it_as_the_same_settings(config, monkeypatch, home):
    for teacher in config.teachers:
        model(home / "models" / teacher)
    words = shlex.split(command(card(config)))
    assert words[:3] == ["python", "-m", "recognizer"]
    options = parser().parse_args(words[3:])
    assert options.table == "my train.csv"
    assert options.name == "mine-again"
    queued = []
    monkeypatch.setattr(train, "_tables", lambda options, seed: ())
    monkeypatch.setattr("recognizer.jobs.queue.enqueue", lambda *args, **_: queued.append(args))
    train._new(options)
    assert queued[0][1] == config


def test_drawings_and_corrections_are_named_too():
    words = command(card(data="train.csv + some strokes.jsonl.gz + Corrected drawings"))
    options = parser().parse_args(shlex.split(words)[3:])
    assert (options.strokes, options.corrections) == ("some strokes.jsonl.gz", True)


@pytest.mark.parametrize("recipe", recipes.RECIPES)
def test_a_recipe_is_followed_again_with_its_settings(recipe, monkeypatch):
    monkeypatch.setattr(recipes, "has_start", lambda config: True)
    config = replace(
        recipes.RECIPES[recipe].settings, epochs=3, seed=7, augment=False, weight_decay=0.5
    )
    words = shlex.split(command(card(config, f"{recipes.SCANS} + {recipes.BENT} + strokes, part")))
    options = parser().parse_args(words[3:])
    assert (options.recipe, options.table, options.name) == (recipe, None, "mine-again")
    queued = []
    monkeypatch.setenv("RECOGNIZER_DATA", "somewhere")
    monkeypatch.setattr(recipes, "check", lambda data: None)
    monkeypatch.setattr(recipes, "tables", lambda data, config: ())
    monkeypatch.setattr("recognizer.jobs.queue.enqueue", lambda *args, **_: queued.append(args))
    train._new(options)
    assert queued[0][1] == config


@pytest.mark.parametrize(
    "odd",
    [
        card(data="train.csv + other.csv"),
        card(data="MNIST"),
        card(data="Corrected drawings"),
        card(data="strokes.jsonl.gz"),
        card(data=f"{recipes.SCANS} + {recipes.BENT}"),  # of another network than the recipe's
        replace(card(), architecture="of-another-app"),
        card(replace(CONFIG, validation=0.0)),
        card(TAUGHT),
    ],
    ids=[
        *("two tables", "fetched", "corrections alone", "drawings alone", "another's recipe"),
        *("an unknown network", "no validation rows", "teachers that are gone"),
    ],
)
def test_where_no_command_gives_it_there_is_none(odd):
    assert command(odd) is None


def test_the_longest_name_gives_a_name_that_is_allowed():
    options = parser().parse_args(shlex.split(command(replace(card(), name="x" * 64)))[3:])
    assert len(options.name) == 64
