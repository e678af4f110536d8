"""The confusion matrix to click on, and the images behind each cell."""

from dataclasses import dataclass, replace

import numpy as np
import streamlit as st
from streamlit.errors import StreamlitAPIException

from pages.shared.components import confusion_figure, image_grid, markup
from recognizer import evaluation
from recognizer.evaluation import Evaluation, evaluate
from recognizer.models.registry import StoredModel
from recognizer.records import LABELS, Digits

MOST = 40  # images of a cell
WORST = 12
ALT = "Confusion matrix: rows are true digits, columns what was read. A table follows."


def show(
    rows: Digits,
    probabilities: np.ndarray,
    before: np.ndarray | None = None,
    *,
    key: str = "matrix",
    changes: bool = True,
    numbers: np.ndarray | None = None,
    model: StoredModel | None = None,
) -> None:
    """Show one reading of labelled digits.

    Args:
        rows: what was read.
        probabilities: array of shape (n, 10).
        before: those of the reading before; None at the first.
        key: of the widgets; another one for each table.
        changes: whether there will be readings after this one.
        numbers: (n,) int, the row of each in its file, shown with its image; None where there is
            no file.
        model: that read them; None where its network is no stored one's.
    """
    now = evaluate(probabilities, rows.labels)
    earlier = None if before is None else evaluate(before, rows.labels).confusion
    cell = Cell(key)
    left, right = st.columns([3, 2], gap="medium")
    with left:
        _matrix(
            now.confusion,
            earlier,
            cell,
            confusion_figure.WAYS if changes else confusion_figure.WAYS[:-1],
        )
    with right:
        st.markdown("**Each digit**")
        st.html(_per_digit(now))
    opens = None if changes else Opens(model, key)
    st.markdown("**Images of a cell**")
    images(rows, probabilities, cell, numbers, opens)
    _worst(rows, probabilities, numbers, opens)


def show_counts(counts: np.ndarray) -> None:
    """Show a matrix that is all there is: no images are behind it.

    Args:
        counts: array of shape (10, 10), int; row = true digit, column = what was read.
    """
    values, texts = confusion_figure.values(confusion_figure.COUNTS, counts, None)
    chart(values, texts, None, ALT)
    _tell(counts, texts)


@dataclass(frozen=True)
class Cell:
    """The cell of a matrix that is clicked, or chosen with two selects.

    Attributes:
        key: of the chart, and the start of the other keys in the session.
    """

    key: str

    @property
    def clicked(self) -> tuple[int, int | None, int | None]:
        """How many clicks there were; true digit and read as of the last."""
        return st.session_state.get(f"{self.key}-click", (0, None, None))

    def selects(self) -> tuple[str, str]:
        """Return the keys of the two selects, new after each click.

        If a click set the values of selects that stay, a run that was already on its way from the
        browser, which asks for one each second, would set them back.
        """
        clicks, *_ = self.clicked
        return f"{self.key}-true-{clicks}", f"{self.key}-read-{clicks}"

    def picked(self) -> tuple[int | None, int | None]:
        """Return (true digit, read as) of the cell."""
        _, *clicked = self.clicked
        true, read = map(st.session_state.get, self.selects(), clicked)
        return true, read

    def on_select(self) -> None:
        """Take over a click before the run that may show another reading, and so another chart."""
        self.take(st.session_state[self.key].selection.points)

    def take(self, points: list[dict]) -> bool:
        """Take over what the chart says is selected; return whether that is another cell."""
        cell = (int(points[0]["y"]), int(points[0]["x"])) if points else None
        if cell == st.session_state.get(f"{self.key}-selected"):
            return False
        st.session_state[f"{self.key}-selected"] = cell
        if cell is None or cell == self.picked():
            return False
        st.session_state[f"{self.key}-click"] = (self.clicked[0] + 1, *cell)
        return True


def _matrix(now: np.ndarray, earlier: np.ndarray | None, cell: Cell, ways: tuple[str, ...]) -> None:
    way = st.segmented_control(
        "Cells",
        ways,
        default=confusion_figure.COUNTS,
        required=True,
        key=f"{cell.key}-way",
        help="Counts: images of each digit (row) by prediction (column). Shares: % of each row"
        + (
            ". Change: the difference from the reading before."
            if confusion_figure.CHANGE in ways
            else "."
        ),
    )
    if way == confusion_figure.CHANGE and earlier is None:
        st.caption("No change yet: this is the first reading.")
        way = confusion_figure.COUNTS
    values, texts = confusion_figure.values(way, now, earlier)
    chart(values, texts, cell, ALT)
    _tell(now, texts)


def chart(strengths: np.ndarray, texts: list[list[str]], cell: Cell | None, alt: str) -> None:
    """Draw a matrix; a click chooses its cell.

    Args:
        strengths: array of shape (10, 10): a cell's colour, from -1, worst, to 1, best.
        texts: what stands in each cell.
        cell: where the click goes; None where there are no images behind it.
        alt: for those who do not see it.
    """
    if cell is None:
        drawn = confusion_figure.figure(strengths, texts, (None, None), dark=markup.is_dark())
        st.plotly_chart(drawn, config=confusion_figure.CONFIG, alt=alt)
        return
    event = st.plotly_chart(
        confusion_figure.figure(strengths, texts, cell.picked(), dark=markup.is_dark()),
        key=cell.key,
        on_select=cell.on_select,
        selection_mode="points",
        config=confusion_figure.CONFIG,
        alt=alt,
    )
    if cell.take(event.selection.points):  # missed by the callback: its key was an older chart's
        _again()


