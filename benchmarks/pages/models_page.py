"""Write docs/models.md from the shipped models' cards: `python -m benchmarks.pages.models_page`."""

import sys
from collections.abc import Iterable

from benchmarks.tables.markdown import markdown
from recognizer.jobs import provenance
from recognizer.models import registry
from recognizer.models.card import ModelCard
from recognizer.models.registry import StoredModel
from recognizer.records import LABELS, EpochLog, TrainingConfig
from recognizer.system import home

PAGE = home.PROJECT / "docs" / "models.md"
HEAD = """# The shipped models

What each learned from, how it learned, and what it takes for what. The rows held out chose nothing
in any training; all models hold out the same ones. For your own models the Compare page shows this.
Where nothing is said of logits, they asked for no change, or the model was trained before trainings
ended with a temperature. Made from their cards by `python -m benchmarks.pages.models_page`.
"""


def main() -> int:
    """Write the page."""
    PAGE.write_text(page(), encoding="utf-8")
    return 0


def page() -> str:
    """Return the page in Markdown."""
    return HEAD + "".join(map(section, registry.list_models(registry.SHIPPED).available))


def section(model: StoredModel) -> str:
    """Return what a model's card says, in Markdown."""
    card = model.card
    low, high = card.interval
    title = f"{model.name}, the default" if model.default else model.name
    text = (
        f"\n## {title}\n\n"
        f"{card.parameters:,} parameters, trained on {card.data.trained_rows:,} of "
        f"{card.data.rows:,} images of {card.data.name}; {card.accuracy:.4f} of {card.n:,} "
        f"held-out rows read right (95 % interval {low:.4f} to {high:.4f}).\n"
    )
    if card.temperature != 1:
        text += f"\nIts logits were divided by {card.temperature:g} at the end.\n"
    if command := provenance.command(card):
        text += f"\n```\n{command}\n```\n"
    elif card.config.teachers:
        text += f"\n{_taught(card.config)}\n"
    if card.history:
        text += (
            "\n<details><summary>How it learned, epoch by epoch</summary>\n\n"
            f"{curves(card.history)}\n</details>\n"
        )
    if card.confusion:
        text += f"\nTrue digit by row, read as by column:\n\n{confusion(card)}"
    return text


def _taught(config: TrainingConfig) -> str:
    """Return how large networks taught a model, in Markdown."""
    return (
        f"{', '.join(config.teachers)} taught it, [large networks that are not shipped]"
        f"(default-model.md#taught-by-large-networks): {config.epochs} epochs in batches of "
        f"{config.batch_size:,}, learning rate up to {config.learning_rate:g}, weight decay "
        f"{config.weight_decay:g}, averaged weights ({config.averaging:g})."
    )


def curves(history: Iterable[EpochLog]) -> str:
    """Return loss and accuracy of each epoch, in Markdown."""
    head = ["epoch", "loss", "read right", "validation loss", "read right there"]
    return markdown(
        head,
        (
            [
                f"{log.epoch}",
                *(f"{log.loss:.4f}", f"{log.accuracy:.4f}"),
                *(_known(log.validation_loss), _known(log.validation_accuracy)),
            ]
            for log in history
        ),
    )


def confusion(card: ModelCard) -> str:
    """Return how many of which digit were read as which, in Markdown."""
    return markdown(
        ["", *map(str, LABELS)],
        (
            [f"**{label}**", *(f"{count}" if count else "" for count in row)]
            for label, row in zip(LABELS, card.confusion, strict=True)
        ),
    )


def _known(value: float | None) -> str:
    return "" if value is None else f"{value:.4f}"


if __name__ == "__main__":
    sys.exit(main())
