"""How many of each: a chart of bars with their numbers above."""

from collections.abc import Sequence

import streamlit as st

from pages.shared.components import markup


def show(names: Sequence[object], counts: Sequence[int], *, what: str, height: int = 240) -> None:
    """Draw a bar for each name, in the order given; it is read out as "what: name: count, ...".

    Args:
        names: below the bars.
        counts: as many.
        what: is counted, for those who do not see the chart.
        height: in pixels.
    """
    pairs = list(zip(names, counts, strict=True))
    st.vega_lite_chart(
        [{"of": str(name), "rows": int(count)} for name, count in pairs],
        _spec(),
        height=height,
        alt=f"{what}: " + ", ".join(f"{name}: {count}" for name, count in pairs),
    )


def _spec() -> dict:
    number = {"field": "rows", "type": "quantitative"}
    axis = {"labelAngle": 0, "title": None, "labelOverlap": False}
    return {
        "encoding": {
            "x": {"field": "of", "type": "ordinal", "sort": None, "axis": axis},
            "y": {**number, "axis": None},
        },
        "layer": [
            {"mark": {"type": "bar", "tooltip": True}},
            {
                "mark": {"type": "text", "dy": -7, "color": markup.ink()},
                "encoding": {"text": {**number, "format": ","}},
            },
        ],
    }
