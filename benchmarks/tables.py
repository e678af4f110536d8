"""The figures of results.json as tables in Markdown, for the documents and the screen.

In README.md and docs/figures.md a table stands between `<!-- bench:NAME -->` and `<!-- /bench -->`.
"""

import re
from collections.abc import Iterable
from pathlib import Path

from recognizer.architectures import ARCHITECTURES
from recognizer.errors import DataError
from recognizer.models import registry
from recognizer.models.card import ModelCard

CARDS = Path(__file__).parent / "cards"  # of networks that are too large to ship, or not worth it

_BLOCK = re.compile(r"(<!-- bench:(\w+) -->\n)(.*?)(<!-- /bench -->)", re.DOTALL)


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


def _drawings(results: dict) -> str:
    if not (part := results.get("reading")):
        return _missing("reading")
    conditions = part["conditions"]
    ways = list(conditions["corner"])  # random has every model's, which the table of rows shows
    table = markdown(
        ["drawn", *ways],
        ([name, *(_share(row.get(way)) for way in ways)] for name, row in conditions.items()),
    )
    spans = ", ".join(f"{way} ±{_widest(conditions, way):.1f}" for way in ways)
    return (
        f"{table}\nn = {part['n']:,} drawings by {part['people']} people whom no network here has "
        f"seen, in each row. 95 % Wilson intervals in points, at most: {spans}.\n"
    )


def _pictures(results: dict) -> str:
    if not (part := results.get("pictures")):
        return _missing("pictures")
    table = markdown(
        ["picture", "read right", "wrong, not doubted"],
        (
            [kind, _with_interval(one), _percent(one["wrong_not_doubted"] / part["n"])]
            for kind, one in part["kinds"].items()
        ),
    )
    return (
        f"{table}\nn = {part['n']} pictures of each kind, from 200 to 3,000 pixels, made from "
        f"drawings of the third part of the writers, read by {part['model']}. In brackets Wilson's "
        "interval, 95 %.\n"
    )


def _default(results: dict) -> str:
    """The default model beside two-block, in everything that the default model is made for."""
    if not (part := results.get("reading")):
        return _missing("reading")
    compared = [name for name in part["conditions"]["centred"] if "," not in name]
    others = [name for name in part["conditions"] if name not in ("random", "photographed paper")]
    rows, speed = (results.get(one, {}).get("models", {}) for one in ("rows", "speed"))

    def drawn(condition: str, name: str) -> str:
        return _with_interval(part["conditions"][condition][name])

    def worst(name: str) -> str:
        return drawn(min(others, key=lambda one: part["conditions"][one][name]["share"]), name)

    def calibrated(name: str) -> str:
        of = part["of_people_random"][name]
        keys = "calibration_error", "calibration_error_if_perfect"
        return "{} ({})".format(*(_percent(of[key]) for key in keys))

    def doubted(name: str, what: str) -> str:
        if not (rates := part["doubt_random"].get(name)):
            return "–"
        return f"{_percent(rates[what])} ({_percent(rates['of_people'][what])})"

    lines = {
        "pen drawings, *random*": lambda name: drawn("random", name),
        "the same, mean of the people's own shares": lambda name: _percent(
            part["of_people_random"][name]["share"]
        ),
        "the worst of the other five conditions": worst,
        "held-out rows of train.csv": lambda name: _rows_figure(rows.get(name)),
        "calibration error on drawings, people counting alike (of a perfect model)": calibrated,
        "letters doubted where 1 % of the digits are": lambda name: doubted(
            name, "letters_at_1_percent"
        ),
        "letters doubted at the card's threshold": lambda name: doubted(name, "letters"),
        "digits doubted at the card's threshold": lambda name: doubted(name, "digits"),
        "one drawing, preprocessing and network": lambda name: (
            f"{speed[name]['canvas_to_reading_ms']['median']:g} ms" if name in speed else ""
        ),
        "the `.tflite`": lambda name: _size(rows[name]["tflite_bytes"]) if name in rows else "",
    }
    table = markdown(["", *compared], ([told, *map(of, compared)] for told, of in lines.items()))
    return (
        f"{table}\nDrawings: {part['n']:,} digits and {part['letters']:,} letters, by people of "
        "the third part of the writers. The interval of each share is Wilson's, 95 %; after a "
        "share that is doubted stands what it is where every person counts the same.\n"
    )


def _with_interval(score: dict) -> str:
    low, high = score["interval"]
    return f"{_percent(score['share'])} ({100 * low:.1f} to {100 * high:.1f})"


def _rows_figure(one: dict | None) -> str:
    return (
        "" if one is None else "{:.4f} ({:.4f} to {:.4f})".format(one["accuracy"], *one["interval"])
    )


