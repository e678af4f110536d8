"""All that the app has written, in one file, and back: `python -m recognizer backup` and `restore`.

A backup is a zip: the files of RECOGNIZER_HOME, and last `manifest.json` with the SHA-256 of each.
It can be made while the app runs: databases are copied by SQLite's own backup, models while nobody
publishes one. What is under way, as a training's checkpoint, is left out.
"""

from recognizer.backup.archive import Backup, check
from recognizer.backup.restoring import restore
from recognizer.backup.writing import write

__all__ = ["Backup", "check", "restore", "write"]
