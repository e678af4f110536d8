"""A class's own model: the default model goes on with the drawings of most pupils."""

from recognizer.classroom import Classroom, tables
from recognizer.jobs.fine_tuning import continuing
from recognizer.models import registry
from recognizer.records import TrainingConfig


def prepare(code: str) -> tuple[TrainingConfig, tuple[str, ...]]:
    """Make the tables of a training on a class's drawings; some pupils only measure both models.

    Args:
        code: of the class.

    Returns:
        The settings and the tables' ids, to be queued.

    Raises:
        SettingError: there is no such class, or nothing to replay, or no Keras.
        DataError: fewer than two pupils have written.
        StorageError: the tables cannot be kept.
    """
    classroom, start = Classroom(), registry.find_model()
    collection, config = classroom.find(code), continuing.settings(start)
    continuing.check(start, config)
    kept = tables.add(collection, classroom.drawings(collection.code), config.seed)
    return continuing.prepare(start, config, (kept.learned,), aside=kept.left_out)
