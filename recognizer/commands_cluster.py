"""`predict` of several tables, or on a cluster: one submission a table."""

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from recognizer import commands_targets, places, store
from recognizer.commands_bar import Bar, bar
from recognizer.commands_evaluate import PIPE
from recognizer.errors import ClusterError, DataError, SettingError
from recognizer.evaluation import Tally
from recognizer.places import Place
from recognizer.submissions import writing

if TYPE_CHECKING:
    from recognizer.cluster import Reading


def predict(options: argparse.Namespace, *, single: bool) -> int:
    """Read tables by several processes; those that cannot be read are named on stderr.

    Args:
        options: of the command line.
        single: whether one table is named; --out may be its file then.
    """
    try:
        from recognizer import cluster
    except ModuleNotFoundError as error:
        raise ClusterError(
            f"Several tables, or --cluster, need {error.name}, which is not installed: run "
            "`make cluster`, or read one table at a time."
        ) from error
    if PIPE in options.tables:
        raise SettingError("A pipe is read by itself: leave out the other tables and --cluster.")
    tables = places.expand(options.tables)
    single = single and _is_file(options.out)
    outs = commands_targets.targets(tables, options.out, single=single)
    more = commands_targets.targets(tables, options.probabilities, single=single)
    commands_targets.check([table.name for table in tables], [*outs, *more])
    if not single:
        commands_targets.make_folders([*outs, *more])
    model = store.find(options.model)
    tls = cluster.Tls(options.tls_ca_file, options.tls_cert, options.tls_key)
    with (
        cluster.connect(options.cluster, tls) as client,
        cluster.Reading(client, model, tables, probabilities=any(more)) as reading,
        bar() as show,
    ):
        told = [_predict(reading, show, *one) for one in zip(tables, outs, more, strict=True)]
    return 0 if all(told) else 2


def _predict(
    reading: "Reading", show: Bar, table: Place, out: str, probabilities: str | None
) -> bool:
    """Read one table; return whether it could be read."""
    tally = Tally.zero()
    try:
        with writing(out, probabilities) as writer:
            for answer in reading.of(table):
                writer.add(answer.labels, answer.probabilities)
                tally += answer.tally
                show(reading.rows, reading.share)
    except DataError as error:
        show.clear()
        print(f"{table.name}: {error}", file=sys.stderr)
        return False
    show.clear()
    commands_targets.tell(table.name, out, writer.rows, reading.model, tally)
    return True


def _is_file(out: str) -> bool:
    """Whether --out names the one table's file, and no folder."""
    return out.endswith(".csv") and not Path(out).is_dir()
