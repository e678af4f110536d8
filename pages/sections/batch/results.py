"""What a model read in a table: the submission, its check, the score, and right and wrong."""

import numpy as np
import streamlit as st

from pages.sections.batch import gallery
from pages.sections.batch.records import Result
from pages.shared import error_boundary, sample
from pages.shared.components import bar_chart, confusion_matrix, markup, messages
from recognizer.datasets.submissions import COMPETITION_ROWS, probabilities_bytes, submission_bytes
from recognizer.evaluation import measured_percent, predictive_interval, wilson_interval
from recognizer.models.card import ModelCard
from recognizer.records import LABELS

PUBLIC = 0.25  # share of the rows that the public leaderboard scores, about
STEPS = (0.5, 0.8, 0.9, 0.95, 0.99, 0.999)  # of confidence, from one bar to the next
BETWEEN = ("< 50 %", "50–80", "80–90", "90–95", "95–99", "99–99.9", "> 99.9")


def show(result: Result) -> None:
    """Show all about one reading."""
    n, labelled = len(result.read), result.table.digits.labels is not None
    st.header(f"{markup.plain(result.table.name)}, read by {result.model.name}", anchor=False)
    speed = n / max(result.seconds, 1e-9)
    st.caption(f"{markup.count(n)} in {result.seconds:,.1f} seconds, {speed:,.0f} rows a second.")
    if result.table.name == sample.NAME:
        st.caption(sample.WORDS)
    elif labelled:
        messages.info(
            "The file has a label column: a submission has no such column. The "
            "readings are measured with it below."
        )
    left, right = st.columns(2, gap="medium")
    with left:
        _downloads(result)
        _check(result)
    with right:
        if labelled:
            _measured(result)
        else:
            _expected(result)
    _distributions(result)
    gallery.browse(result)
    if labelled:
        _right_and_wrong(result)


def _downloads(result: Result) -> None:
    with st.container(horizontal=True):
        st.download_button(
            "submission.csv",
            lambda: submission_bytes(result.read),
            "submission.csv",
            "text/csv",
            icon=":material/download:",
            on_click="ignore",
            help="As Kaggle takes it: ImageId,Label",
        )
        st.download_button(
            "All probabilities",
            lambda: probabilities_bytes(result.probabilities),
            "probabilities.csv",
            "text/csv",
            icon=":material/download:",
            on_click="ignore",
            help="ImageId,p0,…,p9 as CSV",
        )


def _check(result: Result) -> None:
    """Say what the submission is like, and whether Kaggle would take it."""
    if result.table.dialect.doubted:  # no tick below a warning that the readings may be wrong
        st.caption(" ".join(markup.plain(one.message) for one in result.findings))
        return
    st.html(markup.checks((one.passed, one.message) for one in result.findings))


def _measured(result: Result) -> None:
    """Show the accuracy on the labelled rows, of those that the model has not seen where it can."""
    right = result.read == result.table.digits.labels
    new = _unseen(result)
    if len(new) == len(right):
        st.metric("Accuracy", _share(right))
        st.caption(f"Of {markup.count(len(right), 'labelled row')}; {_interval(right)}.")
        _warns(result)
        _say_if_unknown(result)
        return
    if len(new):
        st.metric("Accuracy on rows not seen in training", _share(right[new]))
        st.caption(
            f"Of the {markup.count(len(new))} that {result.model.name} has not seen; "
            f"{_interval(right[new])}. Of all {len(right):,} rows, with those it was trained on, "
            f"it reads {_share(right)} correctly."
        )
    else:
        st.metric("Accuracy on rows not seen in training", "–")
        st.caption("It has seen them all: bring other rows to measure it.")
    _warns(result)


def _unseen(result: Result) -> np.ndarray:
    """Return the rows, from 0, that the model has not seen, as far as that is known."""
    if result.seen is None:
        return np.arange(len(result.read))
    return np.flatnonzero(~result.seen)