def _rows(results: dict) -> str:
    if not (part := results.get("rows")):
        return _missing("rows")
    drawn = results.get("reading", {}).get("conditions", {}).get("random", {})
    return markdown(
        ["model", "rows read right", "95 % interval", "rows", "drawings", "parameters", "file"],
        (
            [
                name,
                f"{one['accuracy']:.4f}",
                "{:.4f} to {:.4f}".format(*one["interval"]),
                f"{one['n']:,}",
                _share(drawn.get(name)),
                f"{one['parameters']:,}",
                _size(one["tflite_bytes"]),
            ]
            for name, one in part["models"].items()
        ),
    )


def _networks(_: dict) -> str:
    """Every architecture's figure, from its shipped model's card or one in `benchmarks/cards/`."""
    cards = {path.stem: ModelCard.from_json(path.read_text("utf-8")) for path in CARDS.glob("*")}
    cards |= {model.name: model.card for model in registry.list_models(registry.SHIPPED).available}
    return markdown(
        ["network", "parameters", "rows read right", "95 % interval", "its source published"],
        (
            [
                f"`{name}`",
                f"{cards[name].parameters:,}",
                f"{cards[name].accuracy:.4f}",
                "{:.4f} to {:.4f}".format(*cards[name].interval),
                ARCHITECTURES[name].published,
            ]
            for name in sorted(cards, key=lambda name: cards[name].parameters)
            if name in ARCHITECTURES
        ),
    )


def _speed(results: dict) -> str:
    lines = [*_reading_times(results.get("speed")), *_waiting_times(results)]
    if not lines:
        return _missing("speed")
    table = markdown(["", "median", "95th percentile"], lines)
    return f"{table}\n{results['machine']['hardware']}.\n" if "machine" in results else table


def _reading_times(part: dict | None) -> Iterable[list[str]]:
    if not part:
        return
    yield ["a 280×280 canvas to 28×28", *_times(part["canvas_to_28x28_ms"])]
    for name, one in part["models"].items():
        yield [f"the same, and read by {name}", *_times(one["canvas_to_reading_ms"])]
    yield ["a 12-megapixel photo read, from JPEG to digit", *_times(part["photo_ms"])]
    for name, one in part["models"].items():
        yield [f"in batches, {name}", f"{one['batch_images_per_second']:,.0f} images/s", ""]


def _waiting_times(results: dict) -> Iterable[list[str]]:
    if part := results.get("rows", {}).get("comparison"):
        models = f"{len(part['models'])} models compared on {part['n']:,} rows"
        yield [models, f"{part['seconds']:g} s", ""]
    if part := results.get("startup"):
        peak = f"process start to first reading (at most {part['peak_megabytes']:.0f} MB)"
        yield [peak, *_times(part["seconds"], "s")]
    if part := results.get("pen_up"):
        yield [
            f"pen-up to the reading on the page ({part['ratio']:.2f} × a page that only echoes)",
            *_times(part["app_ms"]),
        ]
        yield ["pen-up to the echo on that bare page", *_times(part["echo_ms"])]
    if (part := results.get("preview")) and "move_to_bars_ms" in part:
        yield ["a move of the pen to the preview's bars", *_times(part["move_to_bars_ms"])]
    if part := results.get("inside_page"):
        yield ["opening the Inside page, to its first pictures", *_times(part["open_ms"])]
        yield ["there, pen-up to every stage at work on it", *_times(part["stages_ms"])]
        yield ["there, pen-up to what spoke for the reading", *_times(part["evidence_ms"])]


def _learning(results: dict) -> str:
    if not (part := results.get("learning")):
        return _missing("learning")
    goal = _percent(part["goal"])
    lines = [
        ["two-block, plain `fit`", *_until(part["two_block_fit"], part["goal"])],
        ["compact, our loop", *_until(part["compact"], part["goal"])],
    ]
    table = markdown(["training", f"seconds to {goal}", "epochs", "read right then"], lines)
    sooner = part["times_sooner"]
    told = f"compact is there {sooner:g} × sooner; " if sooner else ""
    return (
        f"{table}\n{part['rows']:,} rows trained on, {part['held_out']:,} held out; {told}"
        "two-block by our loop takes in "
        f"{part['loops']['images_per_second_to_fit']:g} × the images/s of plain `fit`.\n"
    )


def _until(epochs: list[dict], goal: float) -> list[str]:
    """Return seconds, number and accuracy of the first epoch that reached the goal."""
    for epoch in epochs:
        if epoch["accuracy"] >= goal:
            return [f"{epoch['seconds']:.0f}", f"{epoch['epoch']}", f"{epoch['accuracy']:.4f}"]
    best = max((epoch["accuracy"] for epoch in epochs), default=0.0)
    return ["not reached", f"{len(epochs)}", f"{best:.4f} at best"]


def _times(of: dict, unit: str = "ms") -> list[str]:
    return [f"{of['median']:g} {unit}", f"{of['p95']:g} {unit}"]


