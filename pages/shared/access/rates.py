"""How often somebody may do what anyone may do: refused in words beyond it."""

from pages.shared.access import roles
from recognizer.errors import SettingError
from recognizer.system.log_rate import Rate

JOINING = Rate(10, 300, 60.0)  # of one visitor, and of all, within a minute
WRITING = Rate(60, 3_000, 60.0)  # drawings of one pupil, and of all


def check(rate: Rate, whose: str = "") -> None:
    """Count one.

    Args:
        rate: of what is done.
        whose: of whom it is counted; this session's by default.

    Raises:
        SettingError: it is too often.
    """
    if rate.take(whose or roles.who().name) is None:
        raise SettingError("That is too often within a minute: wait a moment, then go on.")
