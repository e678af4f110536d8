"""A page that only echoes its canvas: what the app's reading is timed against.

streamlit run benchmarks/baselines/echo_canvas.py -- SIDE
"""

import sys

import streamlit as st
from streamlit_drawable_canvas import st_canvas

SIDE = int(sys.argv[1])  # CSS pixels, the app's


def clear() -> None:
    """Begin a new drawing."""
    st.session_state["drawing"] += 1


@st.fragment
def echo() -> None:
    """Show the canvas and how many of its pixels are ink."""
    drawing = st.session_state.setdefault("drawing", 0)
    result = st_canvas(
        stroke_width=22,
        stroke_color="#000000",
        background_color="#ffffff",
        width=SIDE,
        height=SIDE,
        return_image_data=True,
        key=f"canvas-{drawing}",
    )
    st.button("Clear", on_click=clear)
    image = result.image_data  # (SIDE, SIDE, 4) uint8, None before the first stroke
    st.metric("Ink", "–" if image is None else int((image[..., 0] < 128).sum()))


echo()
