"""Parameters of requests, in the address or in a form: those that are not known are refused."""

from collections.abc import Mapping
from dataclasses import dataclass

from starlette.requests import Request

from recognizer.errors import SettingError

BOOLEANS = {"true": True, "false": False}
MOST_SCALE = 1e9


@dataclass(frozen=True)
class Parameters:
    """The parameters of one request, by name."""

    values: Mapping[str, str]

    @classmethod
    def of(cls, request: Request, form: Mapping[str, str], known: tuple[str, ...]) -> "Parameters":
        """Return those in the address and in the form.

        Raises:
            SettingError: one is not known, or sent twice.
        """
        pairs = [*request.query_params.multi_items(), *form.items()]
        names = [name for name, _ in pairs]
        for name in names:
            if name not in known:
                raise SettingError(
                    f"No parameter {name[:40]!r}: this address takes {', '.join(known) or 'none'}."
                )
            if names.count(name) > 1:
                raise SettingError(f"The parameter {name} is sent twice: send it once.")
        return cls({name: value for name, value in pairs if value != ""})

    def text(self, name: str) -> str | None:
        """Return a parameter; None where it is left out or empty."""
        return self.values.get(name)

    def truth(self, name: str) -> bool | None:
        """Return a parameter that is true or false; None where it is left out."""
        text = self.values.get(name)
        if text is not None and text not in BOOLEANS:
            raise SettingError(f"{name} is {text[:40]!r}: expected true or false.")
        return BOOLEANS.get(text)

    def count(self, name: str) -> int | None:
        """Return a parameter that is a whole number; None where it is left out."""
        text = self.values.get(name)
        if text is None:
            return None
        if not (text.isascii() and text.isdigit() and len(text) < 9):
            raise SettingError(f"{name} is {text[:40]!r}: expected a whole number.")
        return int(text)

    def scale(self, name: str) -> float | None:
        """Return a parameter that is a number above 0; None for auto, or where it is left out."""
        text = self.values.get(name, "auto")
        if text == "auto":
            return None
        try:
            value = float(text)
        except ValueError:
            value = 0
        if not 0 < value <= MOST_SCALE:
            raise SettingError(
                f"{name} is {text[:40]!r}: expected auto or a number above 0, such as 255."
            )
        return value
