"""Models that were trained alike but for the seed: how much of a difference is the seed's."""

from collections.abc import Iterable
from dataclasses import replace

from recognizer.records import ModelCard


def families(cards: Iterable[ModelCard]) -> list[list[ModelCard]]:
    """Return the cards of each architecture, settings and data that have several seeds.

    The data's hash is of the rows that were divided; its name and rows tell of those beside them.
    """
    found: dict[tuple, list[ModelCard]] = {}
    for card in cards:
        data = (card.data.sha256, card.data.name, card.data.rows)
        found.setdefault((replace(card.config, seed=0), *data), []).append(card)
    return [family for family in found.values() if len({one.config.seed for one in family}) > 1]
