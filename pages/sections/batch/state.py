"""What a session remembers of the Batch page: one table, and what each model read in it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import IO

import numpy as np
import streamlit as st

from pages.sections.batch.picture_tables import numbers, sheets
from pages.sections.batch.picture_tables.numbers import Pictures, Row
from pages.sections.batch.picture_tables.pictures import PictureRun
from pages.sections.batch.records import Result, Table
from pages.sections.batch.run import Run
from pages.shared import model_cache
from pages.shared.components import markup
from recognizer.audit import Decisions
from recognizer.datasets.formats.dialect import Notice
from recognizer.errors import ModelError
from recognizer.models.registry import StoredModel


@dataclass(frozen=True, eq=False)
class Earlier:
    """A submission made earlier: the file's name, and a label a row."""

    name: str
    labels: np.ndarray


@dataclass
class Batch:
    """A table and its readings. They stay until another table is brought.

    Attributes:
        table: None at first.
        results: by the content of the model.
        run: the reading under way.
        problem: why the last reading came to nothing; None where it did not.
        cancelled: likewise, that it was cancelled.
        earlier: a submission of the same table to compare with.
        pictures: what was brought last, where it is asked how many digits each holds.
        reading: the reading of their numbers or forms under way.
        numbers: what was read in them, a row for each line of writing; None where nothing was.
        forms: likewise, of each picture as a form.
        decisions: about labels of the table; None before they are looked for.
        waiting: models that read the table after the reading under way.
    """

    table: Table | None = None
    results: dict[str, Result] = field(default_factory=dict)
    run: Run | None = None
    problem: str | None = None
    cancelled: str | None = None
    earlier: Earlier | None = None
    pictures: Pictures | None = None
    reading: PictureRun | None = None
    numbers: list[Row] | None = None
    forms: list[sheets.Read] | None = None
    decisions: Decisions | None = None
    waiting: list[StoredModel] = field(default_factory=list)

    def ask(self, pictures: Pictures) -> None:
        """Leave it to the person how many digits each picture holds."""
        self.pictures, self.numbers, self.forms = pictures, None, None
        self.problem = self.cancelled = None

    def start(self, source: Table | Sequence[IO[bytes]], model: StoredModel) -> None:
        """Begin to read a table, or files that hold one."""
        self.problem = self.cancelled = None
        self.pictures = self.numbers = self.forms = None
        try:
            self.run = Run(source, model, model_cache.recognizer(model))
        except ModelError as error:
            self.problem = str(error)

    def start_all(self, models: Sequence[StoredModel]) -> None:
        """Begin to read the table with several models, one after another."""
        first, *self.waiting = models
        self.start(self.table, first)
        if self.problem is not None:  # it could not start, and nothing would start the others
            self.waiting = []

    def read_numbers(self, model: StoredModel) -> None:
        """Begin to read the numbers in the pictures."""
        self._read(model, numbers.read, numbers.MOST)

    def read_forms(self, model: StoredModel) -> None:
        """Begin to read the pictures as forms."""
        self._read(model, sheets.read, sheets.MOST)

    def _read(self, model: StoredModel, one: Callable, most: int) -> None:
        self.problem = self.cancelled = self.numbers = self.forms = None
        try:
            reader = partial(one, model_cache.recognizer(model))
        except ModelError as error:
            self.problem = str(error)
            return
        self.reading = PictureRun(self.pictures.pictures[:most], reader)

    def cancel(self) -> None:
        """End the reading under way; of pictures, what was read already stays."""
        if self.reading is not None:
            self.reading.cancel()
        self.waiting = []
        if self.run is None:
            return
        self.run.cancel()
        rows = self.run.progress().rows
        self.cancelled = (
            f"Cancelled after {markup.count(rows)}: nothing of this reading of {self.run.name} is "
            "kept."
        )
        self.run = None

    def take(self) -> None:
        """Take in the result of a reading that has ended."""
        if self.reading is not None and self.reading.is_ended():
            self._take_pictures()
        if self.run is None or not self.run.is_ended():
            return
        run, self.run = self.run, None
        self.problem = run.problem
        if run.result is None:
            self.waiting = []
            return
        if self.table is None or self.table.id != run.result.table.id:
            self.table, self.results = run.result.table, {}
            self.earlier = self.decisions = None
            self.waiting = []
        self.results[_key(run.model)] = run.result
        if self.waiting:
            self.start_all(self.waiting)

    def _take_pictures(self) -> None:
        reading, self.reading = self.reading, None
        read = len(reading.results)
        self.problem = reading.problem or None
        if not self.problem and read < reading.count:
            self.cancelled = f"Cancelled after {read:,} of {reading.count:,} pictures."
        if not read:
            return
        if isinstance(reading.results[0], sheets.Read):
            self.forms = reading.results
        else:
            self.numbers = [row for rows in reading.results for row in rows]

    def remedy(self, notice: Notice, model: StoredModel) -> None:
        """Read the table the other way, as a notice offers it."""
        self.start(self.table.remedied(notice), model)

    def result(self, model: StoredModel) -> Result | None:
        """Return what a model read in the table; None where it has not yet."""
        return self.results.get(_key(model))


def current() -> Batch:
    """Return this session's."""
    return st.session_state.setdefault("batch", Batch())


def _key(model: StoredModel) -> str:
    return model.sha256
