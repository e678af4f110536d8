"""The command that repeats a training, from what the model's card says."""

import shlex

from recognizer.architectures import ARCHITECTURES
from recognizer.records import ModelCard

DRAWINGS = (".jsonl", ".jsonl.gz")
CORRECTED = "corrected drawings"
SETTINGS = (  # of TrainingConfig, each an option of `train`
    *("epochs", "batch_size", "learning_rate", "schedule", "weight_decay"),
    *("seed", "held_out", "validation", "patience"),
)


def command(card: ModelCard) -> str | None:
    """Return the command line; None where there is none that gives this training.

    The command line takes one table, with drawings and corrections beside it, knows the networks
    of `ARCHITECTURES`, and always has validation rows, which older trainings had not.
    """
    first, *others = card.data.name.split(" + ")
    beside = [_beside(name) for name in others]
    config = card.config
    if card.architecture not in ARCHITECTURES or None in beside or not config.validation:
        return None
    words = ["train", shlex.quote(first), *beside]
    words += ["--architecture", card.architecture, "--name", f"{card.name[:58]}-again"]
    for setting in SETTINGS:
        words += [f"--{setting.replace('_', '-')}", str(getattr(config, setting))]
    return " ".join(["python -m recognizer", *words, *["--no-augment"] * (not config.augment)])


def _beside(name: str) -> str | None:
    """Return the option that adds a source of digits to the table."""
    if name.lower() == CORRECTED:
        return "--corrections"
    return f"--strokes {shlex.quote(name)}" if name.endswith(DRAWINGS) else None
