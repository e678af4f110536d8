"""The trainings there are, as they are: an interrupted one is found by its lock."""

from dataclasses import replace

from recognizer import job_files, jobs_db
from recognizer.errors import SettingError
from recognizer.job_records import Job, State

INTERRUPTED = "It was interrupted, as by a restart of the machine: resume it."


def find(job_id: str) -> Job:
    """Return a training.

    Raises:
        SettingError: there is none of that id.
    """
    job = jobs_db.find(job_id)
    if job is None:
        raise SettingError(f"No training {job_id[:20]!r}: choose one of the list.")
    return _observed(job)


def all_jobs() -> tuple[Job, ...]:
    """Return all trainings, the newest first."""
    return tuple(_observed(job) for job in jobs_db.everything())


def _observed(job: Job) -> Job:
    """Tell a training whose process is gone. Its last word precedes its end, so ask twice."""
    if not job.is_under_way or job_files.is_alive(job.id):
        return job
    job = jobs_db.find(job.id) or job
    if job.is_under_way:
        return replace(job, state=State.INTERRUPTED, message=INTERRUPTED)
    return job
