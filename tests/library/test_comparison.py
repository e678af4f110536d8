"""Who is better, in words."""

import re
from dataclasses import replace

import numpy as np
import pytest
from helpers.factories import CARD

from recognizer.comparison import all_pairs, expected, odds, verdict
from recognizer.evaluation import Pair
from recognizer.models.card import ModelCard, seed_groups


def test_a_close_call_tells_both_counts_and_the_rows():
    assert verdict("A", "B", Pair(4_170, 9, 12, 9)) == (
        "B is right on 12 that A misses, A on 9 that B misses: too close to call on 4,200 rows."
    )


def test_a_real_difference_names_the_better_one_whichever_comes_first():
    words = verdict("A", "B", Pair(4_170, 3, 18, 9))
    # 2 * (1 + 21 + 210 + 1330) / 2^21 = 1 / 671
    assert words.startswith("B is right on 18 that A misses, A on 3 that B misses: B is better")
    assert "one of 670 comparisons" in words
    assert verdict("B", "A", Pair(4_170, 18, 3, 9)) == words


def test_models_that_never_differ_are_no_different():
    assert verdict("A", "B", Pair(1, 0, 0, 0)) == (
        "A and B are right and wrong on the same rows: no difference on 1 row."
    )


def test_one_row_is_too_few():
    assert verdict("A", "B", Pair(0, 1, 0, 0)).endswith("too close to call on 1 row.")


def test_five_against_none_is_still_luck_and_six_are_not():
    assert "too close" in verdict("A", "B", Pair(90, 0, 5, 0))  # 2 / 32
    assert "B is better" in verdict("A", "B", Pair(90, 0, 6, 0))  # 2 / 64


def test_a_p_value_that_was_raised_decides():
    assert "too close" in verdict("A", "B", Pair(90, 0, 6, 0), p=0.06)


@pytest.mark.parametrize("p", [0.049, 0.0123, 0.001, 3.3e-5, 1.5e-6, 1e-7, 0.0])
def test_odds_are_never_told_as_longer_than_they_are(p):
    number = int(re.search(r"of (?:a )?([\d,]+|million)", odds(p))[1].replace("million", "1000000")
                 .replace(",", ""))  # fmt: skip
    assert 1 / number >= p
    if p > 1e-6:
        assert 1 / number < 1.12 * p


def test_of_three_models_each_pair_is_compared_and_held_to_a_stricter_measure():
    labels = np.zeros(40, int)
    good, fair, poor = np.zeros(40, int), np.zeros(40, int), np.zeros(40, int)
    fair[:6], poor[:12] = 1, 1
    found = all_pairs(labels, {"good": good, "fair": fair, "poor": poor})
    assert [(one.first, one.second) for one in found] == [
        ("good", "fair"),
        ("good", "poor"),
        ("fair", "poor"),
    ]
    alone = 2 / 2**6  # six against none
    assert [one.p for one in found] == [2 * alone, 3 * 2 / 2**12, 2 * alone]
    assert "too close" in found[0].words
    assert "good is better" in found[1].words
    assert "fair is better" in all_pairs(labels, {"fair": fair, "poor": poor})[0].words


def card(name: str, seed: int, **others) -> ModelCard:
    return replace(CARD, name=name, config=replace(CARD.config, seed=seed, **others))


def names(cards: list[ModelCard]) -> list[list[str]]:
    return [[one.name for one in family] for family in seed_groups(cards)]


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


@pytest.mark.parametrize("beside", [{"tables": ("train.csv", "more.jsonl")}, {"rows": 12_000}])
def test_digits_beside_the_divided_rows_are_other_data(beside):
    more = replace(card("b", 2), data=replace(CARD.data, **beside))
    assert names([card("a", 1), more]) == []


class TestExpected:
    FIRST, SECOND = np.array([0, 1, 2, 3]), np.array([0, 2, 1, 3])

    def test_counts_who_is_right_where_they_differ_by_hand(self):
        shares = np.zeros((4, 10))
        shares[[0, 3], [0, 3]] = 1
        shares[1, [1, 2, 7]] = 0.7, 0.2, 0.1
        shares[2, [2, 1]] = 0.6, 0.4
        found = expected(self.FIRST, self.SECOND, shares)
        assert (found.rows, found.first, found.second) == (
            2,
            pytest.approx(1.3),
            pytest.approx(0.6),
        )
        assert found.difference == pytest.approx(0.7 / 4)
        half = 1.959964 * (0.9 - 0.5**2 + 1.0 - 0.2**2) ** 0.5
        assert found.interval[0] == pytest.approx((0.7 - half) / 4)
        assert found.interval[1] == 2 / 4, "both rows at most"

    def test_the_same_reading_differs_in_nothing(self):
        found = expected(self.FIRST, self.FIRST, np.full((4, 10), 0.1))
        assert (found.rows, found.difference, found.interval) == (0, 0, (0, 0))
