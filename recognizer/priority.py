"""Who waits when there is too much to do: trainings for readings."""

import os
from contextlib import suppress
from pathlib import Path

NICENESS = 10  # of 19
_AUTOGROUP = Path("/proc/self/autogroup")


def give_way() -> None:
    """Let other processes go first, from now on; alone on the machine this one is as quick as ever.

    Linux weighs sessions before processes where it groups them (`sched_autogroup`), and a training
    is a session of its own: then its session gives way too.
    """
    os.nice(max(0, NICENESS - os.nice(0)))
    with suppress(OSError):
        _AUTOGROUP.write_text(str(NICENESS), "ascii")
