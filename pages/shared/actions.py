"""Everything that the pages do to what is kept; each action checks who asks, and is logged.

No other file of the pages calls what writes in the library: a test proves both.
"""

from datetime import date

from pages.shared import keras_process, sample
from pages.shared.access import rates, roles
from pages.shared.access.roles import Action, does
from recognizer import jobs
from recognizer.audit import Decisions, decisions
from recognizer.classroom import Classroom, Collection
from recognizer.classroom import tables as class_tables
from recognizer.datasets import corrections, library, write_digits
from recognizer.datasets.corrections import Correction, Corrections, Kept
from recognizer.errors import RecognizerError
from recognizer.jobs import queue, rows
from recognizer.jobs.fine_tuning import class_training, continuing
from recognizer.models import maintenance, registry
from recognizer.models.registry import StoredModel
from recognizer.records import Digits, TrainingConfig

CORRECTED = "Corrected drawings"
MNIST = "mnist"  # the command that fetches it


@does(Action.KEEP_CORRECTION)
def keep_correction(model: str, correction: Correction, hand: str) -> None:
    """Keep a drawing with the digit that it is, as a person's handwriting."""
    roles.handwriting(hand).keep(correction)


@does(Action.TAKE_BACK_CORRECTION)
def take_back_correction(model: str, drawing_id: str, hand: str) -> None:
    """Delete one's own correction of a drawing."""
    roles.handwriting(hand).remove(drawing_id)


@does(Action.DELETE_CORRECTIONS)
def delete_correction(kept: Kept) -> None:
    """Delete one of the corrections that one may see."""
    roles.corrections().delete(kept)


@does(Action.DELETE_CORRECTIONS)
def forget_handwriting(hand: str) -> None:
    """Delete one person's drawings."""
    roles.handwriting(hand).clear()


@does(Action.EXPORT_CORRECTIONS)
def export_corrections(seen: Corrections) -> bytes:
    """Return the corrections that one may see, as a table."""
    return write_digits(seen.digits())


@does(Action.DELETE_CORRECTIONS)
def delete_corrections() -> None:
    """Delete the corrections that one may see."""
    roles.corrections().clear()


@does(Action.ADD_DIGITS)
def add_digits(name: str, digits: Digits) -> library.StoredTable:
    """Keep digits to train on."""
    if digits.labels is None:
        raise RecognizerError(
            "no label column: training needs Kaggle's train.csv, this looks like test.csv."
        )
    return library.add(digits, name)


@does(Action.ADD_DIGITS)
def add_corrections() -> library.StoredTable:
    """Keep everyone's corrections to train on."""
    # Beside other rows they are only trained on: measured on, they would flatter.
    return library.add(corrections.corrected(owner=roles.owner()), CORRECTED, extra=True)


@does(Action.ADD_DIGITS)
def add_sample() -> library.StoredTable:
    """Keep the app's own sample of digits to train on."""
    return library.add(sample.digits(), sample.NAME, "the app's own")


@does(Action.ADD_DIGITS)
def fetch_mnist() -> None:
    """Begin to fetch MNIST to train on."""
    keras_process.begin(MNIST)


@does(Action.REMOVE_DIGITS)
def remove_digits(table_id: str) -> None:
    """Delete digits that could be trained on."""
    library.remove(table_id)


@does(Action.REVIEW_LABELS)
def keep_decisions(name: str, table: str, decided: Decisions) -> None:
    """Keep what was decided about the labels of a table, named by its fingerprint."""
    decisions.save(table, decided)


@does(Action.TRAIN)
def start_training(name: str, config: TrainingConfig, tables: tuple[str, ...]) -> jobs.Job:
    """Start a training; one that goes on from a model gets the digits that this takes."""
    registry.check_name(name)
    if config.start:
        start = registry.find_model(config.start)
        config, tables = continuing.prepare(start, config, tables)
    return jobs.submit(name, config, tables)


@does(Action.TRAIN)
def start_experiment(
    name: str, runs: dict[str, TrainingConfig], tables: tuple[str, ...], rule: str | None = None
) -> jobs.Experiment:
    """Start several trainings as one experiment; by the rule "median" the worse ones end early."""
    return jobs.submit_experiment(name, runs, tables, stop_early=rule is not None)


