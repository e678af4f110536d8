"""The command that repeats a training, from what the model's card says."""

import shlex

from recognizer import mnist, recipes
from recognizer.architectures import ARCHITECTURES
from recognizer.records import ModelCard

DRAWINGS = (".jsonl", ".jsonl.gz")
CORRECTED = "corrected drawings"
SETTINGS = (  # of TrainingConfig, each an option of `train`
    *("epochs", "batch_size", "learning_rate", "schedule", "weight_decay", "plain_epochs"),
    *("seed", "held_out", "validation", "patience"),
)


def command(card: ModelCard) -> str | None:
    """Return the command line; None where there is none that gives this training.

    The command line takes a recipe or one table's file, with drawings and corrections beside it,
    knows the networks of `ARCHITECTURES`, and always has validation rows, which older trainings
    had not.
    """
    config, recipe = card.config, recipes.of_card(card)
    made_by = ["--recipe", recipe] if recipe else _tables(card)
    if made_by is None or not config.validation:
        return None
    words = ["train", *made_by, "--name", f"{card.name[:58]}-again"]
    for setting in SETTINGS:
        words += [f"--{setting.replace('_', '-')}", str(getattr(config, setting))]
    return " ".join(["python -m recognizer", *words, *["--no-augment"] * (not config.augment)])


def _tables(card: ModelCard) -> list[str] | None:
    """Return what to train, and on what."""
    first, *others = card.data.name.split(" + ")
    beside = [_beside(name) for name in others]
    no_file = first == mnist.NAME or _beside(first)
    if card.architecture not in ARCHITECTURES or None in beside or no_file:
        return None
    return [shlex.quote(first), *beside, "--architecture", card.architecture]


def _beside(name: str) -> str | None:
    """Return the option that adds a source of digits to the table."""
    if name.lower() == CORRECTED:
        return "--corrections"
    return f"--strokes {shlex.quote(name)}" if name.endswith(DRAWINGS) else None
