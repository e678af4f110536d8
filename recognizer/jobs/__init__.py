"""Trainings as processes: queue, follow, stop and resume them.

job = jobs.submit("mine", TrainingConfig("compact"), (table.id,))
jobs.progress(job.id)
"""

from recognizer.jobs.control import (
    delete,
    epochs,
    last_reading,
    previous_reading,
    progress,
    resume,
    resume_experiment,
    stop,
    stop_experiment,
    submit,
    submit_experiment,
    validation_rows,
)
from recognizer.jobs.database import all_jobs, find_job
from recognizer.jobs.folders import log
from recognizer.jobs.progress_log import ProgressRow
from recognizer.jobs.queue import reserved_names
from recognizer.jobs.records import Experiment, Job, State

__all__ = [
    "Experiment",
    "Job",
    "ProgressRow",
    "State",
    "all_jobs",
    "delete",
    "epochs",
    "find_job",
    "last_reading",
    "log",
    "previous_reading",
    "progress",
    "reserved_names",
    "resume",
    "resume_experiment",
    "stop",
    "stop_experiment",
    "submit",
    "submit_experiment",
    "validation_rows",
]
