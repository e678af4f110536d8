"""The tables of drawings and pictures: how well people's own are read."""

from benchmarks.tables.markdown import (
    markdown,
    missing,
    percent,
    rows_figure,
    share,
    size,
    with_interval,
)


def drawings(results: dict) -> str:
    if not (part := results.get("reading")):
        return missing("reading")
    conditions = part["conditions"]
    ways = list(conditions["corner"])  # random has every model's, which the table of rows shows
    table = markdown(
        ["drawn", *ways],
        ([name, *(share(row.get(way)) for way in ways)] for name, row in conditions.items()),
    )
    spans = ", ".join(f"{way} ±{_widest(conditions, way):.1f}" for way in ways)
    return (
        f"{table}\nn = {part['n']:,} drawings by {part['people']} people whom no network here has "
        f"seen, in each row. 95 % Wilson intervals in points, at most: {spans}.\n"
    )


def _widest(conditions: dict, way: str) -> float:
    """Return half the widest interval of a way of reading, in points."""
    intervals = [row[way]["interval"] for row in conditions.values() if way in row]
    return max(50 * (high - low) for low, high in intervals)


def pictures(results: dict) -> str:
    if not (part := results.get("pictures")):
        return missing("pictures")
    table = markdown(
        ["picture", "read right", "wrong, not doubted"],
        (
            [kind, with_interval(one), percent(one["wrong_not_doubted"] / part["n"])]
            for kind, one in part["kinds"].items()
        ),
    )
    return (
        f"{table}\nn = {part['n']} pictures of each kind, from 200 to 3,000 pixels, made from "
        f"drawings of the third part of the writers, read by {part['model']}. In brackets Wilson's "
        "interval, 95 %.\n"
    )


def default(results: dict) -> str:
    """The default model beside two-block, in everything that the default model is made for."""
    if not (part := results.get("reading")):
        return missing("reading")
    compared = [name for name in part["conditions"]["centred"] if "," not in name]
    others = [name for name in part["conditions"] if name not in ("random", "photographed paper")]
    rows, speed = (results.get(one, {}).get("models", {}) for one in ("rows", "speed"))

    def drawn(condition: str, name: str) -> str:
        return with_interval(part["conditions"][condition][name])

    def worst(name: str) -> str:
        return drawn(min(others, key=lambda one: part["conditions"][one][name]["share"]), name)

    def calibrated(name: str) -> str:
        of = part["of_people_random"][name]
        keys = "calibration_error", "calibration_error_if_perfect"
        return "{} ({})".format(*(percent(of[key]) for key in keys))

    def doubted(name: str, what: str) -> str:
        if not (rates := part["doubt_random"].get(name)):
            return "–"
        return f"{percent(rates[what])} ({percent(rates['of_people'][what])})"

    lines = {
        "pen drawings, *random*": lambda name: drawn("random", name),
        "the same, mean of the people's own shares": lambda name: percent(
            part["of_people_random"][name]["share"]
        ),
        "the worst of the other five conditions": worst,
        "held-out rows of train.csv": lambda name: rows_figure(rows.get(name)),
        "calibration error on drawings, people counting alike (of a perfect model)": calibrated,
        "letters doubted where 1 % of the digits are": lambda name: doubted(
            name, "letters_at_1_percent"
        ),
        "letters doubted at the card's threshold": lambda name: doubted(name, "letters"),
        "digits doubted at the card's threshold": lambda name: doubted(name, "digits"),
        "one drawing, preprocessing and network": lambda name: (
            f"{speed[name]['canvas_to_reading_ms']['median']:g} ms" if name in speed else ""
        ),
        "the `.tflite`": lambda name: size(rows[name]["tflite_bytes"]) if name in rows else "",
    }
    table = markdown(["", *compared], ([text, *map(of, compared)] for text, of in lines.items()))
    return (
        f"{table}\nDrawings: {part['n']:,} digits and {part['letters']:,} letters, by people of "
        "the third part of the writers. The interval of each share is Wilson's, 95 %; after a "
        "share that is doubted stands what it is where every person counts the same.\n"
    )


def path(results: dict) -> str:
    if not (part := results.get("path")):
        return missing("path")
    ways, only = part["ways"].items(), part["only_right"]
    lines = {
        "misread": lambda one: f"{part['n'] - one['right']}",
        "read right": with_interval,
        "the same, mean of the people's own shares": lambda one: percent(one["of_people"]),
        "calibration error (of a perfect model)": lambda one: "{} ({})".format(
            *(percent(one[key]) for key in ("calibration_error", "calibration_error_if_perfect"))
        ),
        "digits doubted": lambda one: percent(one["digits_doubted"]),
        "letters doubted": lambda one: percent(one["letters_doubted"]),
        "letters doubted where 1 % of the digits are": lambda one: percent(
            one["letters_at_1_percent"]
        ),
    }
    rows = ([text, *(of(one) for _, one in ways)] for text, of in lines.items())
    return (
        f"{markdown(['', *(name for name, _ in ways)], rows)}\n{part['n']:,} digits and "
        f"{part['letters']:,} letters, by {part['people']} people of the third part of the "
        f"writers, *random*; the picture is read by {part['model']}. The interval is Wilson's, "
        f"95 %; from the third line on every person counts the same. {only['picture']} digits are "
        f"read right by the picture only, {only['both']} by both only (McNemar's test: p = "
        f"{only['p']:.2g}).\n"
    )


def handwriting(results: dict) -> str:
    if not (part := results.get("handwriting")):
        return missing("handwriting")
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
