"""How many of each: a chart of bars with their numbers above."""

from collections.abc import Sequence

import altair as alt
import pandas as pd
import streamlit as st

from pages.shared.components import markup


def show(names: Sequence[object], counts: Sequence[int], *, what: str, height: int = 240) -> None:
    """Draw a bar for each name, in the order given; it is read out as "what: name: count, ...".

    Args:
        names: below the bars; a line break in one begins a new line.
        counts: as many.
        what: is counted, for those who do not see the chart.
        height: in pixels.
    """
    pairs = list(zip(names, counts, strict=True))
    rows = [{"name": str(name), "count": int(count)} for name, count in pairs]
    lines = "split(datum.label, '\\n')"
    axis = alt.Axis(labelAngle=0, title=None, labelOverlap=False, labelExpr=lines)
    base = alt.Chart(pd.DataFrame(rows)).encode(
        x=alt.X("name:O", sort=None, axis=axis), y=alt.Y("count:Q", axis=None)
    )
    numbers = base.mark_text(dy=-7, color=markup.ink()).encode(text=alt.Text("count:Q", format=","))
    st.altair_chart(
        base.mark_bar(tooltip=True) + numbers,
        height=height,
        alt=f"{what}: " + ", ".join(f"{name}: {count}" for name, count in pairs),
    )
