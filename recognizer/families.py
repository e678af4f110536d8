"""Models that were trained alike but for the seed: how much of a difference is the seed's."""

from collections.abc import Iterable
from dataclasses import replace

from recognizer.records import ModelCard


def families(cards: Iterable[ModelCard]) -> list[list[ModelCard]]:
    """Return the cards of each architecture, settings and data that have several seeds."""
    found: dict[tuple, list[ModelCard]] = {}
    for card in cards:
        found.setdefault((replace(card.config, seed=0), card.data.sha256), []).append(card)
    return [family for family in found.values() if len({one.config.seed for one in family}) > 1]
