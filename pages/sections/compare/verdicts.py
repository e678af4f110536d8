"""Which of several models is really better: a sentence for two, a table for more."""

import streamlit as st

from pages.shared.components import markup
from recognizer.comparison import REAL, Compared

HEAD = ("Models", "Difference", "95 % interval", "Only the first correct", "Only the second", "p")


def show(compared: list[Compared]) -> None:
    """Show the comparison of each two models on the same rows."""
    if len(compared) == 1:
        st.markdown(f"**{markup.plain(compared[0].words)}**")
        st.caption(f"Difference: {_difference(compared[0])}. {_p(compared[0])} (McNemar's test).")
        return
    st.html(markup.table(HEAD, map(_row, compared), numbers=5))
    real = [one for one in compared if one.p < REAL]
    if real:
        listed = "; ".join(f"{_better(one)} than {_worse(one)}" for one in real)
        st.markdown(f"**{markup.plain(f'Better by more than chance explains: {listed}.')}**")
    else:
        st.markdown("**Too close to call: chance alone would explain each difference.**")
    st.caption(
        f"Differences of accuracy in percentage points, on the same rows. p is McNemar's, raised "
        f"for {len(compared)} comparisons (Holm): among many, one would look real by chance alone."
    )


def _row(one: Compared) -> tuple[str, ...]:
    low, high = one.interval
    return (
        f"{one.first} − {one.second}",
        _signed(one.difference),
        f"{_signed(low)} to {_signed(high)}",
        f"{one.pair.first_only:,}",
        f"{one.pair.second_only:,}",
        _p(one).removeprefix("p = ").removeprefix("p "),
    )


def _difference(one: Compared) -> str:
    low, high = one.interval
    return (
        f"{markup.plain(one.first)} − {markup.plain(one.second)} = {_signed(one.difference)} "
        f"percentage points, 95 % interval {_signed(low)} to {_signed(high)}"
    )


def _p(one: Compared) -> str:
    return f"p = {one.p:.3f}" if one.p >= 0.001 else "p < 0.001"


def _signed(share: float) -> str:
    return f"{100 * share:+.2f}".replace("-", "−")


def _better(one: Compared) -> str:
    return one.first if one.difference > 0 else one.second


def _worse(one: Compared) -> str:
    return one.second if one.difference > 0 else one.first