def _tell(counts: np.ndarray, texts: list[list[str]]) -> None:
    """Say in a table what the chart shows, and under it what is most often confused."""
    st.html(confusion_figure.table(texts))
    st.caption(_most_confused(counts))


def _again() -> None:
    try:
        st.rerun(scope="fragment")
    except StreamlitAPIException:  # it is the whole page that runs
        st.rerun()


def _most_confused(counts: np.ndarray) -> str:
    wrong = counts.copy()
    np.fill_diagonal(wrong, 0)
    if not wrong.any():
        return "All are read correctly."
    order = np.argsort(wrong, axis=None, kind="stable")[::-1][:3]
    pairs = [divmod(int(one), len(LABELS)) for one in order if wrong.flat[one]]
    listed = ", ".join(f"{true} as {read} ({wrong[true, read]})" for true, read in pairs)
    are = "is" if wrong.sum() == 1 else "are"
    return f"{wrong.sum():,} of {counts.sum():,} {are} misread; most often {listed}."


def _per_digit(now: Evaluation) -> str:
    rows = [
        (label, f"{now.confusion[label].sum():,}", _percent(recall), _percent(precision))
        for label, recall, precision in zip(LABELS, now.recall, now.precision, strict=True)
    ]
    return markup.table(("Digit", "Images", "Recall", "Precision"), rows, numbers=3) + (
        "<small>Recall: share of this digit's images that are read correctly. "
        "Precision: share of the images read as this digit that are this digit.</small>"
    )


def _percent(share: float) -> str:
    return "–" if np.isnan(share) else "100 %" if share == 1 else evaluation.percent(share)


@dataclass(frozen=True)
class Opens:
    """How an image is opened: by the model that read it, from the grid of that key."""

    model: StoredModel | None
    key: str


def images(
    rows: Digits,
    probabilities: np.ndarray,
    cell: Cell,
    numbers: np.ndarray | None,
    opens: Opens | None,
    counted_in: str = "Row",
) -> None:
    """Show the images of one cell: clicked, or chosen with the keyboard.

    Args:
        rows: what was read.
        probabilities: array of shape (n, 10).
        cell: which images.
        numbers: (n,) int, the row of each in its file; None where there is no file.
        opens: how a click opens one; None where the rows are about to change.
        counted_in: what the numbers count.
    """
    left, right = st.columns(2)
    _, *clicked = cell.clicked  # LABELS are their own indices
    true, read = (
        column.selectbox(label, LABELS, index, placeholder="–", key=key)
        for column, label, index, key in zip(
            (left, right), ("True digit", "Predicted"), clicked, cell.selects(), strict=True
        )
    )
    if true is None or read is None:
        st.caption("Click a cell of the matrix, or choose both digits here.")
        return
    confidence = probabilities.max(axis=1)
    inside = np.flatnonzero((rows.labels == true) & (probabilities.argmax(axis=1) == read))
    inside = inside[np.argsort(confidence[inside])[:: 1 if true == read else -1]]
    many = f", {MOST} shown" if len(inside) > MOST else ""
    images = "image" if len(inside) == 1 else "images"
    st.caption(f"{len(inside):,} {images} of {true}, predicted {read}{many}.")
    shown = inside[:MOST]
    captions = {
        i: _numbered(i, numbers, counted_in) + evaluation.percent(confidence[i]) for i in shown
    }
    _figures(rows, captions, numbers, opens and replace(opens, key=f"{opens.key}-cell"))


def _figures(
    rows: Digits, captions: dict[int, str], numbers: np.ndarray | None, opens: Opens | None
) -> None:
    """Show images with their captions, by their place among the rows."""
    if opens is None:
        st.html(markup.figures((rows.images[i] for i in captions), captions.values()))
        return
    shown = [
        image_grid.Image(
            rows.images[i],
            caption,
            f"{'Digit' if numbers is None else 'Row'} {i + 1 if numbers is None else numbers[i]:,}",
            int(rows.labels[i]),
        )
        for i, caption in captions.items()
    ]
    image_grid.show(shown, opens.model, f"{opens.key}-grid")


def _worst(
    rows: Digits, probabilities: np.ndarray, numbers: np.ndarray | None, opens: Opens | None
) -> None:
    """Show the mistakes made with the most confidence."""
    read, confidence = probabilities.argmax(axis=1), probabilities.max(axis=1)
    wrong = np.flatnonzero(read != rows.labels)
    worst = wrong[np.argsort(-confidence[wrong])][:WORST]
    if not len(worst):
        return
    st.markdown("**The worst mistakes**")
    captions = {
        i: f"{_numbered(i, numbers)}{rows.labels[i]}, read as {read[i]}, "
        f"{evaluation.percent(confidence[i])}"
        for i in worst
    }
    _figures(rows, captions, numbers, opens and replace(opens, key=f"{opens.key}-worst"))


def _numbered(i: int, numbers: np.ndarray | None, counted_in: str = "Row") -> str:
    return "" if numbers is None else f"{counted_in} {numbers[i]:,}\n"
