"""Measures of reading, against counts made by hand and SciPy."""

from math import isnan

import numpy as np
import pytest
from scipy.stats import betabinom, binomtest

from recognizer.evaluation import (
    Pair,
    brier_score,
    calibration,
    calibration_error,
    compare,
    confusion_matrix,
    evaluate,
    holm,
    mcnemar,
    measured_percent,
    percent,
    predictive_interval,
    threshold,
    wilson_interval,
)


def sure(read: list[int], confidence: float = 1.0) -> np.ndarray:
    """Probabilities with this confidence in each reading, the rest shared by the others."""
    probabilities = np.full((len(read), 10), (1 - confidence) / 9, dtype=np.float32)
    probabilities[np.arange(len(read)), read] = confidence
    return probabilities


def test_the_brier_score_is_a_squared_distance_by_hand():
    unsure = np.full(10, 0.0)
    unsure[[3, 5]] = 0.6, 0.4
    probabilities = np.stack([unsure, unsure, sure([5])[0]]).astype(np.float32)
    by_hand = (0.4**2 + 0.4**2) + (0.6**2 + 0.6**2) + 2  # 3 read with 0.6, 5 with 0.4, 5 read as 3
    assert brier_score(probabilities, np.array([3, 5, 3])) == pytest.approx(by_hand / 3)


def test_the_threshold_counts_every_writer_the_same():
    # Half the weight is Ann's: her lowest makes one part in eight, Bo's lowest fifteen the rest.
    scores = np.concatenate([[0.1, 0.9, 0.9, 0.9], np.linspace(0.2, 1, 100)])
    writers = ["Ann"] * 4 + ["Bo"] * 100
    limit = threshold(scores, writers, 0.2)
    doubted = scores < limit
    assert np.mean([doubted[:4].mean(), doubted[4:].mean()]) == pytest.approx(0.2, abs=0.006)


TRUE = [0, 0, 0, 1, 1, 7, 7, 7, 7, 9]
READ = [0, 0, 6, 1, 7, 7, 7, 7, 1, 4]


def test_confusion_is_what_a_hand_counts_rows_true_columns_read():
    matrix = confusion_matrix(np.array(TRUE, dtype=np.uint8), np.array(READ))
    by_hand = np.zeros((10, 10), dtype=int)
    by_hand[0, 0], by_hand[0, 6], by_hand[1, 1], by_hand[1, 7] = 2, 1, 1, 1
    by_hand[7, 7], by_hand[7, 1], by_hand[9, 4] = 3, 1, 1
    assert (matrix == by_hand).all()


def test_an_evaluation_is_what_a_hand_counts():
    measured = evaluate(sure(READ), np.array(TRUE, dtype=np.uint8))
    assert measured.n == 10
    assert measured.accuracy == 0.6
    assert measured.confusion.sum() == 10
    assert measured.recall[[0, 1, 7, 9]] == pytest.approx([2 / 3, 1 / 2, 3 / 4, 0])
    assert measured.precision[[0, 1, 4, 6, 7]] == pytest.approx([1, 1 / 2, 0, 0, 3 / 4])


def test_a_digit_that_never_occurs_has_no_share_rather_than_zero():
    measured = evaluate(sure(READ), np.array(TRUE, dtype=np.uint8))
    assert {d for d in range(10) if isnan(measured.recall[d])} == set(range(10)) - set(TRUE)
    assert {d for d in range(10) if isnan(measured.precision[d])} == set(range(10)) - set(READ)


def test_one_digit_can_be_evaluated():
    measured = evaluate(sure([3]), np.array([3], dtype=np.uint8))
    assert (measured.n, measured.accuracy, measured.interval[1]) == (1, 1.0, 1.0)


