"""Which models differ only in the seed."""

from dataclasses import replace

import pytest
from made_up import CARD

from recognizer.families import families
from recognizer.records import ModelCard


def card(name: str, seed: int, **others) -> ModelCard:
    return replace(CARD, name=name, config=replace(CARD.config, seed=seed, **others))


def names(cards: list[ModelCard]) -> list[list[str]]:
    return [[one.name for one in family] for family in families(cards)]


def test_several_seeds_of_one_training_are_a_family():
    cards = [
        card("a", 1),
        card("b", 2, epochs=3),
        card("c", 2),
        card("d", 9),
        card("e", 1, epochs=3),
    ]
    assert names(cards) == [["a", "c", "d"], ["b", "e"]]


def test_other_rows_or_the_same_seed_again_are_none():
    other_rows = replace(card("b", 2), data=replace(CARD.data, sha256="cd" * 32))
    assert names([card("a", 1), other_rows, card("c", 1)]) == []


@pytest.mark.parametrize("beside", [{"name": "train.csv + more.jsonl"}, {"rows": 12_000}])
def test_digits_beside_the_divided_rows_are_other_data(beside):
    more = replace(card("b", 2), data=replace(CARD.data, **beside))
    assert names([card("a", 1), more]) == []
