"""The audit of labels: confident learning against counts by hand, and against labels we flipped."""

import cv2
import numpy as np
import pytest
from helpers.factories import digits, one_line

from recognizer.audit import DROP, Decisions, audit, decisions, principal_components
from recognizer.audit.confident_learning import find_label_issues
from recognizer.audit.duplicates import nearest
from recognizer.datasets import fingerprint, read_digits
from recognizer.errors import DataError, StorageError
from recognizer.inference import Recognizer, out_of_sample
from recognizer.models import registry, seen_rows
from recognizer.records import Digits


def rows_of(*shares: dict[int, float]) -> np.ndarray:
    """Probabilities, a row for each: these digits' as given, what is left on the digit 9."""
    found = np.zeros((len(shares), 10))
    for row, given in zip(found, shares, strict=True):
        for digit, share in given.items():
            row[digit] = share
        row[9] += 1 - row.sum()
    return found


# Thresholds by hand: of 0 (0.9 + 0.8 + 0.1) / 3 = 0.6, of 1 (0.9 + 0.7 + 0.2) / 3 = 0.6.
LABELS = np.array([0, 0, 0, 1, 1, 1])
SHARES = rows_of(
    {0: 0.9, 1: 0.1}, {0: 0.8, 1: 0.2}, {0: 0.1, 1: 0.9},
    {1: 0.9, 0: 0.1}, {1: 0.7, 0: 0.3}, {1: 0.2, 0: 0.65},
)  # fmt: skip


