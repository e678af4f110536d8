"""`predict`: tables of any length read, each submission written whole or not at all."""

import argparse
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from recognizer import commands_cluster, commands_targets, places
from recognizer.commands_evaluate import source
from recognizer.errors import SettingError
from recognizer.quiet import without_greeting

ENDING = [getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)]


def add_to(commands: argparse._SubParsersAction) -> None:
    """Add this command to the command line."""
    command = commands.add_parser("predict", help="read the digits of tables")
    command.add_argument(
        "tables", nargs="+", metavar="test.csv",
        help="CSV, .gz, Kaggle's zip or Parquet; - a pipe; several, or a pattern such as "
        "'/data/*.csv' or 's3://bucket/*.parquet', are read by several processes",
    )  # fmt: skip
    command.add_argument(
        "--out", required=True, metavar="submission.csv", help="of several tables: a folder"
    )
    command.add_argument("--model", metavar="NAME", help="instead of the default model")
    command.add_argument(
        "--probabilities", metavar="probs.csv", help="write these too; of several tables: a folder"
    )
    cluster = command.add_argument_group("on a cluster", "see docs/cluster.md")
    cluster.add_argument(
        "--cluster", metavar="ADDRESS", help="of a Dask scheduler, tcp:// or tls://"
    )
    for option, told in (
        ("ca-file", "the authority's certificate, PEM"),
        ("cert", "your certificate, PEM"),
        ("key", "its key, PEM"),
    ):
        cluster.add_argument(f"--tls-{option}", metavar="FILE", type=Path, help=told)
    command.set_defaults(run=predict)


def predict(options: argparse.Namespace) -> int | None:
    """Read tables and write submissions."""
    if not options.cluster and (options.tls_ca_file or options.tls_cert or options.tls_key):
        raise SettingError("The --tls files are for a cluster: give its address with --cluster.")
    several = len(options.tables) > 1 or places.is_pattern(options.tables[0])
    with _ended_by_signals():
        if several or options.cluster:
            return commands_cluster.predict(options, single=not several)
        return _predict_one(options)


def _predict_one(options: argparse.Namespace) -> None:
    from recognizer.blocks import MEMBER
    from recognizer.commands_bar import bar
    from recognizer.datasets import stream_digits
    from recognizer.evaluation import Tally
    from recognizer.inference import Recognizer
    from recognizer.prediction import predict_pieces
    from recognizer.submissions import writing

    table = options.tables[0]
    commands_targets.check([table], [options.out, options.probabilities])
    with without_greeting():
        recognizer = Recognizer.load(options.model)
    tally = Tally.zero()
    with (
        stream_digits(source(table), member=MEMBER) as stream,
        writing(options.out, options.probabilities) as writer,
        bar() as show,
    ):
        for piece in predict_pieces(recognizer, stream):
            writer.add(piece.labels, piece.probabilities)
            if stream.labelled:
                tally += Tally.of(piece.probabilities, piece.digits.labels)
            show(writer.rows, piece.share)
    commands_targets.tell(table, options.out, writer.rows, recognizer.card.name, tally)


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
