"""`predict`: tables of any length read, each submission written whole or not at all."""

import argparse
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from recognizer.cli import outputs, tables
from recognizer.cli.evaluate import PIPE, source
from recognizer.cli.progress import Bar, bar
from recognizer.cli.training import experiment
from recognizer.datasets import locations
from recognizer.datasets.locations import Place
from recognizer.datasets.submissions import writing
from recognizer.errors import ClusterError, DataError, SettingError
from recognizer.evaluation import Tally
from recognizer.models import registry
from recognizer.system.process import silence_native_stderr

ENDING = [getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)]


def add_to(commands: argparse._SubParsersAction) -> None:
    """Add this command to the command line."""
    command = commands.add_parser("predict", help="read the digits of tables")
    command.add_argument(
        "tables", nargs="+", metavar="test.csv",
        help="CSV, .npz, IDX, Parquet, a zip or a folder of pictures; - a pipe; several, or a "
        "pattern such as '/data/*.csv' or 's3://bucket/*.parquet', are read by several processes",
    )  # fmt: skip
    command.add_argument(
        "--out", required=True, metavar="submission.csv", help="of several tables: a folder"
    )
    command.add_argument(
        "--model",
        metavar="NAME",
        action="append",
        help="instead of the default model; repeat to average the probabilities of several",
    )
    experiment.add_option(command)
    command.add_argument(
        "--probabilities", metavar="probs.csv", help="write these too; of several tables: a folder"
    )
    tables.add_to(command)
    add_cluster(command)
    command.set_defaults(run=predict)


def add_cluster(command: argparse.ArgumentParser) -> None:
    """Give a command the options for a cluster."""
    cluster = command.add_argument_group("on a cluster", "see docs/cluster.md")
    cluster.add_argument(
        "--cluster", metavar="ADDRESS", help="of a Dask scheduler, tcp:// or tls://"
    )
    for option, help_text in (
        ("ca-file", "the authority's certificate, PEM"),
        ("cert", "your certificate, PEM"),
        ("key", "its key, PEM"),
    ):
        cluster.add_argument(f"--tls-{option}", metavar="FILE", type=Path, help=help_text)


def check_cluster(options: argparse.Namespace) -> None:
    """Raise SettingError where files for TLS are given and no cluster is."""
    if not options.cluster and (options.tls_ca_file or options.tls_cert or options.tls_key):
        raise SettingError("The --tls files are for a cluster: give its address with --cluster.")


def predict(options: argparse.Namespace) -> int | None:
    """Read tables and write submissions."""
    check_cluster(options)
    experiment.resolve(options)
    several = len(options.tables) > 1 or locations.is_pattern(options.tables[0])
    with _ended_by_signals():
        if several or options.cluster:
            return predict_many(options, single=not several)
        return _predict_one(options)


def _predict_one(options: argparse.Namespace) -> None:
    from recognizer.cli.progress import bar
    from recognizer.cluster.partitions import MEMBER
    from recognizer.datasets import stream_digits
    from recognizer.datasets.submissions import writing
    from recognizer.evaluation import Tally
    from recognizer.inference.averaging import cost
    from recognizer.inference.ensemble import Ensemble, load
    from recognizer.inference.streaming import doubted, predict_pieces

    table = options.tables[0]
    outputs.check([table], [options.out, options.probabilities])
    with silence_native_stderr():
        recognizer = load(options.model)
    tally, strange = Tally.zero(), []
    with (
        writing(options.out, options.probabilities) as writer,
        stream_digits(
            source(table), member=MEMBER, adjustments=tables.adjustments(options)
        ) as stream,
        bar() as show,
    ):
        for piece in predict_pieces(recognizer, stream, scored=True):
            strange.append(doubted(recognizer, piece))
            writer.add(piece.labels, piece.probabilities)
            if stream.labelled:
                tally += Tally.of(piece.probabilities, piece.digits.labels)
            show(writer.rows, piece.share)
    tables.say(table, stream.dialect)
    tables.say_doubted(table, strange, writer.rows)
    outputs.print_summary(table, options.out, writer.rows, recognizer.card.name, tally)
    if isinstance(recognizer, Ensemble):
        print(cost(options.model, recognizer.seconds, writer.rows))


@contextmanager
def _ended_by_signals() -> Iterator[None]:
    """End in order, as Ctrl-C does, when asked to end: unfinished files go."""

    def end(number: int, _: Any) -> None:
        raise SystemExit(128 + number)

    heard = [number for number in ENDING if signal.getsignal(number) != signal.SIG_IGN]  # nohup
    before = {number: signal.signal(number, end) for number in heard}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


if TYPE_CHECKING:
    from recognizer.cluster.client import TablePredictor


def predict_many(options: argparse.Namespace, *, single: bool) -> int:
    """Read tables by several processes; those that cannot be read are named on stderr.

    Args:
        options: of the command line.
        single: whether one table is named; --out may be its file then.
    """
    try:
        from recognizer.cluster import client as cluster_client
    except ModuleNotFoundError as error:
        raise ClusterError(
            f"Several tables, or --cluster, need {error.name}, which is not installed: run "
            "`make cluster`, or read one table at a time."
        ) from error
    if len(options.model or []) > 1:
        raise SettingError(
            "Models are averaged one table at a time: name one table and no --cluster, or one "
            "model."
        )
    if PIPE in options.tables:
        raise SettingError("A pipe is read by itself: leave out the other tables and --cluster.")
    places = locations.expand(options.tables)
    single = single and _is_file(options.out)
    outs = outputs.targets(places, options.out, single=single)
    more = outputs.targets(places, options.probabilities, single=single)
    outputs.check([place.name for place in places], [*outs, *more])
    if not single:
        outputs.make_folders([*outs, *more])
    model = registry.find_model(*options.model or [])
    tls = cluster_client.Tls(options.tls_ca_file, options.tls_cert, options.tls_key)
    with (
        cluster_client.connect(options.cluster, tls) as client,
        cluster_client.TablePredictor(
            client,
            model,
            places,
            probabilities=any(more),
            adjustments=tables.adjustments(options),
        ) as predictor,
        bar() as show,
    ):
        were_read = [
            _predict(predictor, show, *one) for one in zip(places, outs, more, strict=True)
        ]
    return 0 if all(were_read) else 2


def _predict(
    predictor: "TablePredictor", show: Bar, table: Place, out: str, probabilities: str | None
) -> bool:
    """Read one table; return whether it could be read."""
    tally, strange, dialect = Tally.zero(), [], None
    try:
        with writing(out, probabilities) as writer:
            for answer in predictor.predict(table):
                strange.append(answer.doubted + writer.rows)
                writer.add(answer.labels, answer.probabilities)
                tally, dialect = tally + answer.tally, dialect or answer.dialect
                show(predictor.rows, predictor.share)
    except DataError as error:
        show.clear()
        print(f"{table.name}: {error}", file=sys.stderr)
        return False
    show.clear()
    if dialect is not None:
        tables.say(table.name, dialect)
    tables.say_doubted(table.name, strange, writer.rows)
    outputs.print_summary(table.name, out, writer.rows, predictor.model, tally)
    return True


def _is_file(out: str) -> bool:
    """Whether --out names the one table's file, and no folder."""
    return out.endswith(".csv") and not Path(out).is_dir()