class TestConfidentLearning:
    def test_lists_rows_that_count_as_another_digit_the_widest_margin_first(self):
        found = find_label_issues(LABELS, SHARES)
        assert found.rows.tolist() == [2, 5]  # margins 0.1 - 0.9 and 0.2 - 0.65
        assert found.suggested.tolist() == [1, 0]

    def test_counts_the_joint_of_given_and_true_labels(self):
        joint = find_label_issues(LABELS, SHARES).joint
        assert joint[:2, :2].tolist() == [[2, 1], [1, 2]]
        assert joint.sum() == len(LABELS)
        assert find_label_issues(LABELS, SHARES).estimated == 2

    def test_scales_the_joint_to_the_rows_of_each_label_where_some_count_as_none(self):
        shares = SHARES.copy()
        shares[1] = rows_of({0: 0.5, 1: 0.5})  # below both thresholds: 0.5 and 0.6
        shares[1, :2] = 0.45, 0.45
        joint = find_label_issues(LABELS, shares).joint
        assert np.allclose(joint[:2, :2], [[1.5, 1.5], [1, 2]])

    def test_a_row_below_every_threshold_is_not_listed(self):
        shares = SHARES.copy()
        shares[5] = rows_of({1: 0.3, 0: 0.4})  # rather a 0, but not as surely as the 0s are
        assert find_label_issues(LABELS, shares).rows.tolist() == [2]

    def test_a_digit_that_no_row_is_labelled_is_never_suggested(self):
        shares = SHARES.copy()
        shares[2] = rows_of({7: 1.0})
        assert find_label_issues(LABELS, shares).rows.tolist() == [5]

    def test_no_rows_give_no_issues(self):
        assert len(find_label_issues(np.zeros(0, np.uint8), np.zeros((0, 10))).rows) == 0

    def test_shapes_that_do_not_fit_are_refused(self):
        with pytest.raises(ValueError, match="expected"):
            find_label_issues(LABELS, SHARES[:3])

    @pytest.mark.parametrize("seed", range(4))
    def test_agrees_with_cleanlab(self, seed):
        """Its confident joint, and the rows off its diagonal, by the margin of the label."""
        from cleanlab import count  # which takes a second

        random = np.random.default_rng(seed)
        labels = random.integers(0, 10, 500)
        given = random.dirichlet(np.full(10, 0.3), 500)
        given[np.arange(500), labels] += random.uniform(0, 3, 500)
        given /= given.sum(axis=1, keepdims=True)
        joint, rows = count.compute_confident_joint(
            labels, given, calibrate=True, return_indices_of_off_diagonals=True
        )
        found = find_label_issues(labels, given)
        assert np.allclose(found.joint.sum(axis=1), joint.sum(axis=1))
        assert np.abs(found.joint - joint).max() < 1  # cleanlab rounds to whole rows
        disagree = given.argmax(axis=1)[rows] != labels[rows]
        assert set(found.rows) == set(np.asarray(rows)[disagree])
        margin = given[found.rows, labels[found.rows]] - given[found.rows].max(axis=1)
        assert (np.diff(margin) >= 0).all()

    @pytest.mark.parametrize("model", ["two-block", "single-conv"])
    def test_nine_of_ten_of_the_first_listed_are_flipped_ones(self, model, data):
        """Rows of MNIST that the model has not seen: 1 % flipped, and a hundred of them."""
        table = read_digits(data / "digit-recognizer.zip")
        stored = registry.find_model(model)
        new = table.take(np.flatnonzero(~seen_rows.is_seen(stored, table.images)))
        probabilities = Recognizer.of(stored).predict(new.images)
        random = np.random.default_rng(1)
        for flipped in (len(new) // 100, 100):
            rows = random.choice(len(new), flipped, replace=False)
            labels = new.labels.copy()
            labels[rows] = (labels[rows] + random.integers(1, 10, flipped)) % 10
            found = find_label_issues(labels, probabilities)
            assert np.isin(found.rows[:flipped], rows).mean() >= 0.9
            assert abs(found.estimated - flipped) < 0.3 * flipped

    def test_of_10_000_rows_with_one_label_in_a_hundred_flipped_90_of_the_first_100_are(self, data):
        """Scans that the model has not seen, as they are and turned a little either way."""
        stored, table = (
            registry.find_model("single-conv"),
            read_digits(data / "digit-recognizer.zip"),
        )
        new = table.take(np.flatnonzero(~seen_rows.is_seen(stored, table.images)))
        turns = [cv2.getRotationMatrix2D((13.5, 13.5), degrees, 1) for degrees in (0, 7, -7)]
        images = np.stack([cv2.warpAffine(one, m, (28, 28)) for m in turns for one in new.images])
        sample = Digits(images[:10_000], np.tile(new.labels, 3)[:10_000])
        random = np.random.default_rng(1)
        rows = random.choice(10_000, 100, replace=False)
        labels = sample.labels.copy()
        labels[rows] = (labels[rows] + random.integers(1, 10, 100)) % 10
        judged = out_of_sample.read([(stored, Recognizer.of(stored))], sample.images)
        found = audit(Digits(sample.images, labels), judged.probabilities, judged.seen)
        assert len(found.audited) == 10_000
        assert np.isin(found.rows[:100], rows).sum() >= 90


class TestPrincipalComponents:
    def test_are_the_eigenvectors_of_the_covariance_with_the_most_variance(self):
        features = np.random.default_rng(1).normal(size=(50, 6)) * [5, 3, 1, 1, 0.5, 0.1]
        places, shares = principal_components(features.astype(np.float32))
        values, vectors = np.linalg.eigh(np.cov(features, rowvar=False))  # ascending
        expected = (features - features.mean(axis=0)) @ vectors[:, [-1, -2]]
        assert np.allclose(np.abs(places), np.abs(expected), atol=1e-4)
        assert np.allclose(shares, values[[-1, -2]] / values.sum(), atol=1e-6)

    def test_one_row_and_rows_that_are_all_alike_lie_at_one_point(self):
        for n in (1, 3):
            places, shares = principal_components(np.ones((n, 4), np.float32))
            assert places.tolist() == [[0, 0]] * n
            assert shares.tolist() == [0, 0]


class TestNearest:
    def test_finds_the_most_similar_other_row_as_a_comparison_of_all_pairs_does(self, monkeypatch):
        monkeypatch.setattr("recognizer.audit.duplicates._ROWS", 7)  # several pieces
        images = digits(40).images
        flat = images.reshape(40, -1).astype(float)
        flat /= np.linalg.norm(flat, axis=1, keepdims=True)
        cosines = flat @ flat.T - 2 * np.eye(40)
        rows = np.array([3, 17, 39])
        found = nearest(images, rows)
        assert found.rows.tolist() == cosines[rows].argmax(axis=1).tolist()
        assert np.allclose(found.similarity, cosines[rows].max(axis=1), atol=1e-5)

    def test_a_copy_is_a_near_duplicate_and_a_lone_row_has_none(self):
        images = digits(10).images
        assert nearest(np.concatenate([images, images[4:5]]), np.array([4])).is_near.tolist() == [1]
        assert nearest(images[:1], np.array([0])).rows.tolist() == [-1]


def shares_for(sample: Digits) -> np.ndarray:
    """What a good model reads in `factories.digits`."""
    found = np.full((len(sample), 10), 0.01)
    found[np.arange(len(sample)), np.arange(len(sample)) % 10] = 0.91
    return found


class TestAudit:
    def wrong(self, *rows: int) -> Digits:
        sample = digits(60)
        labels = sample.labels.copy()
        labels[list(rows)] = (labels[list(rows)] + 1) % 10
        return Digits(sample.images, labels)

    def test_lists_the_wrong_labels_with_what_they_show_and_the_most_similar_row(self):
        sample = self.wrong(12)
        images = sample.images.copy()
        images[52] = images[12]
        found = audit(Digits(images, sample.labels), shares_for(sample))
        assert (found.rows.tolist(), found.labels.tolist()) == ([12], [3])
        assert (found.suggested.tolist(), found.similar.tolist()) == ([2], [52])
        assert (found.similar_labels.tolist(), found.near_duplicates.tolist()) == ([2], [True])
        assert found.csv().splitlines()[1] == "13,3,2,0.0100,0.9100,53,2,1.0000,yes"

    def test_rows_that_the_model_has_learned_from_are_left_out_and_named(self):
        sample = self.wrong(12, 25)
        seen = np.zeros(60, bool)
        seen[[0, 12]] = True
        found = audit(sample, shares_for(sample), seen)
        assert found.rows.tolist() == [25]
        assert found.left_out.tolist() == [0, 12]
        assert len(found.audited) == 58

    def test_without_labels_or_new_rows_it_says_what_to_do(self):
        sample = digits(10)
        with pytest.raises(DataError, match="no label column") as caught:
            audit(Digits(sample.images, None), shares_for(sample))
        one_line(caught.value)
        with pytest.raises(DataError, match="choose a model") as caught:
            audit(sample, shares_for(sample), np.ones(10, bool))
        one_line(caught.value)

    def test_only_the_first_thousand_are_compared(self, monkeypatch):
        monkeypatch.setattr("recognizer.audit.table_audit.MOST_COMPARED", 1)
        found = audit(self.wrong(12, 25), shares_for(digits(60)))
        assert (found.similar >= 0).tolist() == [True, False]
        assert found.csv().splitlines()[2].endswith(",,,,no")


class TestDecisions:
    def test_make_another_table_and_leave_the_table_as_it_is(self):
        sample = digits(5)
        made = Decisions().deciding(1, 7).deciding(3, DROP).deciding(4, 4).deciding(0, 2)
        corrected = made.without(0).apply(sample)
        assert corrected.labels.tolist() == [0, 7, 2, 4]
        assert np.array_equal(corrected.images, sample.images[[0, 1, 2, 4]])
        assert sample.labels.tolist() == [0, 1, 2, 3, 4]
        assert made.words(sample.labels) == "2 relabelled, 1 dropped, 1 kept as they are"

    def test_the_last_decision_about_a_row_holds(self):
        assert dict(Decisions().deciding(1, 7).deciding(2, 2).deciding(1, DROP).choices) == {
            2: 2,
            1: DROP,
        }

    def test_dropping_every_row_is_refused(self):
        with pytest.raises(DataError, match="keep at least one"):
            Decisions({0: DROP}).apply(digits(1))

    def test_are_kept_by_the_rows_of_the_table_and_can_be_taken_back(self, home):
        table, other = fingerprint(digits(5)), fingerprint(digits(6))
        made = Decisions().deciding(3, 7).deciding(1, DROP)
        decisions.save(table, made)
        assert list(decisions.load(table, 5).choices.items()) == [(3, 7), (1, DROP)]
        assert not decisions.load(other, 6).choices
        decisions.save(table, Decisions())
        assert not list((home / "label-decisions").iterdir())

    @pytest.mark.parametrize(
        "content",
        [b"", b"[]", b'{"format": 2, "decisions": []}', b'{"format": 1, "decisions": [[9, 1]]}']
        + [b'{"format": 1, "decisions": [[1, 10]]}', b'{"format": 1, "decisions": [[1, "7"]]}'],
    )
    def test_a_damaged_file_is_said_in_one_sentence(self, home, content):
        table = fingerprint(digits(5))
        decisions.save(table, Decisions({1: 7}))
        (home / "label-decisions" / f"{table}.json").write_bytes(content)
        with pytest.raises(DataError, match="damaged"):
            decisions.load(table, 5)

    def test_a_disk_that_cannot_be_written_is_said(self, home):
        home.write_text("a file where the folder should be")
        with pytest.raises(StorageError, match="cannot be written"):
            decisions.save("ab" * 32, Decisions({1: 7}))
