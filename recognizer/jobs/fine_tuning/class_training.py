"""A class's own model: the default model goes on with the drawings of most pupils."""

from recognizer.classroom import Classroom, tables
from recognizer.jobs import finalize, queue
from recognizer.jobs.fine_tuning import continuing
from recognizer.models import registry
from recognizer.records import TrainingConfig


def usual_name(code: str) -> str:
    """Return what a class's model is called where nothing else is said; free to be taken."""
    return queue.free_name(f"class-{code.lower()}", None)


def prepare(code: str, start: str | None = None) -> tuple[TrainingConfig, tuple[str, ...]]:
    """Make the tables of a training on a class's drawings; some pupils only measure both models.

    Args:
        code: of the class.
        start: name of the model to go on from; the default model where none is named.

    Returns:
        The settings and the tables' ids, to be queued.

    Raises:
        SettingError: there is no such class, or nothing to replay, or no Keras.
        ModelError: there is no such model, or it is damaged.
        DataError: fewer than two pupils have written, or too little.
        StorageError: the tables cannot be kept.
    """
    classroom, model = Classroom(), registry.find_model(start)
    collection, config = classroom.find(code), continuing.settings(model)
    continuing.check(model, config)
    kept = tables.add(collection, classroom.drawings(collection.code), config.seed)
    named: tuple[str, ...] = ()
    try:
        config, named = continuing.prepare(model, config, (kept.learned,), aside=kept.left_out)
    finally:  # what a training does not read need not be kept
        finalize.forget_derived({kept.learned, kept.left_out} - set(named))
    return config, named
