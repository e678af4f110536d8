"""The frame around every page: which pages there are, and that none is shown without it."""

import runpy

import streamlit as st

from recognizer.system.home import PROJECT

TITLES = {  # of the browser's tab
    "draw": "Draw a digit and see it read",
    "handwriting": "See how your handwriting is read",
    "batch": "Read a table of digits",
    "classroom": "Collect a class's handwriting",
    "train": "Train a network and watch it learn",
    "inside": "See inside the network",
    "compare": "Compare models and know which is better",
}
ICON = PROJECT / "pages" / "shared" / "icon.png"
STYLES = PROJECT / "pages" / "shared" / "styles.css"

_MARK = "_frame_marked"
_PAGE = "_frame_page"


def pages() -> list[st.Page]:
    """Return the pages in the order of the menu; the first is the home page."""
    draw = PROJECT / "pages" / "draw.py"
    return [
        home(),
        handwriting(),
        st.Page(PROJECT / "pages" / "classroom.py", title="Class", url_path="classroom"),
        st.Page(PROJECT / "pages" / "batch.py", title="Batch", url_path="batch"),
        train(),
        compare(),
        inside(),
        st.Page(draw, title="Draw", url_path="draw", visibility="hidden"),  # for typed addresses
    ]


def home() -> st.Page:
    """Return the page that opens first."""
    return st.Page(PROJECT / "pages" / "draw.py", title="Draw", url_path="home", default=True)


def handwriting() -> st.Page:
    """Return the page on which a person writes each digit."""
    page = PROJECT / "pages" / "handwriting.py"
    return st.Page(page, title="Handwriting", url_path="handwriting")


def train() -> st.Page:
    """Return the page that trains networks."""
    return st.Page(PROJECT / "pages" / "train.py", title="Train", url_path="train")


def compare() -> st.Page:
    """Return the page that compares models."""
    return st.Page(PROJECT / "pages" / "compare.py", title="Compare", url_path="compare")


def inside() -> st.Page:
    """Return the page that looks inside a network."""
    return st.Page(PROJECT / "pages" / "inside.py", title="Inside", url_path="inside")


def mark_run() -> None:
    """Note that app.py started this run."""
    st.session_state[_MARK] = True


def guard(page: str) -> bool:
    """Make sure that a page is shown inside app.py's frame; the first line of each page.

    As the folder is named pages/, a first visit after start straight to a page's address is
    rendered by Streamlit's old discovery of pages, without app.py. Then app.py is run from here.
    Not with st.rerun(): that loses button clicks.

    Args:
        page: the page's name.

    Returns:
        Whether the person has just come to this page, from another one or from outside.
    """
    if not st.session_state.pop(_MARK, False):
        runpy.run_path(str(PROJECT / "app.py"), run_name="__main__")
        st.stop()
    st.set_page_config(page_title=TITLES[page])
    st.html(f"<style>{_accent()}{STYLES.read_text(encoding='utf-8')}</style>")
    arrived = st.session_state.get(_PAGE) != page
    st.session_state[_PAGE] = page
    return arrived


def _accent() -> str:
    """Return the accent colours of .streamlit/config.toml as a rule of CSS."""
    light, dark = (st.get_option(f"theme.{base}.primaryColor") for base in ("light", "dark"))
    return f":root {{ --accent: light-dark({light or '#0f766e'}, {dark or '#17a091'}); }}\n"


KAGGLE = "https://www.kaggle.com/c/digit-recognizer/data"
