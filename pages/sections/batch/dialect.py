"""How the table that was brought was understood, and the way out where that may be wrong."""

import streamlit as st

from pages.sections.batch.state import Batch
from pages.shared.components import dialect
from recognizer.datasets.formats.dialect import Notice
from recognizer.models.registry import StoredModel


def show(batch: Batch, model: StoredModel) -> None:
    """Say above the result how the table was understood; warn where its pixels are unusual."""

    def offer(notice: Notice, number: int) -> None:
        key = f"batch-remedy-{batch.table.id[:12]}-{number}"
        st.button(notice.action, key=key, on_click=batch.remedy, args=(notice, model))

    dialect.show(batch.table.dialect, offer)
