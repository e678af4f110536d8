"""When a retrained model may take the place of the one of its name."""

from recognizer.errors import ModelError
from recognizer.records import ModelCard


def check(new: ModelCard, old: ModelCard) -> None:
    """Check that the new model reads more of the same held-out rows right.

    Raises:
        ModelError: it does not, or it was measured on other rows.
    """
    received, expected = _held_out(new), _held_out(old)
    if other := [what for what in received if received[what] != expected[what]]:
        raise ModelError(
            f"{new.name} was measured with "
            f"{', '.join(f'{what} {received[what]}' for what in other)}; expected "
            f"{', '.join(f'{what} {expected[what]}' for what in other)} as for the model of that "
            "name: kept the old one; publish under another name to have both."
        )
    if old.accuracy >= new.accuracy:
        raise ModelError(
            f"{new.name} reads {old.accuracy:.4f} of its held-out rows right, the new one "
            f"{new.accuracy:.4f}: kept the old one; publish under another name to have both."
        )


def _held_out(card: ModelCard) -> dict[str, object]:
    """Return, in words, what tells on which rows a model was measured."""
    return {
        "data of SHA-256": card.data.sha256[:12],
        "seed": card.config.seed,
        "held-out share": card.config.held_out,
        "held-out rows": card.n,
    }