@pytest.mark.parametrize("n", [1, 2, 10, 100, 4_201, 28_000])
@pytest.mark.parametrize("share", [0, 0.01, 0.5, 0.9925, 1])
def test_the_interval_is_wilsons(n, share):
    right = round(share * n)
    expected = binomtest(right, n).proportion_ci(method="wilson")
    assert wilson_interval(right, n) == pytest.approx((expected.low, expected.high), abs=1e-12)


@pytest.mark.parametrize(("right", "n"), [(0, 1), (1, 1), (0, 28_000), (28_000, 28_000)])
def test_the_interval_stays_between_0_and_1_and_holds_the_share(right, n):
    low, high = wilson_interval(right, n)
    assert 0 <= low <= right / n <= high <= 1


@pytest.mark.parametrize(
    ("share", "shown"),
    [
        (0.0, "0.0 %"), (0.0004, "0.0 %"), (0.123, "12.3 %"), (0.99, "99.0 %"),
        (0.999, "99.9 %"), (0.9991, "> 99.9 %"), (0.99999, "> 99.9 %"), (1.0, "> 99.9 %"),
    ],
)  # fmt: skip
def test_a_probability_is_never_rounded_up_to_certainty(share, shown):
    assert percent(share) == shown


@pytest.mark.parametrize(
    ("right", "n", "shown"),
    [
        (28_000, 28_000, "100.00 %"), (27_999, 28_000, "> 99.99 %"), (19_999, 20_000, "> 99.99 %"),
        (9_999, 10_000, "99.99 %"), (57, 60, "95.00 %"), (1, 10_000, "0.01 %"),
        (1, 28_000, "< 0.01 %"), (0, 28_000, "0.00 %"),
    ],
)  # fmt: skip
def test_a_share_is_all_or_none_only_where_it_is(right, n, shown):
    assert measured_percent(right / n) == shown


class TestCalibrationError:
    def test_by_hand_with_two_bins_of_confidence(self):
        # Three readings at 0.9, two of them right; two at 0.5, one right.
        # (3 * |2/3 - 0.9| + 2 * |1/2 - 0.5|) / 5 = 0.14
        probabilities = np.concatenate([sure([1, 2, 3], 0.9), sure([4, 5], 0.5)])
        labels = np.array([1, 2, 0, 4, 0])
        assert calibration_error(probabilities, labels) == pytest.approx(0.14, abs=1e-6)

    @pytest.mark.parametrize(("right", "error"), [(True, 0.0), (False, 1.0)])
    def test_certainty_is_judged_too(self, right, error):
        labels = np.array([4, 4]) if right else np.array([5, 5])
        assert calibration_error(sure([4, 4]), labels) == error

    def test_errors_of_different_bins_do_not_cancel(self):
        # two at 0.9, both right; two at 0.95, both wrong: (2 * 0.1 + 2 * 0.95) / 4
        probabilities = np.concatenate([sure([1, 1], 0.9), sure([1, 1], 0.95)])
        labels = np.array([1, 1, 2, 2])
        assert calibration_error(probabilities, labels) == pytest.approx(0.525, abs=1e-6)

    def test_agrees_with_the_definition_written_as_a_loop(self):
        random = np.random.default_rng(0)
        probabilities = random.dirichlet(np.full(10, 0.2), size=500)
        labels = random.integers(0, 10, 500)
        bins: dict[int, list[tuple[float, bool]]] = {}
        for values, label in zip(probabilities.tolist(), labels.tolist(), strict=True):
            bins.setdefault(int(max(values) * 15), []).append(
                (max(values), values.index(max(values)) == label)
            )
        expected = 0.0
        for members in bins.values():
            confidence = sum(one for one, _ in members) / len(members)
            share = sum(right for _, right in members) / len(members)
            expected += len(members) / 500 * abs(share - confidence)
        assert calibration_error(probabilities, labels) == pytest.approx(expected)

    def test_the_bins_are_what_a_hand_counts(self):
        # Five bins of 0.2: 0.5 and 0.55 are in the third, 0.9 in the last.
        probabilities = np.concatenate([sure([1], 0.5), sure([2], 0.55), sure([3, 4], 0.9)])
        confidence, right, count = calibration(probabilities, np.array([1, 9, 3, 4]), bins=5)
        assert confidence == pytest.approx([0.525, 0.9])
        assert right.tolist() == [0.5, 1.0]
        assert count.tolist() == [2, 2]


