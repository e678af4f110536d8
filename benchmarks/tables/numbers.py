"""The table of numbers and forms."""

from benchmarks.tables.markdown import interval, markdown, missing, percent

_NUMBERS = {
    ("drawn", "digits only"): "drawn, digits only",
    ("drawn", "with separators, digits"): "drawn, with - / . , : between, the digits",
    ("drawn", "with separators, all of it"): "the same, separators too",
    ("picture", "digits only"): "as a picture alone, digits only",
    ("picture", "with separators, digits"): "as a picture, with - / . , : between, the digits",
    ("picture", "with separators, all of it"): "the same, separators too",
    ("photo", "digits"): "photographed on plain, lined, squared paper or in a box, the digits",
}


def numbers(results: dict) -> str:
    if not (part := results.get("numbers")):
        return missing("numbers")
    lines = [
        [_NUMBERS[way, kind], percent(one["share"]), interval(one), f"{one['n']:,}"]
        for way in ("drawn", "picture", "photo")
        for kind, one in part[way].items()
    ]
    taken = part["single_taken_for_several"]
    share = f"{100 * taken['share']:.2f} %"
    lines.append(["one digit, taken for several", share, interval(taken), f"{taken['n']:,}"])
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
        [words, percent(forms[kind]["share"]), interval(forms[kind]), f"{forms[kind]['n']:,}"]
        for kind, words in (
            ("in place", "cells found in their place"),
            ("empty as written", "cells empty or filled as they were written"),
            ("digits read", "digits in cells read right"),
        )
    ]
    head = f"{forms['sheets']} printed sheets, filled in and photographed"
    return f"\n{markdown([head, 'share', '95 % interval', 'n'], lines)}"
