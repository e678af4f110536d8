"""What each stage of a network is called and does, for someone who has never seen one."""

from recognizer.explain.activations import Kind, Stage
from recognizer.records import LABELS

PICTURE = (
    "The network gets 28 × 28 numbers: 0 where the paper is empty, 1 where the ink is full, and "
    "something between at the rim of a stroke. It knows nothing else of the drawing."
)
NAMES = {
    Kind.CONVOLUTION: "Convolution",
    Kind.POOLING: "Pooling",
    Kind.AVERAGE: "Average",
    Kind.FLATTEN: "Flatten",
    Kind.DENSE: "Dense",
    Kind.SOFTMAX: "Softmax",
}
OTHER_NAMES = {
    **{"ADD": "Addition", "MUL": "Factor", "SUB": "Subtraction", "DIV": "Division"},
    **{"RELU": "ReLU", "CONCATENATION": "Joining", "AVERAGE_POOL_2D": "Averaging"},
}
FOLDED = (
    "In training, a *batch normalisation* followed here: it keeps the sums of each map in one "
    "range. Once trained, it is a factor and an addition for each map, which are multiplied into "
    "these kernels and biases; so it has no numbers of its own to show, and the maps are what "
    "comes out after it."
)
QUANTISED = (
    "Its weights are stored as whole numbers from −127 to 127, times one scale for each map or "
    "neuron, and before it multiplies them, it rounds what it is given to 256 even steps: that is "
    "quicker, and takes a quarter of the memory. The numbers in the calculation are the rounded "
    "ones, so they may differ a little from what the stage before gives."
)


def names(stages: tuple[Stage, ...]) -> list[str]:
    """Return a name for each stage, numbered where there are several of a kind."""
    plain = [NAMES.get(one.kind) or OTHER_NAMES.get(one.operator, one.operator) for one in stages]
    seen: dict[str, int] = {}
    numbered = []
    for name in plain:
        seen[name] = seen.get(name, 0) + 1
        numbered.append(f"{name} {seen[name]}" if plain.count(name) > 1 else name)
    return numbered


def shape(shape: tuple[int, ...]) -> str:
    """Return a shape in words."""
    return " × ".join(f"{one:,}" for one in shape)


def classes(count: int) -> list[str]:
    """Return what the last outputs stand for: the digits, and what is none where there is one."""
    digits = [str(label) for label in LABELS]
    return digits + ["not a digit"] * (count == len(LABELS) + 1)


def explanation(stage: Stage, *, first: bool, last: bool) -> str:
    """Return what a stage does, in Markdown.

    Args:
        stage: the stage.
        first: whether it sees the picture itself.
        last: whether its outputs are the scores of the digits.
    """
    match stage.kind:
        case Kind.CONVOLUTION:
            return _convolution(stage, first)
        case Kind.POOLING:
            return _pooling(stage)
        case Kind.AVERAGE:
            return (
                "Of each map only one number goes on, the mean of its pixels: *how much* of its "
                "pattern there is in the picture, wherever it is."
            )
        case Kind.FLATTEN:
            return (
                "Nothing is computed here. The maps are read pixel by pixel, at each pixel one map "
                "after the other, and written into a single row. From here on the network does "
                "not know which numbers were neighbours."
            )
        case Kind.DENSE:
            return _dense(stage, last)
        case Kind.SOFTMAX:
            return (
                "Scores can be any numbers. To make shares of them, e ≈ 2.718 is raised to the "
                "power of each score, and each result is divided by the sum of all. So none is "
                "below zero, together they are 1, and a score that is higher by 1 gets 2.7 times "
                "the share. Subtracting the largest score first changes no share, and keeps the "
                "numbers small."
            )
    return (
        f"This page cannot take this stage apart (LiteRT calls it {stage.operator}): it shows what "
        "comes out of it and in which shape."
    )


def _convolution(stage: Stage, first: bool) -> str:
    maps, (height, width) = stage.output_shape[-1], stage.window
    below = "the picture" if first else f"all {stage.input_shape[-1]} maps before it at once"
    words = (
        f"A *kernel* is a small window of {height} × {width} weights that slides over {below}. At "
        "each place it multiplies every number below it with a weight of its own and adds "
        "everything up; the sum is large where the picture looks like the kernel. Each kernel "
        "draws a *map* of where it found its pattern"
        f"{': an edge, a slant, a bow' if first else ', by now a pattern of patterns'}. "
        f"There are {maps} kernels, so there are {maps} maps."
    )
    if stage.relu:
        words += " The *ReLU* at the end makes everything below zero zero: no pattern, no signal."
    if stage.stride != (1, 1):
        words += f" The window moves {max(stage.stride)} pixels at a time, so the maps are smaller."
    if any(stage.padding):
        words += " Outside the picture it sees zeros."
    return words + _notes(stage)


def _pooling(stage: Stage) -> str:
    height, width = stage.window
    return (
        f"Each map is cut into windows of {height} × {width} pixels, and of each only the largest "
        "number goes on. What was found stays, exactly where it was matters less: a digit that "
        "lies a pixel further left gives nearly the same. And there is less to compute from here "
        "on."
    )


def _dense(stage: Stage, last: bool) -> str:
    count, inputs = stage.output_shape[0], stage.input_shape[0]
    words = (
        f"Each of the {count:,} *neurons* here looks at all {inputs:,} numbers before it. It "
        "multiplies each with a weight of its own, adds everything up, and adds its *bias*, a "
        "number that does not depend on the picture. A product above zero speaks for what the "
        "neuron stands for, one below zero against it."
    )
    if last:
        words += " These neurons are the answers: each sum is the *score* of one digit."
        if count == len(LABELS) + 1:
            words += " The eleventh stands for *not a digit*."
    elif stage.relu:
        words += " The *ReLU* makes sums below zero zero."
    return words + _notes(stage)


def _notes(stage: Stage) -> str:
    """Return what else is to be said of a stage's weights."""
    notes = {FOLDED: stage.normalised, QUANTISED: stage.quantised}
    return "".join(f"\n\n{note}" for note, applies in notes.items() if applies)
