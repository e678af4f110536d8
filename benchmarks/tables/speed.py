"""The tables of what reading and waiting take."""

from collections.abc import Iterable

from benchmarks.tables.markdown import markdown, missing, times


def speed(results: dict) -> str:
    lines = [*_reading_times(results.get("speed")), *_waiting_times(results)]
    if not lines:
        return missing("speed")
    table = markdown(["", "median", "95th percentile"], lines)
    return f"{table}\n{results['machine']['hardware']}.\n" if "machine" in results else table


def _reading_times(part: dict | None) -> Iterable[list[str]]:
    if not part:
        return
    yield ["a 280×280 canvas to 28×28", *times(part["canvas_to_28x28_ms"])]
    for name, one in part["models"].items():
        yield [f"the same, and read by {name}", *times(one["canvas_to_reading_ms"])]
    yield ["a 12-megapixel photo read, from JPEG to digit", *times(part["photo_ms"])]
    for name, one in part["models"].items():
        yield [f"in batches, {name}", f"{one['batch_images_per_second']:,.0f} images/s", ""]


def _waiting_times(results: dict) -> Iterable[list[str]]:
    if part := results.get("rows", {}).get("comparison"):
        models = f"{len(part['models'])} models compared on {part['n']:,} rows"
        yield [models, f"{part['seconds']:g} s", ""]
    if part := results.get("startup"):
        peak = f"process start to first reading (at most {part['peak_megabytes']:.0f} MB)"
        yield [peak, *times(part["seconds"], "s")]
    if part := results.get("pen_up"):
        yield [
            f"pen-up to the reading on the page ({part['ratio']:.2f} × a page that only echoes)",
            *times(part["app_ms"]),
        ]
        yield ["pen-up to the echo on that bare page", *times(part["echo_ms"])]
    if (part := results.get("preview")) and "move_to_bars_ms" in part:
        yield ["a move of the pen to the preview's bars", *times(part["move_to_bars_ms"])]
    if part := results.get("inside_page"):
        yield ["opening the Inside page, to its first pictures", *times(part["open_ms"])]
        yield ["there, pen-up to every stage at work on it", *times(part["stages_ms"])]
        yield ["there, pen-up to what spoke for the reading", *times(part["evidence_ms"])]


def batch(results: dict) -> str:
    if not (part := results.get("batch")):
        return missing("batch")
    lines = []
    for name, one in part["models"].items():
        lines.append([f"pandas and Keras, {name}", *_costs(one["baseline"]), ""])
        faster = f"{one['times_faster']:g} × faster"
        lines.append([f"`python -m recognizer predict`, {name}", *_costs(one["ours"]), faster])
    return markdown([f"{part['rows']:,} rows", "time", "CPU time", "peak memory", ""], lines)


def growth(results: dict) -> str:
    if not (part := results.get("batch")):
        return missing("batch")
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
