"""Forms: a sheet to print and fill in, and photos of filled-in ones, which become tables."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import PurePath

import cv2
import numpy as np
import pandas as pd
import streamlit as st

from pages.shared.components import markup, messages
from recognizer.datasets.formats.pictures import Picture
from recognizer.errors import RecognizerError, SettingError, reason
from recognizer.evaluation import percent
from recognizer.forms import (
    MOST_COLUMNS,
    MOST_ROWS,
    PAPERS,
    SIDE,
    Cell,
    Form,
    Layout,
    read_form,
    sheet_html,
    table_csv,
)
from recognizer.forms.layout import column_name
from recognizer.imaging.decoding import decode_picture
from recognizer.inference import Recognizer

MOST = 100  # photos of forms that the page reads; the command line reads any number
_HOLDS = {"digit": "One digit", "number": "One number"}
_SHOWN = 1_100  # pixels: longer side of the straightened sheet on the page
_DOUBTED = (180, 83, 9)  # colour of the boxes around doubtful cells, RGB
_THUMBNAIL = 48  # pixels: height of a cell in the table
_AMBER = "background-color: rgba(217, 119, 6, .28)"


@dataclass(eq=False)
class Read:
    """What came of one photo.

    Attributes:
        name: of the file.
        form: what was read; None where it could not be.
        problem: why not.
        corrected: cell name -> what the person says that it holds.
    """

    name: str
    form: Form | None = None
    problem: str = ""
    corrected: dict[str, str] = field(default_factory=dict)

    @property
    def table(self) -> list[list[str]]:
        """The rows of the form's cells, as corrected."""
        columns = self.form.columns
        texts = [self.corrected.get(cell.name, cell.text) for cell in self.form.cells]
        return [texts[i : i + columns] for i in range(0, len(texts), columns)]


def read(recognizer: Recognizer, picture: Picture) -> Read:
    """Read one photo of a form."""
    try:
        return Read(picture.path, read_form(recognizer, decode_picture(picture.read(), SIDE)))
    except RecognizerError as error:
        return Read(picture.path, problem=str(error))
    except Exception as error:  # a zip that is damaged in its middle
        return Read(picture.path, problem=f"It cannot be read ({reason(error)}).")


def offer_sheet() -> None:
    """Offer a sheet to print, with as many cells as are asked for."""
    with st.expander("Print a sheet to fill in", icon=":material/print:"):
        st.caption(
            "Print it, fill it in with a dark pen, and drop a photo of it above: it becomes a "
            "table with the same rows and columns. Four marks in its corners show where they are."
        )
        with st.container(horizontal=True):
            rows = st.number_input("Rows", 1, MOST_ROWS, 12, width=120)
            columns = st.number_input("Columns", 1, MOST_COLUMNS, 6, width=120)
            kind = st.selectbox("Each cell holds", list(_HOLDS), format_func=_HOLDS.get, width=170)
            paper = st.selectbox("Paper", list(PAPERS), width=120)
        title = st.text_input("Title (optional)", max_chars=60, width=420)
        try:
            page = sheet_html(Layout(int(rows), int(columns), kind, paper), title)
        except SettingError as error:
            messages.error(error)
            return
        st.download_button(
            "Download sheet.html", page, "sheet.html", "text/html", on_click="ignore"
        )


def show(reads: Sequence[Read]) -> None:
    """Show the forms that were read, and offer their tables."""
    for one in reads:
        if one.form is None:
            messages.error(f"{one.name}: {one.problem}")
    found = [one for one in reads if one.form is not None]
    if not found:
        return
    st.subheader("Forms", anchor=False)
    chosen = 0
    if len(found) > 1:
        chosen = st.selectbox(
            "Form", range(len(found)), format_func=lambda one: found[one].name, width=420
        )
    _show(found[chosen], chosen)
    if len(found) > 1:
        rows = [[one.name, *row] for one in found for row in one.table]
        st.download_button(
            f"All {len(found)} tables, one below the other",
            table_csv(rows), "forms.csv", "text/csv", on_click="ignore",
        )  # fmt: skip


