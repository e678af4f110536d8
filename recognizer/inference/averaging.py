"""The mean of several models' probabilities on labelled digits: its figures and its cost."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from recognizer.errors import SettingError
from recognizer.evaluation import Tally
from recognizer.inference.ensemble import mean_probabilities
from recognizer.models import registry, seen_rows
from recognizer.records import Digits


class Average:
    """Counts how the mean of models' probabilities reads labelled digits.

    Args:
        names: of the models.

    Attributes:
        name: theirs, joined by " + ".
        all: what it read in all rows.
        unseen: what it read in the rows that no member has learned from.

    Raises:
        SettingError: fewer than two models, or one twice.
    """

    def __init__(self, names: Sequence[str]) -> None:
        if len(set(names)) < max(2, len(names)):
            raise SettingError(
                "An average is of several models: name two or more with --model, each once."
            )
        self._members = [registry.find_model(name) for name in names]
        self.name = " + ".join(names)
        self.all, self.unseen = Tally.zero(), Tally.zero()
        self._seen = dict.fromkeys(names, 0)
        self._unknown: list[str] = []
        self._seconds = np.zeros(len(names))

    def add(
        self, piece: Digits, found: Sequence[np.ndarray], seconds: Sequence[float]
    ) -> np.ndarray:
        """Count some rows; return what the mean reads in them: (n,).

        Args:
            piece: n labelled digits.
            found: by model, (n, 10) probabilities.
            seconds: by model, that it took.
        """
        mean = mean_probabilities(found)
        new = np.ones(len(piece), bool)
        for member in self._members:
            seen = seen_rows.is_seen(member, piece.images)
            if seen is None:
                self._unknown = [*dict.fromkeys([*self._unknown, member.name])]
                continue
            self._seen[member.name] += int(seen.sum())
            new &= ~seen
        self.all += Tally.of(mean, piece.labels)
        self.unseen += Tally.of(mean[new], piece.labels[new])
        self._seconds += seconds
        return mean.argmax(axis=1)

    def words(self) -> str:
        """Say which rows its members have learned from, how it reads the others, and its cost."""
        n, new = self.all.n, self.unseen.n
        lines = [f"Which rows {name} has learned from is not known." for name in self._unknown]
        if new == n:
            known = [name for name in self._seen if name not in self._unknown]
            lines += [f"None of these rows is known to {' or '.join(known)}."] if known else []
        else:
            counts = ", ".join(f"{name} {count:,}" for name, count in self._seen.items())
            lines.append(
                f"{n - new:,} of the {n:,} rows are among those that a member was trained on "
                f"({counts}); " + (self._on_others() if new else "bring other rows to measure it.")
            )
        lines.append(cost(list(self._seen), self._seconds, n))
        return "\n".join(lines)

    def entry(self) -> dict[str, Any]:
        """Return the same for JSON."""
        new = self.unseen.evaluation() if self.unseen.n else None
        return {
            "members": list(self._seen),
            "seen_rows": {
                name: None if name in self._unknown else count for name, count in self._seen.items()
            },
            "unseen": new and {"n": new.n, "accuracy": new.accuracy, "interval": [*new.interval]},
            "ms_a_row": [1000 * one / self.all.n for one in self._seconds],
        }

    def _on_others(self) -> str:
        measured = self.unseen.evaluation()
        low, high = measured.interval
        return (
            f"of the other {measured.n:,} it reads {measured.accuracy:.4f} right "
            f"(95 % interval {low:.4f} to {high:.4f})."
        )


def cost(names: Sequence[str], seconds: Sequence[float], rows: int) -> str:
    """Say how long each model and all of them take for a row."""
    each = ", ".join(
        f"{name} {1000 * one / rows:.3f}" for name, one in zip(names, seconds, strict=True)
    )
    return f"{1000 * sum(seconds) / rows:.3f} ms a row: {each}."