def _size(count: int) -> str:
    return f"{count / 1e6:.1f} MB" if count >= 1e5 else f"{count / 1e3:.0f} kB"


def _share(score: dict | None) -> str:
    return "" if score is None else _percent(score["share"])


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"


def _widest(conditions: dict, way: str) -> float:
    """Return half the widest interval of a way of reading, in points."""
    intervals = [row[way]["interval"] for row in conditions.values() if way in row]
    return max(50 * (high - low) for low, high in intervals)


def markdown(head: list[str], lines: Iterable[list]) -> str:
    """Return a table in Markdown, its first column to the left and the others to the right."""
    rule = ["---", *["--:"] * (len(head) - 1)]
    return "".join(f"| {' | '.join(map(str, cells))} |\n" for cells in (head, rule, *lines))


def _missing(part: str) -> str:
    return f"*Not measured: `python -m benchmarks --only {part}`.*\n"


def _batch(results: dict) -> str:
    if not (part := results.get("batch")):
        return _missing("batch")
    lines = []
    for name, one in part["models"].items():
        lines.append([f"pandas and Keras, {name}", *_costs(one["baseline"]), ""])
        faster = f"{one['times_faster']:g} × faster"
        lines.append([f"`python -m recognizer predict`, {name}", *_costs(one["ours"]), faster])
    return markdown([f"{part['rows']:,} rows", "time", "CPU time", "peak memory", ""], lines)


def _path(results: dict) -> str:
    if not (part := results.get("path")):
        return _missing("path")
    ways, only = part["ways"].items(), part["only_right"]
    lines = {
        "misread": lambda one: f"{part['n'] - one['right']}",
        "read right": _with_interval,
        "the same, mean of the people's own shares": lambda one: _percent(one["of_people"]),
        "calibration error (of a perfect model)": lambda one: "{} ({})".format(
            *(_percent(one[key]) for key in ("calibration_error", "calibration_error_if_perfect"))
        ),
        "digits doubted": lambda one: _percent(one["digits_doubted"]),
        "letters doubted": lambda one: _percent(one["letters_doubted"]),
        "letters doubted where 1 % of the digits are": lambda one: _percent(
            one["letters_at_1_percent"]
        ),
    }
    rows = ([told, *(of(one) for _, one in ways)] for told, of in lines.items())
    return (
        f"{markdown(['', *(name for name, _ in ways)], rows)}\n{part['n']:,} digits and "
        f"{part['letters']:,} letters, by {part['people']} people of the third part of the "
        f"writers, *random*; the picture is read by {part['model']}. The interval is Wilson's, "
        f"95 %; from the third line on every person counts the same. {only['picture']} digits are "
        f"read right by the picture only, {only['both']} by both only (McNemar's test: p = "
        f"{only['p']:.2g}).\n"
    )


def _numbers(results: dict) -> str:
    if not (part := results.get("numbers")):
        return _missing("numbers")
    lines = [
        [_NUMBERS[way, kind], _percent(one["share"]), _interval(one), f"{one['n']:,}"]
        for way in ("drawn", "picture", "photo")
        for kind, one in part[way].items()
    ]
    taken = part["single_taken_for_several"]
    share = f"{100 * taken['share']:.2f} %"
    lines.append(["one digit, taken for several", share, _interval(taken), f"{taken['n']:,}"])
    table = markdown(["whole numbers read right", "share", "95 % interval", "n"], lines)
    time = part["ten_digits_ms"]
    return (
        f"{table}\nNumbers by {part['people']} people who chose nothing; what was learned "
        "of some of them: [numbers.md](numbers.md#figures). A "
        f"line of ten digits, from strokes to text: median {time['median']:g} ms.\n"
        f"{_forms(part)}"
    )


def _forms(part: dict) -> str:
    if not (forms := part.get("forms")):
        return ""
    lines = [
        [words, _percent(forms[kind]["share"]), _interval(forms[kind]), f"{forms[kind]['n']:,}"]
        for kind, words in (
            ("in place", "cells found in their place"),
            ("empty as written", "cells empty or filled as they were written"),
            ("digits read", "digits in cells read right"),
        )
    ]
    head = f"{forms['sheets']} printed sheets, filled in and photographed"
    return f"\n{markdown([head, 'share', '95 % interval', 'n'], lines)}"


def _interval(one: dict) -> str:
    low, high = one["interval"]
    return f"{100 * low:.1f} to {100 * high:.1f} %"


_NUMBERS = {
    ("drawn", "digits only"): "drawn, digits only",
    ("drawn", "with separators, digits"): "drawn, with - / . , : between, the digits",
    ("drawn", "with separators, all of it"): "the same, separators too",
    ("picture", "digits only"): "as a picture alone, digits only",
    ("picture", "with separators, digits"): "as a picture, with - / . , : between, the digits",
    ("picture", "with separators, all of it"): "the same, separators too",
    ("photo", "digits"): "photographed on plain, lined, squared paper or in a box, the digits",
}


