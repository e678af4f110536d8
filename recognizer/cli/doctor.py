"""`doctor`, and what it asks Keras through a child.

Only the standard library is imported at the top: `without_packages` runs where others are missing.
"""

import argparse
import json
import sys
from collections.abc import Iterable
from pathlib import Path

from recognizer.doctor import installation
from recognizer.doctor.report import Finding, Level, fault
from recognizer.errors import reason

FOUND = 1  # the exit status when there is a fault


def add_to(commands: argparse._SubParsersAction) -> None:
    """Add these commands to the command line."""
    examine = commands.add_parser(
        "doctor",
        help="check the installation, the models, the disk, and say how to fix what is wrong",
        description="Check everything and change nothing. Exit status 1 when there is a fault.",
    )
    examine.add_argument("--json", action="store_true", help="print one JSON document")
    examine.add_argument(
        "--quick", action="store_true", help="do not compare the models with Keras, which is slow"
    )
    examine.set_defaults(run=doctor)
    readings = commands.add_parser("keras-readings")  # not in --help: doctor.models runs it
    readings.add_argument("folders", nargs="+", type=Path)
    readings.set_defaults(run=keras_readings)


def doctor(options: argparse.Namespace) -> int:
    """Tell what was found."""
    from recognizer.doctor.examine import examine

    return _report(examine(quick=options.quick), as_json=options.json)


def keras_readings(options: argparse.Namespace) -> None:
    """Take the 784 bytes of a digit on stdin; print by folder what its `model.keras` reads."""
    import numpy as np

    from recognizer.records import IMAGE_SIZE
    from recognizer.training import keras_tasks

    images = np.frombuffer(sys.stdin.buffer.read(), np.uint8).reshape(-1, IMAGE_SIZE, IMAGE_SIZE)
    answers = {}
    for folder in options.folders:
        try:
            answers[str(folder)] = {
                "probabilities": keras_tasks.saved_reading(folder, images)[0].tolist()
            }
        except Exception as error:  # a damaged file makes Keras raise anything
            answers[str(folder)] = {"error": reason(error)}
    print(json.dumps(answers))


def without_packages(error: ImportError, arguments: list[str]) -> int:
    """Tell what is missing, where the command line itself cannot start.

    Args:
        error: what could not be imported.
        arguments: of the command line.

    Returns:
        The exit status.
    """
    finding = fault(f"The app cannot start ({reason(error)})", installation.INSTALL)
    if "doctor" not in arguments[:1]:
        print(f"{finding.message}: {finding.fix}.", file=sys.stderr)
        return FOUND
    project = Path(__file__).resolve().parent.parent.parent
    found = [finding, *installation.python(), *installation.packages(project)]
    return _report((("installation", one) for one in found), as_json="--json" in arguments)


def _report(found: Iterable[tuple[str, Finding]], *, as_json: bool) -> int:
    """Print the findings as they come, or all at once as JSON; return the exit status."""
    all_found, subject = [], ""
    for one, finding in found:
        all_found.append((one, finding))
        if not as_json:
            _show(finding, heading=one if one != subject else "")
            subject = one
    levels = [finding.level for _, finding in all_found]
    warnings, faults = levels.count(Level.WARNING), levels.count(Level.FAULT)
    if as_json:
        findings = [
            {"subject": one, "level": finding.level, "message": finding.message, "fix": finding.fix}
            for one, finding in all_found
        ]
        print(json.dumps({"faults": faults, "warnings": warnings, "findings": findings}, indent=2))
    else:
        print(f"\nFaults: {faults}. Warnings: {warnings}.")
    return FOUND if faults else 0


def _show(finding: Finding, heading: str) -> None:
    if heading:
        print(f"\n{heading.capitalize()}")
    print(f"  {finding.level:8} {finding.message}.", flush=True)
    if finding.fix:
        print(f"  {'':8} Fix: {finding.fix}.", flush=True)