def _show(one: Read, number: int) -> None:
    """Show one form: its picture, its table, and its cells to check and correct."""
    form = one.form
    filled, doubtful = sum(bool(cell.text) for cell in form.cells), len(form.doubtful)
    grid = "sheet" if form.printed else "ruled table"
    said = [f"A {grid} of {form.rows} rows and {form.columns} columns", f"{filled:,} cells filled"]
    said += [f"{doubtful:,} of them doubtful: check these first"] * bool(doubtful)
    st.caption(", ".join(said) + ".")
    if form.warning:
        messages.warning(form.warning)
    left, right = st.columns(2, gap="medium")
    with left:
        st.html(markup.picture(_picture(form), "The form, straightened; doubtful cells are boxed."))
    with right:
        place = st.container()
        st.markdown("**Check the cells: the least certain first. Correct the text here.**")
        _correct(one, number)
    with place:
        st.dataframe(_styled(one), height="content")
        st.download_button(
            "Download the table (CSV)",
            table_csv(one.table),
            f"{PurePath(one.name).stem}.csv",
            "text/csv",
            on_click="ignore",
            type="primary",
            key=f"form-csv-{number}",
        )


def _correct(one: Read, number: int) -> None:
    """Let each cell's text be corrected in a list with pictures."""
    cells = sorted(one.form.cells, key=_order)
    shown = pd.DataFrame(
        {
            "Picture": [_thumbnail(cell) for cell in cells],
            "Cell": [cell.name for cell in cells],
            "Text": [cell.text for cell in cells],
            "Confidence": [percent(cell.confidence) if cell.text else "empty" for cell in cells],
            "Doubtful": [cell.doubtful for cell in cells],
        }
    )
    edited = st.data_editor(
        shown,
        hide_index=True,
        height=420,
        row_height=_THUMBNAIL + 4,
        disabled=["Picture", "Cell", "Confidence", "Doubtful"],
        column_config={"Picture": st.column_config.ImageColumn(width="small")},
        key=f"form-cells-{number}-{id(one)}",
    )
    texts = zip(edited["Cell"], edited["Text"].fillna(""), shown["Text"], strict=True)
    one.corrected = {name: str(now).strip() for name, now, before in texts if now != before}


def _order(cell: Cell) -> tuple[bool, float]:
    """Return by what cells are sorted: filled ones first, the least certain of them first."""
    return not cell.text, cell.confidence if cell.is_digit else cell.confidence - 1


def _styled(one: Read) -> "pd.io.formats.style.Styler":
    """Return the table with doubtful cells marked, but for those that were corrected."""
    form = one.form
    doubted = {c.name for c in form.doubtful} - one.corrected.keys()
    marks = [_AMBER if cell.name in doubted else "" for cell in form.cells]
    columns = [column_name(column) for column in range(form.columns)]
    rows = range(1, form.rows + 1)
    table = pd.DataFrame(one.table, index=rows, columns=columns)
    styles = pd.DataFrame(np.reshape(marks, (form.rows, form.columns)), rows, columns)
    return table.style.apply(lambda _: styles, axis=None)


def _thumbnail(cell: Cell) -> str:
    """Return a cell's picture as an address that holds it."""
    height, width = cell.image.shape[:2]
    scale = _THUMBNAIL / max(1, height)
    small = cv2.resize(cell.image, (max(1, round(width * scale)), _THUMBNAIL),
                       interpolation=cv2.INTER_AREA)  # fmt: skip
    return markup.source(small)


def _picture(form: Form) -> str:
    """Return the straightened form with boxes around its doubtful cells."""
    height, width = form.straightened.shape[:2]
    scale = min(1.0, _SHOWN / max(height, width))
    size = max(1, round(width * scale)), max(1, round(height * scale))
    shown = cv2.resize(form.straightened, size, interpolation=cv2.INTER_AREA)
    for cell in form.doubtful:
        x, y, wide, tall = (round(value * scale) for value in cell.box)
        cv2.rectangle(shown, (x, y), (x + wide, y + tall), _DOUBTED, 2, cv2.LINE_AA)
    return markup.source(shown)
