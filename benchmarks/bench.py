"""What every part of the benchmark is given: the data, the models, and how much to measure."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from recognizer.errors import DataError
from recognizer.imaging.strokes import Drawing, read_drawings, split_writers
from recognizer.inference import Recognizer
from recognizer.models import registry

SEED = 1  # of everything that is drawn by lot
STROKES = "strokes-train.jsonl.gz"
NUMBERS = "numbers-train.jsonl.gz"
LETTERS = "letters-train.jsonl.gz"
DIGITS = "digit-recognizer.zip"
BASELINE = "two-block"  # the best of the architectures that others published
_FEW = 100  # drawings of a quick run


@dataclass(frozen=True)
class Bench:
    """One run.

    Attributes:
        data: folder of the digits and drawings; None where there is none.
        models_dir: folder of the models to measure.
        quick: few of everything, to see that it runs.
    """

    data: Path | None
    models_dir: Path
    quick: bool = False

    def check(self, files: Iterable[str]) -> None:
        """Raise what is missing before anything is measured: data, or models to measure."""
        missing = [name for name in sorted(set(files)) if not self._has(name)]
        if missing:
            where = f"in {self.data}" if self.data else "as RECOGNIZER_DATA is not set"
            raise DataError(
                f"The benchmark needs {' and '.join(missing)}, not found {where}: give their "
                "folder with --data (the README names their sources)."
            )
        registry.find_model(None, self.models_dir)

    def _has(self, file: str) -> bool:
        return self.data is not None and (self.data / file).is_file()

    @cached_property
    def models(self) -> tuple[registry.StoredModel, ...]:
        """The models to measure, the default one first."""
        return registry.list_models(self.models_dir).available

    @cached_property
    def recognizers(self) -> dict[str, Recognizer]:
        """The models by name, loaded."""
        return {model.name: Recognizer(model.tflite, model.card) for model in self.models}

    @cached_property
    def compared(self) -> tuple[str, ...]:
        """The names of the models that are measured in every way: the default one and two-block."""
        names = [model.name for model in self.models]
        return tuple(dict.fromkeys([names[0], *(name for name in names if name == BASELINE)]))

    @cached_property
    def weights(self) -> dict[str, str]:
        """The start of each model's SHA-256, by name: figures are of these weights only."""
        return {model.name: model.sha256[:12] for model in self.models}

    @cached_property
    def drawings(self) -> list[Drawing]:
        """Drawings by the people who are only reported on: they taught and chose nothing."""
        return self._reported(STROKES)

    @cached_property
    def letters(self) -> list[Drawing]:
        """Letters drawn by these people."""
        return self._reported(LETTERS)

    def _reported(self, file: str) -> list[Drawing]:
        report = split_writers(read_drawings(self.data / file))[2]
        if not report:
            raise DataError(f"{file} has no drawing by a writer who is only reported on.")
        return report[:: max(1, len(report) // _FEW)] if self.quick else report

    def count(self, usual: int) -> int:
        """Return how many to measure of what is usually measured so many times."""
        return max(1, usual // 20) if self.quick else usual