def _expected(result: Result) -> None:
    """Say what score to expect, where that can be said."""
    card, n = result.model.card, len(result.read)
    low, high = card.interval
    if _warns(result):
        st.caption("For an honest score, train a model on the train.csv that came with the file.")
        return
    if n == COMPETITION_ROWS and set(card.data.tables) != {sample.NAME}:
        st.metric("Score to expect on Kaggle", f"{card.accuracy:.4f}")
        st.caption(
            f"{card.name} reads {card.accuracy:.4f} of {card.n:,} held-out rows right; 95 % "
            f"interval {low:.4f} to {high:.4f}."
        )
        parts = ((PUBLIC, "a public part of a quarter of the rows"), (1, "all rows"))
        lines = [(words, _scores(card, max(1, round(share * n)))) for share, words in parts]
        st.html(markup.table(("Leaderboard on", "Score, 95 % interval"), lines, numbers=1))
    else:
        st.caption(
            f"Accuracy cannot be measured without labels. Of the {card.n:,} held-out rows "
            f"of its own data {card.name} reads {measured_percent(card.accuracy)} correctly (95 % "
            f"interval {100 * low:.2f} to {100 * high:.2f} %); expect the same only of digits of "
            "their kind."
        )
    _say_if_unknown(result)


def _say_if_unknown(result: Result) -> None:
    """Say so where nobody knows which rows the model was trained on."""
    if result.seen is None and not result.trouble:
        name = result.model.name
        st.caption(f"Which rows {name} has learned from is not known: some may be in here.")


def _scores(card: ModelCard, rows: int) -> str:
    """Return the interval of the score on so many other rows like the held-out ones."""
    low, high = predictive_interval(round(card.accuracy * card.n), card.n, rows)
    return f"{low:.4f} to {high:.4f}"


def _warns(result: Result) -> bool:
    """Warn where the model has learned from some of the rows; return whether it has."""
    if result.trouble:
        messages.warning(result.trouble)
    known = 0 if result.seen is None else int(result.seen.sum())
    if known:
        messages.warning(
            f"{known:,} of the {markup.count(len(result.seen))} {'is' if known == 1 else 'are'} "
            f"among those that {result.model.name} "
            "was trained on, pixel by pixel: a score on them says nothing about digits that it "
            "has not seen."
        )
    return known > 0


def _distributions(result: Result) -> None:
    left, right = st.columns(2, gap="medium")
    with left:
        st.markdown("**Predicted digits**")
        counts = np.bincount(result.read, minlength=len(LABELS))
        bar_chart.show(LABELS, counts, what="Rows read as each digit")
    with right:
        st.markdown("**Confidence**")
        places = np.searchsorted(STEPS, result.confidence, side="right")
        counts = np.bincount(places, minlength=len(BETWEEN))
        bar_chart.show(BETWEEN, counts, what="Rows by confidence")
    if result.scores is not None:
        strange = len(result.no_digits)
        st.caption(
            f"{strange:,} {'row does' if strange == 1 else 'rows do'} not look like a digit."
            if strange
            else "Every row looks like a digit."
            if not result.table.dialect.doubted
            else "What looks like a digit here cannot be trusted: see the warning above."
        )


@error_boundary.fragment
def _right_and_wrong(result: Result) -> None:
    st.header("Confusion matrix", anchor=False)
    new = _unseen(result)
    rows = new if len(new) else np.arange(len(result.read))
    if len(new) < len(result.read):
        which = "not seen in training" if len(new) else "each seen in training"
        st.caption(f"{markup.count(len(rows))}, {which}.")
    confusion_matrix.show(
        result.table.digits.take(rows),
        result.probabilities[rows],
        key=f"batch-{result.id}",
        changes=False,
        numbers=rows + 1,
        model=result.model,
    )


def _share(right: np.ndarray) -> str:
    return measured_percent(float(right.mean()))


def _interval(right: np.ndarray) -> str:
    low, high = wilson_interval(int(right.sum()), len(right))
    return f"95 % interval {100 * low:.2f} to {100 * high:.2f} %"