@does(Action.TRAIN)
def decide(config: TrainingConfig, table: str) -> TrainingConfig:
    """Return settings that follow what is decided about a table's labels now, which is kept."""
    return rows.deciding(config, table, library.find_table(table).name)


@does(Action.STOP_TRAINING)
def stop_experiment(experiment_id: str) -> None:
    """Ask all runs of an experiment to end soon."""
    jobs.stop_experiment(experiment_id)


@does(Action.RESUME_TRAINING)
def resume_experiment(experiment_id: str) -> None:
    """Go on with the runs of an experiment that have not published."""
    jobs.resume_experiment(experiment_id)


@does(Action.STOP_TRAINING)
def stop_training(job_id: str) -> None:
    """Ask a training to end soon."""
    jobs.stop(job_id)


@does(Action.RESUME_TRAINING)
def resume_training(job_id: str) -> None:
    """Go on with a training that was interrupted."""
    jobs.resume(job_id)


@does(Action.DELETE_TRAINING)
def delete_training(job_id: str) -> None:
    """Delete a training; its model stays."""
    jobs.delete(job_id)


@does(Action.PROMOTE)
def promote(name: str) -> None:
    """Make a model the default one."""
    registry.promote(name)


@does(Action.RENAME)
def rename(old: str, new: str) -> None:
    """Give a model another name."""
    maintenance.rename(old, new, reserved=jobs.reserved_names)


@does(Action.DELETE_MODEL)
def delete_model(name: str) -> None:
    """Delete a model."""
    maintenance.delete(name)


@does(Action.NOTE)
def write_note(model: StoredModel, note: str) -> None:
    """Keep a note on a model."""
    maintenance.write_note(model, note)


@does(Action.OPEN_CLASS)
def open_class(title: str, times: int, ends: date) -> Collection:
    """Open a collection of a class's drawings."""
    return Classroom().open(title, times, ends)


@does(Action.JOIN_CLASS)
def join_class(code: str, name: str) -> str:
    """Join a class; return the key to what one writes there."""
    rates.check(rates.JOINING)
    return Classroom().join(code, name)[1]


@does(Action.WRITE_IN_CLASS)
def keep_in_class(code: str, key: str, drawing: Correction) -> None:
    """Keep a drawing of the pupil whose key it is."""
    rates.check(rates.WRITING, key)
    Classroom().keep(code, key, drawing)


@does(Action.WRITE_IN_CLASS)
def take_back_in_class(code: str, key: str, drawing_id: str) -> None:
    """Delete a drawing of the pupil whose key it is."""
    Classroom().take_back(code, key, drawing_id)


@does(Action.LEAVE_CLASS)
def leave_class(code: str, key: str) -> None:
    """Delete the pupil whose key it is, with all they wrote."""
    Classroom().leave(code, key)
    library.forget(class_tables.origin_of(code))


@does(Action.END_CLASS)
def end_class(code: str) -> None:
    """Have a class take nothing any more."""
    Classroom().end(code)


@does(Action.EXPORT_CLASS)
def export_class(code: str, pupil: int | None) -> bytes:
    """Return the drawings of a class, or of one pupil, as a table."""
    return write_digits(Classroom().drawings(code, pupil).digits)


@does(Action.DELETE_CLASS)
def delete_pupil(code: str, number: int) -> None:
    """Delete a pupil, and the tables that were made of the class's drawings."""
    Classroom().delete_pupil(code, number)
    library.forget(class_tables.origin_of(code))


@does(Action.DELETE_CLASS)
def delete_class(code: str) -> None:
    """Delete a class, and the tables that were made of its drawings."""
    Classroom().delete(code)
    library.forget(class_tables.origin_of(code))


@does(Action.TRAIN)
def train_class(name: str, code: str) -> jobs.Job:
    """Start a training that goes on from the default model with a class's drawings."""
    queue.check_free(registry.check_name(name), None)  # before tables are made
    config, made = class_training.prepare(code)
    return jobs.submit(name, config, made)
