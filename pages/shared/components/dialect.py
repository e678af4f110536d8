"""How a table was understood, in one line, and warnings where its pixels are unusual."""

from collections.abc import Callable

import streamlit as st

from pages.shared.components import markup, messages
from recognizer.datasets.formats.dialect import Dialect, Notice


def show(dialect: Dialect, offer: Callable[[Notice, int], None] | None = None) -> None:
    """Show it; nothing where the table is in Kaggle's form.

    Args:
        dialect: how the table is written.
        offer: shows the other way to read it, of a notice that has one; None for no offer.
    """
    if dialect.understood:
        st.caption(f":material/table: {markup.plain(dialect.understood)}")
    for number, notice in enumerate(dialect.notices):
        messages.warning(notice.message)
        if offer is not None and notice.remedy is not None:
            offer(notice, number)