def _growth(results: dict) -> str:
    if not (part := results.get("batch")):
        return _missing("batch")
    return markdown(
        [f"rows, read by {part['growth']['model']}", "rows/s", "peak memory"],
        (
            [
                f"{one['rows']:,}",
                f"{one['rows_per_second']:,.0f}",
                f"{one['peak_megabytes']:.0f} MB",
            ]
            for one in part["growth"]["tables"]
        ),
    )


def _costs(of: dict) -> list[str]:
    memory = f"{of['peak_megabytes']:,.0f} MB"
    return [f"{of['seconds']:.1f} s", f"{of['cpu_seconds']:.1f} s", memory]


def _handwriting(results: dict) -> str:
    if not (part := results.get("handwriting")):
        return _missing("handwriting")
    head = ["", *part["networks"]]
    networks = part["networks"].values()

    def fewer(one: dict) -> str:
        before, after = one["mistakes"]
        share = "–" if one["fewer"] is None else f"{one['fewer']:.0%} fewer"
        return f"{share} ({before:,} → {after:,})"

    rows = {
        "mistakes on a person's other drawings, ten learned from": fewer,
        "mistakes with the first ten misread ones corrected as they come": lambda one: fewer(
            one["corrected"]
        ),
        "people read worse, of those with 3 mistakes or more": lambda one: (
            f"{one['worse'][0]} of {one['worse'][1]}"
        ),
        "points lost on other people's drawings": lambda one: f"{one['strangers_lost']:.3f}",
        "points lost on scans": lambda one: f"{one['scans_lost']:.3f}",
        "CPU time that a reading takes more with 100 drawings, median": lambda one: (
            f"{one['more_ms']:.2f} ms"
        ),
    }
    table = markdown(head, ([row, *map(cell, networks)] for row, cell in rows.items()))
    return table + (
        f"\n{part['people']} people, each {part['times']} times with other drawings to learn from; "
        f"{part['n']:,} drawings and {part['scans']:,} scans, which trained and chose nothing.\n"
    )


def _ensemble(results: dict) -> str:
    if not (part := results.get("ensemble")):
        return _missing("ensemble")
    n = next(iter(part["models"].values()))["n"]
    table = markdown(
        ["read by", "right", "95 % interval", "log loss", "where chosen", "CPU time", "files"],
        (
            [
                name,
                f"{one['accuracy']:.4f}",
                "{:.4f} to {:.4f}".format(*one["interval"]),
                f"{one['log_loss']:.4f}",
                f"{one['log_loss_where_chosen']:.4f}",
                f"{one['cpu_ms_a_row']:g} ms a row",
                _size(one["tflite_bytes"]),
            ]
            for name, one in part["models"].items()
        ),
    )
    low, high = part["difference_interval"]
    return (
        f"{table}\nOf {n:,} rows that no member has seen. Of {part['among']} sets of shipped "
        f"models this has the least log loss on {part['chosen_on']:,} validation rows. The "
        f"average's share right less the default's: {_points(part['difference'])} points "
        f"({_points(low)} to {_points(high)}), McNemar's p = {part['p']:g}; only the default is "
        f"right on {part['only_default_right']:,}, only the average on "
        f"{part['only_average_right']:,}.\n"
    )


def _points(share: float) -> str:
    return f"{100 * share:+.2f}".replace("-", "−")


def _label_audit(results: dict) -> str:
    if not (part := results.get("label_audit")):
        return _missing("label_audit")
    trained = (
        f"{part['folds']} trainings of `{part['network']}`, {part['epochs']} epochs each, not "
        "augmented"
    )
    lines = [
        [f"CPU time of {trained}", f"{part['training_cpu_seconds']:,.0f} s"],
        ["CPU time of the audit after them", f"{part['audit_cpu_seconds']:g} s"],
        ["flipped ones among the first 100 listed", f"{part['found_of_first_100']}"],
        [
            f"among the first {part['flipped']:,}, as many as were flipped",
            f"{part['found_of_as_many_as_flipped']:,}",
        ],
        [f"among all {part['listed']:,} listed", f"{part['found']:,}"],
    ]
    return markdown([f"{part['rows']:,} rows, {part['flipped']:,} labels flipped", ""], lines)


TABLES = {
    "drawings": _drawings,
    "pictures": _pictures,
    "rows": _rows,
    "speed": _speed,
    "batch": _batch,
    "growth": _growth,
    "path": _path,
    "numbers": _numbers,
    "learning": _learning,
    "networks": _networks,
    "default": _default,
    "handwriting": _handwriting,
    "ensemble": _ensemble,
    "label_audit": _label_audit,
}
