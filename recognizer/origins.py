"""The rows that a model came from, where the tables it was trained on are still kept."""

from recognizer import job_list, library, sources
from recognizer.division import set_apart
from recognizer.errors import RecognizerError
from recognizer.records import Digits, ModelCard


def tables(card: ModelCard) -> tuple[str, ...] | None:
    """Return the ids of the tables that a model was trained on; None where one is gone.

    A card names the table that was divided by its hash. Where there were more, the training tells
    them, known again by its settings and by the tables' names and numbers of rows.
    """
    kept = {table.id: table for table in library.tables()}
    if card.data.sha256 in kept and " + " not in card.data.name:
        return (card.data.sha256,)
    for job in job_list.all_jobs():
        if job.config == card.config and kept.keys() >= set(job.tables):
            facts = [kept[one] for one in job.tables]
            rows = sum(table.rows for table in facts)
            name = " + ".join(table.name for table in facts)
            if (rows, name) == (card.data.rows, card.data.name):
                return job.tables
    return None


def known_rows(card: ModelCard, digits: Digits) -> int | None:
    """Return how many digits have the pixels of a row that the model was trained or chosen on.

    None where its tables are gone, so that nobody can tell.
    """
    try:
        kept = tables(card)
        if kept is None:
            return None
        rows, _ = set_apart(card.config, kept)
        return int(sources.twins(rows, digits).sum())
    except RecognizerError:  # a table was removed meanwhile, or is damaged
        return None
