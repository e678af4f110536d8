"""Whether a text is JSON that can be read at once: not without end, and not too deep."""

import json
import re

LONGEST = 4_000_000  # characters beside its texts; a drawing has up to 2 million
DEEPEST = 16  # levels; a drawing has seven

_STRING = re.compile(r'"(?:[^"\\]++|\\.)*+(?:"|\\?\Z)', re.DOTALL)
_INNERMOST = re.compile(r"\[[^][{}]*+\]|\{[^][{}]*+\}")
_BRACKET = re.compile(r"[][{}]")


def is_plain_json(text: str) -> bool:
    """Whether a text is JSON of at most `DEEPEST` levels, and of `LONGEST` characters beside texts.

    Texts, as a pasted picture is one, may be as long as a message. What holds nothing is taken away
    until nothing is left, a level each time: reading it first would go as deep as it is.
    """
    left = _STRING.sub("", text)
    if len(left) > LONGEST:
        return False
    found = 1
    for _ in range(DEEPEST):
        if found:
            left, found = _INNERMOST.subn("", left)
    if _BRACKET.search(left):
        return False
    try:
        json.loads(text)
    except ValueError:
        return False
    return True
