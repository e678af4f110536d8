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
    stop,
    submit,
    validation_rows,
)
from recognizer.jobs.database import all_jobs, find_job
from recognizer.jobs.folders import log
from recognizer.jobs.progress_log import ProgressRow
from recognizer.jobs.queue import reserved_names
from recognizer.jobs.records import Job, State

__all__ = [
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
    "stop",
    "submit",
    "validation_rows",
]
