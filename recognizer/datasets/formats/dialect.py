"""How a table of digits is written, as it was understood: one record for every format."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from recognizer.records import IMAGE_SIZE, PIXELS, WHITE


@dataclass(frozen=True)
class Adjustments:
    """What a person says of a table's pixels; None leaves it to be found out.

    Attributes:
        invert: whether ink is dark on light paper.
        transpose: whether the pixels run down the columns of each image.
        scale: the value of full ink, above 0.
    """

    invert: bool | None = None
    transpose: bool | None = None
    scale: float | None = None


FIND_OUT = Adjustments()


@dataclass(frozen=True)
class Notice:
    """Something about a table's pixels that people have to know.

    Attributes:
        message: in one sentence.
        settled: whether the pixels are read accordingly; False where a person has to decide.
        action: what to press or to give for the other way; empty where there is none.
        remedy: the other way, as adjustments of the digits that were read.
    """

    message: str
    settled: bool
    action: str = ""
    remedy: Adjustments | None = None

    @property
    def option(self) -> str:
        """The remedy as options of the command line; empty where there is none."""
        if self.remedy is None:
            return ""
        words = [
            f"--{'' if value else 'no-'}{name}"
            for name in ("invert", "transpose")
            if (value := getattr(self.remedy, name)) is not None
        ]
        scale = [] if self.remedy.scale is None else [f"--scale {self.remedy.scale:g}"]
        return " ".join(words + scale)


@dataclass(frozen=True)
class Dialect:
    """How a table of digits is written. The defaults are Kaggle's test.csv.

    Attributes:
        delimiter: between cells; a blank stands for any white space.
        encoding: of the text.
        decimal: the decimal separator.
        ends: what ends a line.
        header: number of lines before the first row.
        columns: cells a row.
        label: the column of labels, from 0; None where there is none.
        pixels: the columns of pixels, row by row of the image.
        side: width and height of an image, in pixels.
        low: the value of paper.
        high: the value of full ink.
        whole: whether values are whole numbers.
        inverted: whether ink is dark on light paper.
        transposed: whether the pixels run down the columns of each image.
        understood: one sentence on how it differs from Kaggle's form; empty where it does not.
        notices: what people have to know of the pixels.
    """

    delimiter: str = ","
    encoding: str = "utf-8"
    decimal: str = "."
    ends: str = "\n"
    header: int = 1
    columns: int = PIXELS
    label: int | None = None
    pixels: tuple[int, ...] = tuple(range(PIXELS))
    side: int = IMAGE_SIZE
    low: float = 0
    high: float = WHITE
    whole: bool = True
    inverted: bool = False
    transposed: bool = False
    understood: str = ""
    notices: tuple[Notice, ...] = ()

    @property
    def labelled(self) -> bool:
        """Whether the rows have labels."""
        return self.label is not None

    @property
    def doubted(self) -> bool:
        """Whether a person has to decide something about the pixels."""
        return any(not notice.settled for notice in self.notices)

    def without(self, settled: Notice) -> "Dialect":
        """Return the dialect of digits that were read the other way, as a notice offers it."""
        remedy = settled.remedy or FIND_OUT
        others = tuple(one for one in self.notices if one != settled)
        back = Notice(
            f"As you chose, the rows are read the other way. {settled.message}",
            settled=not settled.settled,
            action="Undo",
            remedy=Adjustments(remedy.invert, remedy.transpose, _undone(remedy.scale)),
        )
        return replace(self, notices=others if settled.action == back.action else (*others, back))

    def noting(self, *parts: str) -> "Dialect":
        """Return the same with more said about how it is written."""
        said = [self.understood.removesuffix(".")] if self.understood else []
        text = "; ".join([*said, *filter(None, parts)])
        return replace(self, understood=f"{text[:1].upper()}{text[1:]}." if text else "")


def _undone(scale: float | None) -> float | None:
    return None if scale is None else WHITE * WHITE / scale


TEST = Dialect()
TRAIN = Dialect(columns=PIXELS + 1, label=0, pixels=tuple(range(1, PIXELS + 1)))


@dataclass(frozen=True, eq=False)
class Cells:
    """Some rows of a table as they are written.

    Attributes:
        pixels: array of shape (n, side * side), uint8 or of floats.
        labels: array of shape (n,), likewise; None where there are none.
        text: returns a cell as it is written, by its row and, from 0, its pixel; -1 for the label.
    """

    pixels: np.ndarray
    labels: np.ndarray | None
    text: Callable[[int, int], str]

    def __len__(self) -> int:
        return len(self.pixels)

    @classmethod
    def of(cls, pixels: np.ndarray, labels: np.ndarray | None) -> "Cells":
        """Return cells that were never text."""
        flat = pixels.reshape(len(pixels), -1)
        return cls(flat, labels, lambda row, n: f"{(labels[row] if n < 0 else flat[row, n]):g}")
