"""The figures of results.json as tables in Markdown, for the documents and the screen.

In README.md and docs/figures.md a table stands between `<!-- bench:NAME -->` and `<!-- /bench -->`.
"""

import re
from pathlib import Path

from benchmarks.tables import drawings, numbers, rows, speed
from recognizer.errors import DataError

_BLOCK = re.compile(r"(<!-- bench:(\w+) -->\n)(.*?)(<!-- /bench -->)", re.DOTALL)

TABLES = {
    "drawings": drawings.drawings,
    "pictures": drawings.pictures,
    "rows": rows.rows,
    "speed": speed.speed,
    "batch": speed.batch,
    "growth": speed.growth,
    "path": drawings.path,
    "numbers": numbers.numbers,
    "learning": rows.learning,
    "networks": rows.networks,
    "default": drawings.default,
    "handwriting": drawings.handwriting,
    "ensemble": rows.ensemble,
    "label_audit": rows.label_audit,
}


def render(results: dict, name: str) -> str:
    """Return a table of `TABLES` in Markdown, with the line that says what it shows."""
    return TABLES[name](results)


def blocks(text: str) -> dict[str, str]:
    """Return the tables that a text holds, by name."""
    return {found[2]: found[3] for found in _BLOCK.finditer(text)}


def rewrite(file: Path, results: dict) -> None:
    """Put the tables into a file, each in its place.

    Raises:
        DataError: no such file, or it has a place for a table that there is not.
    """
    if not file.exists():
        raise DataError(f"{file.name} is missing: write it first, with <!-- bench:NAME --> places.")
    text = file.read_text(encoding="utf-8")
    if unknown := set(blocks(text)) - set(TABLES):
        raise DataError(
            f"{file.name} asks for bench:{unknown.pop()}; there is {', '.join(TABLES)}."
        )
    text = _BLOCK.sub(lambda found: found[1] + render(results, found[2]) + found[4], text)
    file.write_text(text, encoding="utf-8")
