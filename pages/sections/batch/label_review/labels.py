"""Labels to check: the rows whose label is probably wrong, and what a person decides about them.

The file stays as it is: the decisions are a layer on it, kept with the table's fingerprint.
"""

import streamlit as st

from pages.sections.batch.label_review import effect, judges
from pages.sections.batch.label_review.judges import AT, Judged
from pages.sections.batch.records import Result
from pages.sections.batch.state import Batch
from pages.shared import actions, error_boundary
from pages.shared.access import roles
from pages.shared.access.roles import Action
from pages.shared.components import markup, messages
from recognizer.audit import DROP, Decisions, LabelAudit, decisions
from recognizer.datasets import write_digits
from recognizer.errors import DataError, ModelError, RecognizerError
from recognizer.evaluation import percent
from recognizer.records import LABELS

A_PAGE = 40  # images
_HEADER = "Labels to check"
_PROBLEM = "labels-problem"  # in the session: what failed


@error_boundary.fragment
def show(batch: Batch, result: Result) -> None:
    """Show the labels to check, one at a time and all of them, and offer the corrected table."""
    st.header(_HEADER, anchor=False)
    try:
        with st.spinner("Looking for labels to check …"):
            judged = judges.choose(result)
        if batch.decisions is None:
            batch.decisions = _kept(result)
    except (DataError, ModelError) as error:
        messages.info(error)
        judges.offer(result)
        return
    audit = judged.audit
    st.caption(_about(judged))
    if len(audit.left_out):
        judges.offer(result)
    if problem := st.session_state.pop(_PROBLEM, None):
        messages.error(problem)
    if len(audit.rows):
        _review(batch, result, judged)
        _grid(batch.decisions, result, audit)
    _downloads(batch, result, audit)


def _kept(result: Result) -> Decisions:
    """Return what was decided about this table before; a visitor's decisions are not kept."""
    if not roles.may(Action.REVIEW_LABELS):
        return Decisions()
    return decisions.load(result.table.fingerprint, len(result.read))


def _about(judged: Judged) -> str:
    audit, by = judged.audit, markup.plain(judged.by)
    k, m = len(audit.audited), len(audit.rows)
    words = (
        f"{by} contradict{'' if judged.several else 's'} {m:,} of {k:,} labels more surely than "
        f"{'they usually read' if judged.several else 'it usually reads'} such a digit "
        "(confident learning, Northcutt et al., 2021)"
    )
    words += f"; about {audit.estimated:,.0f} are estimated to be wrong." if m else "."
    if len(audit.left_out):
        words += (
            f" {markup.count(len(audit.left_out))} "
            f"{'is' if len(audit.left_out) == 1 else 'are'} left out, as {by} "
            f"{'have all' if judged.several else 'has'} learned from "
            "them and may have memorized wrong labels."
        )
    if not judged.known:
        has = "have" if judged.several else "has"
        words += f" Which rows {by} {has} learned from is not known: that may hide wrong labels."
    return words + " The file is not changed."


def _review(batch: Batch, result: Result, judged: Judged) -> None:
    """Show one row large, with a button and a key for each decision."""
    audit = judged.audit
    at = _place(batch.decisions, result, audit)
    row, label, better = (int(one[at]) for one in (audit.rows, audit.labels, audit.suggested))
    left, right = st.columns([1, 3], gap="medium")
    with left:
        source = markup.source(result.table.digits.images[row])
        alt = f"Row {row + 1:,}, label {label}"
        st.html(f'<img class="still" style="max-width:15rem" src="{source}" alt="{alt}">')
    with right:
        st.markdown(f"**Row {row + 1:,}, label {label}, {_decided(batch.decisions, row, label)}**")
        st.markdown(_evidence(judged, at))
        with st.container(horizontal=True):
            for text, icon, shortcut, choice in (
                (f"Keep {label}", "check", "K", label),
                (f"Relabel as {better}", "edit", "S", better),
                ("Drop the row", "delete", "D", DROP),
            ):
                st.button(
                    text,
                    icon=f":material/{icon}:",
                    shortcut=shortcut,
                    key=f"labels-{shortcut}-{result.id}-{row}",  # a late click decides no other
                    on_click=_decide,
                    args=(batch, result, row, choice, at + 1),
                )
        _other_digit(batch, result, row, at)
        _moves(batch, result, audit, at)


def _other_digit(batch: Batch, result: Result, row: int, at: int) -> None:
    key = f"labels-other-{result.id}-{row}"

    def decide() -> None:
        if (choice := st.session_state[key]) is not None:
            _decide(batch, result, row, choice, at + 1)

    st.pills("Or relabel as", LABELS, key=key, on_change=decide)


def _moves(batch: Batch, result: Result, audit: LabelAudit, at: int) -> None:
    done = sum(int(row) in batch.decisions.choices for row in audit.rows)
    with st.container(horizontal=True, vertical_alignment="center"):
        for text, icon, to in (
            ("Previous", "arrow_back", at - 1),
            ("Next", "arrow_forward", at + 1),
        ):
            st.button(
                text,
                icon=f":material/{icon}:",
                key=f"labels-{text}-{result.id}",
                on_click=_go,
                args=(result, to),
                disabled=not 0 <= to < len(audit.rows),
            )
        st.button(
            "Undo the last decision",
            icon=":material/undo:",
            shortcut="U",
            on_click=_undo,
            args=(batch, result, audit),
            disabled=not batch.decisions.choices,
        )
        st.caption(f"{at + 1:,} of {len(audit.rows):,}; {done:,} decided")


