"""What a command of the command line did."""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass
class Result:
    """What a command did."""

    status: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        assert self.status == 0, self.err
        assert self.err == ""
        return json.loads(self.out)

    @property
    def mistake(self) -> str:
        """The one line of a user's mistake."""
        assert self.status == 2, self.out + self.err
        assert self.out == ""
        assert re.fullmatch(r"[^\n]{15,400}\n", self.err), self.err
        assert "Traceback" not in self.err
        return self.err.strip()


Command = Callable[..., Result]
