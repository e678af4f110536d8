"""The layers of the library, proved from its imports."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parent.parent / "recognizer"
RANKS = {  # design.md's; half a rank where a module came in between
    "errors": 0,
    "files": 0,
    "quiet": 0,
    "priority": 0,
    "databases": 0,
    "ink": 0,
    "records": 0.5,
    "limits": 0.5,
    "replacing": 0.7,
    "families": 0.7,
    "locks": 0.5,
    "folders": 0.5,
    "events": 0.7,
    "job_records": 0.7,
    "preprocessing": 1,
    "pictures": 1,
    "drawings": 1,
    "architectures": 1,
    "evaluation": 1,
    "calibration": 1.5,
    "store": 1,
    "verdicts": 1.5,
    "notes": 1.5,
    "journal": 1.5,
    "datasets": 2,
    "inference": 2,
    "occlusion": 2,
    "stages": 2,
    "pace": 2.5,
    "places": 0.7,
    "packing": 1,
    "outputs": 1,
    "tables": 1.2,
    "parquet": 1.5,
    "submissions": 1.5,
    "blocks": 2.5,
    "cluster_worker": 3,
    "cluster": 3.5,
    "prediction": 2.4,
    "corrections": 2,
    "settings": 2,
    "seen": 2,
    "mnist": 2,
    "variation": 1.5,
    "dissection": 2.5,
    "sources": 2.5,
    "augmentation": 2.5,
    "checkpoints": 3,
    "library": 3,
    "snapshots": 3,
    "training": 3,
    "division": 3.5,
    "job_files": 3.5,
    "jobs_db": 3.5,
    "trial": 3.5,
    "finishing": 3.7,
    "job_list": 3.7,
    "progress_db": 3.7,
    "recipes": 3.9,
    "repeating": 3.95,
    "queueing": 3.8,
    "upkeep": 3.8,
    "origins": 3.8,
    "labelled": 3.9,
    "jobs": 4,
    "worker": 4.2,
    "commands_progress": 4.3,
    "commands_bar": 4.3,
    "commands_evaluate": 4.4,
    "commands_targets": 4.45,
    "commands_cluster": 4.5,
    "commands_predict": 4.7,
    "commands": 4.5,
    "commands_architectures": 4.5,
    "commands_training": 4.5,
    "commands_upkeep": 4.5,
    "findings": 0,
    "check_installation": 1.5,
    "check_models": 2.5,
    "check_settings": 3.95,
    "check_disk": 1.5,
    "check_databases": 3.9,
    "doctor": 4,
    "commands_doctor": 4.5,
    "__main__": 5,
}
MODULES = sorted(path.stem for path in PACKAGE.glob("*.py") if path.stem != "__init__")
KERAS_MODULES = {"training", "architectures", "augmentation", "mnist"}
KERAS = {"keras", "tensorflow"}
HEAVY = KERAS | {"numpy", "cv2", "PIL", "ai_edge_litert", "streamlit", "plotly", "pandas"}


def tree(module: str) -> ast.Module:
    return ast.parse((PACKAGE / f"{module}.py").read_text(encoding="utf-8"))


def imports(node: ast.AST) -> Iterator[str]:
    """Yield the full name of every import below a node, but for those of type checkers."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.If) and ast.unparse(child.test) == "TYPE_CHECKING":
            continue
        if isinstance(child, ast.Import):
            yield from (alias.name for alias in child.names)
        elif isinstance(child, ast.ImportFrom):
            assert child.level == 0, "relative imports hide the rank"
            yield from (f"{child.module}.{alias.name}" for alias in child.names)
        else:
            yield from imports(child)


def own(names: Iterator[str]) -> set[str]:
    """Return the modules of the library among full names."""
    return {name.split(".")[1] for name in names if name.startswith("recognizer.")}


def top(names: Iterator[str]) -> set[str]:
    return {name.split(".")[0] for name in names}


def imported_by(code: str) -> set[str]:
    """Return which heavy packages a fresh Python has imported after running this code."""
    show = "; import sys; print(*(name for name in sys.modules if '.' not in name))"
    result = subprocess.run(
        [sys.executable, "-c", code + show],
        cwd=PACKAGE.parent,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    return HEAVY & set(result.stdout.split())


def test_every_module_has_a_rank():
    assert set(MODULES) <= RANKS.keys()


@pytest.mark.parametrize("module", MODULES)
def test_a_module_imports_only_lower_ranks(module):
    higher = {name for name in own(imports(tree(module))) if RANKS[name] >= RANKS[module]}
    assert not higher


@pytest.mark.parametrize("module", [*MODULES, "__init__"])
def test_the_library_knows_no_pages(module):
    assert not top(imports(tree(module))) & {"streamlit", "plotly", "pages", "app"}


@pytest.mark.parametrize("module", sorted(set(MODULES) - KERAS_MODULES))
def test_keras_stays_with_those_who_build_or_train(module):
    assert not top(imports(tree(module))) & KERAS


def test_architectures_import_keras_only_while_they_build():
    module = tree("architectures")
    functions = [node for node in module.body if isinstance(node, ast.FunctionDef)]
    module.body = [node for node in module.body if node not in functions]
    assert not top(imports(module)) & KERAS
    assert any(top(imports(function)) & KERAS for function in functions)


def test_importing_the_package_imports_nothing_heavy():
    assert imported_by("import recognizer") == set()


def test_the_command_line_starts_without_anything_heavy_but_numpy():
    assert imported_by("import recognizer.__main__") <= {"numpy"}


def test_reading_never_imports_keras(two_block):
    seen = imported_by(
        "import numpy; from recognizer.inference import Recognizer; "
        "image = numpy.zeros((280, 280), numpy.uint8); image[60:220, 130:150] = 255; "
        "recognizer = Recognizer.load(); assert recognizer.read(image).digit == 1; "
        "recognizer.predict(numpy.zeros((5, 28, 28), numpy.uint8))"
    )
    assert "ai_edge_litert" in seen
    assert not seen & (KERAS | {"streamlit"})
