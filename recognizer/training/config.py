"""What a setting of a training may be; one place for the page, the command line and the jobs."""

from dataclasses import dataclass
from importlib.util import find_spec

from recognizer.architectures import architecture
from recognizer.errors import SettingError
from recognizer.records import TrainingConfig

SCHEDULES = ("one-cycle", "constant")
KERAS = ("keras", "tensorflow")  # packages that only trainings need
NO_KERAS = (
    "Training and converting need TensorFlow and Keras, which this installation leaves out: run "
    "`make setup`, or `pip install -r requirements.txt`. All else works without them."
)


@dataclass(frozen=True)
class Range:
    """From where to where a number may go, ends included."""

    low: float
    high: float
    whole: bool = True

    def holds(self, value: object) -> bool:
        """Whether the value is a number of this range; nan is none."""
        kinds = int if self.whole else (int, float)
        return (
            isinstance(value, kinds)
            and not isinstance(value, bool)
            and self.low <= value <= self.high
        )

    def __str__(self) -> str:
        kind = "whole number" if self.whole else "number"
        return f"{kind} from {self.low:g} to {self.high:.10g}"


RANGES = {
    "epochs": Range(1, 10_000),
    "batch_size": Range(1, 10_000),
    "learning_rate": Range(1e-6, 1, whole=False),
    "seed": Range(0, 2**32 - 1),
    "split_seed": Range(0, 2**32 - 1),
    "fold": Range(1, 1_000),
    "held_out": Range(0.001, 0.9, whole=False),
    "validation": Range(0.001, 0.9, whole=False),
    "patience": Range(0, 10_000),
    "weight_decay": Range(0, 1, whole=False),
    "plain_epochs": Range(0, 10_000),
    "averaging": Range(0, 0.9999, whole=False),
}


OPTIONAL = ("split_seed",)  # may be None


def check(config: TrainingConfig) -> TrainingConfig:
    """Return the settings if each may be what it is.

    Raises:
        SettingError: names the first that may not, and its range.
    """
    architecture(config.architecture)
    if config.schedule not in SCHEDULES:
        raise SettingError(
            f"The schedule is {config.schedule!r}: expected one of {', '.join(SCHEDULES)}."
        )
    for name, allowed in RANGES.items():
        value = getattr(config, name)
        if value is None and name in OPTIONAL:
            continue
        if not allowed.holds(value):
            words = name.replace("_", " ")
            raise SettingError(f"The {words} is {value!r}: expected a {allowed}.")
    parts = int(1 / config.held_out + 1e-9)
    if config.fold > parts:
        raise SettingError(
            f"The fold is {config.fold}: with {config.held_out:g} of the rows held out there are "
            f"{parts}."
        )
    return config


def check_installed() -> None:
    """Make sure that what trains is installed; it is not imported.

    Raises:
        SettingError: it is not, as after `make setup LIGHT=1`.
    """
    if not all(find_spec(name) for name in KERAS):
        raise SettingError(NO_KERAS)