class TestComparing:
    def test_who_was_right_is_what_a_hand_counts(self):
        labels = np.array([0, 1, 2, 3, 4, 5, 6])
        first = np.array([0, 1, 2, 3, 9, 9, 9])
        second = np.array([0, 1, 9, 9, 4, 9, 0])  # both wrong on the last two, alike and not
        pair = compare(labels, first, second)
        assert pair == Pair(both=2, first_only=2, second_only=1, neither=2)
        assert pair.n == 7
        parts = [
            compare(labels[part], first[part], second[part]) for part in (slice(3), slice(3, 7))
        ]
        assert sum(parts, Pair.zero()) == pair

    @pytest.mark.parametrize(
        "counts",
        [(0, 1), (1, 0), (5, 5), (9, 12), (0, 6), (40, 9), (3, 250), (1_000, 1_100), (7, 20_000)],
    )
    def test_mcnemars_test_is_that_of_a_fair_coin(self, counts):
        expected = binomtest(counts[0], sum(counts)).pvalue
        assert mcnemar(*counts) == pytest.approx(expected, rel=1e-9)
        assert Pair(10, *counts, 3).p == mcnemar(*counts)

    def test_mcnemars_test_counted_out_by_hand(self):
        # Of the 2^5 ways five coins fall, 1 + 5 have at most one head, 1 + 5 at most one tail.
        assert mcnemar(1, 4) == mcnemar(4, 1) == 12 / 32

    def test_without_a_difference_nothing_is_proved(self):
        assert mcnemar(0, 0) == 1

    def test_where_they_agree_does_not_matter(self):
        assert Pair(0, 3, 9, 0).p == Pair(5_000, 3, 9, 77).p

    def test_holms_are_raised_by_rank_and_never_fall(self):
        # 0.01 x 4, 0.02 x 3, 0.03 x 2, 0.04 x 1, each at least the one before it
        assert holm([0.04, 0.01, 0.03, 0.02]) == pytest.approx([0.06, 0.04, 0.06, 0.06])
        assert holm([0.9, 0.5]) == [1, 1]
        assert holm([0.03]) == [0.03]
        assert holm([]) == []


class TestPredictiveInterval:
    @pytest.mark.parametrize("counts", [(1, 1, 3), (0, 0, 1), (4_175, 4_200, 7_000), (5, 20, 90)])
    def test_is_the_beta_binomials(self, counts: tuple[int, int, int]):
        right, n, rows = counts
        known = betabinom(rows, right + 0.5, n - right + 0.5)
        assert predictive_interval(*counts) == tuple(known.ppf([0.025, 0.975]) / rows)

    def test_holds_the_score_on_other_rows_as_often_as_it_says(self):
        random = np.random.default_rng(3)
        held_out = random.binomial(4_200, 0.995, 400)
        scores = random.binomial(7_000, 0.995, 400) / 7_000
        intervals = {int(x): predictive_interval(int(x), 4_200, 7_000) for x in held_out}
        inside = [
            intervals[int(x)][0] <= s <= intervals[int(x)][1]
            for x, s in zip(held_out, scores, strict=True)
        ]
        assert 0.92 <= np.mean(inside) <= 0.99

    def test_is_wider_the_fewer_the_other_rows_and_never_narrower_than_wilsons(self):
        low, high = predictive_interval(4_175, 4_200, 7_000)
        inner_low, inner_high = predictive_interval(4_175, 4_200, 28_000)
        wilson = wilson_interval(4_175, 4_200)
        assert low < inner_low < inner_high < high
        assert inner_high - inner_low > 0.99 * (wilson[1] - wilson[0])
