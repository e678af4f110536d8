"""What `python -m recognizer work ID LOCK ...` is, with the trainer that needs no Keras.

The environment's FAKE_PAUSE is the seconds that a batch takes.
"""

import os
import sys
from pathlib import Path

sys.path.extend(map(str, Path(__file__).resolve().parents[1:3]))  # tests, and the project

from helpers.fake_trainer import FakeTrainer

from recognizer.jobs import worker
from recognizer.system.locks import Lock

COMMAND = (sys.executable, __file__)

if __name__ == "__main__":
    sys.stdout.write(f"process {os.getpid()}\n")
    sys.stdout.flush()
    trainer = FakeTrainer(pause=float(os.environ.get("FAKE_PAUSE", "0")))
    turns = zip(sys.argv[1::2], sys.argv[2::2], strict=True)
    worker.work_all([(job_id, Lock(int(handle))) for job_id, handle in turns], trainer)