def _evidence(judged: Judged, at: int) -> str:
    audit = judged.audit
    given, better = audit.probabilities[at]
    words = (
        f"{markup.plain(judged.by)} give{'' if judged.several else 's'} the label {percent(given)} "
        f"and read{'' if judged.several else 's'} {audit.suggested[at]} with {percent(better)}."
    )
    if audit.similar[at] >= 0:
        kind = "A near-duplicate" if audit.near_duplicates[at] else "The most similar row"
        words += (
            f" {kind}: row {audit.similar[at] + 1:,}, label {audit.similar_labels[at]} "
            f"(similarity {audit.similarity[at]:.2f})."
        )
    return words


def _grid(decided: Decisions, result: Result, audit: LabelAudit) -> None:
    """Show the list by pages, worst first, each with what was decided about it."""
    pages = -(-len(audit.rows) // A_PAGE)
    place = st.container()
    page = 1
    if pages > 1:  # below the images, but known before them
        page = st.pagination(pages, key=f"labels-page-{result.id}", persist_state="session")
    shown = range((page - 1) * A_PAGE, min(page * A_PAGE, len(audit.rows)))
    captions = [
        f"{audit.rows[i] + 1:,}\nlabel {audit.labels[i]}\n{audit.suggested[i]} · "
        f"{percent(audit.probabilities[i, 1])}\n"
        f"{_decided(decided, int(audit.rows[i]), int(audit.labels[i]))}"
        for i in shown
    ]
    images = result.table.digits.images[audit.rows[list(shown)]]
    place.caption(
        "All of them, the likeliest mistake first. Below each image: the row's number, its label, "
        "the reading, and what is decided."
    )
    place.html(markup.figures(images, captions))


def _downloads(batch: Batch, result: Result, audit: LabelAudit) -> None:
    decided, digits = batch.decisions, result.table.digits
    if decided.choices:
        kept = roles.may(Action.REVIEW_LABELS)
        st.markdown(f"**Decided:** {decided.words(digits.labels)}.")
        if not kept:
            st.caption("Your decisions are lost when you leave: download the corrected table.")
    with st.container(horizontal=True):
        st.download_button(
            "Corrected table",
            lambda: write_digits(decided.apply(digits)),
            "corrected.csv",
            "text/csv",
            icon=":material/download:",
            on_click="ignore",
            disabled=not decided.choices,
            help="The table with these decisions, as Kaggle's train.csv; dropped rows are left out",
        )
        st.download_button(
            "Labels to check",
            audit.csv(),
            "audit.csv",
            "text/csv",
            icon=":material/download:",
            on_click="ignore",
            disabled=not len(audit.rows),
            help="The list with probabilities and the most similar row of each, as CSV",
        )
        if decided.choices and roles.may(Action.ADD_DIGITS):
            st.button(
                "Add to the training data",
                icon=":material/model_training:",
                on_click=_add,
                args=(batch, result),
                help="The corrected table, to choose on the Train page",
            )
            effect.offer(result)
    if failed := effect.problem():
        messages.error(failed)


def _add(batch: Batch, result: Result) -> None:
    words = batch.decisions.words(result.table.digits.labels)
    try:
        actions.add_digits(
            f"{result.table.name} ({words})", batch.decisions.apply(result.table.digits)
        )
    except RecognizerError as error:
        st.session_state[_PROBLEM] = str(error)
    else:
        st.toast("Added: choose it on the Train page.", icon=":material/check_circle:")


def _place(decided: Decisions, result: Result, audit: LabelAudit) -> int:
    """Return the place in the list that is shown: at first, of the first row not decided yet."""
    key, asked = st.session_state.get(AT, (None, 0))
    if key != result.id:
        left = (i for i, row in enumerate(audit.rows) if int(row) not in decided.choices)
        asked = next(left, 0)
    return min(max(asked, 0), len(audit.rows) - 1)


def _go(result: Result, at: int) -> None:
    st.session_state[AT] = result.id, at


def _decide(batch: Batch, result: Result, row: int, choice: int, then: int) -> None:
    batch.decisions = batch.decisions.deciding(row, choice)
    _keep(batch, result)
    _go(result, then)


def _undo(batch: Batch, result: Result, audit: LabelAudit) -> None:
    if not batch.decisions.choices:
        return
    row = list(batch.decisions.choices)[-1]
    batch.decisions = batch.decisions.without(row)
    _keep(batch, result)
    if (places := (audit.rows == row).nonzero()[0]).size:
        _go(result, int(places[0]))


def _keep(batch: Batch, result: Result) -> None:
    """Keep the decisions on the disk where that is allowed; in the session they are anyway."""
    if not roles.may(Action.REVIEW_LABELS):
        return
    try:
        actions.keep_decisions(result.table.name, result.table.fingerprint, batch.decisions)
    except RecognizerError as error:
        st.session_state[_PROBLEM] = str(error)


def _decided(decided: Decisions, row: int, label: int) -> str:
    choice = decided.choices.get(row)
    if choice is None:
        return "not decided"
    if choice == DROP:
        return "dropped"
    return "kept" if choice == label else f"now {choice}"
