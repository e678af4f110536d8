"""The tables of the rows of train.csv: models, networks, averages, audits and trainings."""

from pathlib import Path

from benchmarks.tables.markdown import markdown, missing, percent, share, size
from recognizer.architectures import ARCHITECTURES
from recognizer.models import registry
from recognizer.models.card import ModelCard

# Of networks that are too large to ship, or not worth it
CARDS = Path(__file__).parents[1] / "cards"


def rows(results: dict) -> str:
    if not (part := results.get("rows")):
        return missing("rows")
    drawn = results.get("reading", {}).get("conditions", {}).get("random", {})
    return markdown(
        ["model", "rows read right", "95 % interval", "rows", "drawings", "parameters", "file"],
        (
            [
                name,
                f"{one['accuracy']:.4f}",
                "{:.4f} to {:.4f}".format(*one["interval"]),
                f"{one['n']:,}",
                share(drawn.get(name)),
                f"{one['parameters']:,}",
                size(one["tflite_bytes"]),
            ]
            for name, one in part["models"].items()
        ),
    )


def networks(_: dict) -> str:
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


def ensemble(results: dict) -> str:
    if not (part := results.get("ensemble")):
        return missing("ensemble")
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
                size(one["tflite_bytes"]),
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
    points = round(100 * share, 2)
    return f"{points:+.2f}".replace("-", "−") if points else "0.00"


def label_audit(results: dict) -> str:
    if not (part := results.get("label_audit")):
        return missing("label_audit")
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


def learning(results: dict) -> str:
    if not (part := results.get("learning")):
        return missing("learning")
    goal = percent(part["goal"])
    lines = [
        ["two-block, plain `fit`", *_until(part["two_block_fit"], part["goal"])],
        ["compact, our loop", *_until(part["compact"], part["goal"])],
    ]
    table = markdown(["training", f"seconds to {goal}", "epochs", "read right then"], lines)
    sooner = part["times_sooner"]
    text = f"compact is there {sooner:g} × sooner; " if sooner else ""
    return (
        f"{table}\n{part['rows']:,} rows trained on, {part['held_out']:,} held out; {text}"
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
