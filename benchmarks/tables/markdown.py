"""What the tables are made of: Markdown, and figures as they are written."""

from collections.abc import Iterable


def markdown(head: list[str], lines: Iterable[list]) -> str:
    """Return a table in Markdown, its first column to the left and the others to the right."""
    rule = ["---", *["--:"] * (len(head) - 1)]
    return "".join(f"| {' | '.join(map(str, cells))} |\n" for cells in (head, rule, *lines))


def missing(part: str) -> str:
    return f"*Not measured: `python -m benchmarks --only {part}`.*\n"


def percent(share: float) -> str:
    return f"{100 * share:.1f} %"


def share(score: dict | None) -> str:
    return "" if score is None else percent(score["share"])


def interval(one: dict) -> str:
    low, high = one["interval"]
    return f"{100 * low:.1f} to {100 * high:.1f} %"


def with_interval(score: dict) -> str:
    low, high = score["interval"]
    return f"{percent(score['share'])} ({100 * low:.1f} to {100 * high:.1f})"


def rows_figure(one: dict | None) -> str:
    return (
        "" if one is None else "{:.4f} ({:.4f} to {:.4f})".format(one["accuracy"], *one["interval"])
    )


def times(of: dict, unit: str = "ms") -> list[str]:
    return [f"{of['median']:g} {unit}", f"{of['p95']:g} {unit}"]


def size(count: int) -> str:
    return f"{count / 1e6:.1f} MB" if count >= 1e5 else f"{count / 1e3:.0f} kB"
