"""The layers of the project, proved from the imports of every file in the tree."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parent.parent
# From the lowest layer to the highest. Within a layer, what stands in one row may import what
# stands in the rows above it; two units in one row import neither each other nor what is below.
LAYERS = (
    (("errors",), ("records",), ("system",)),
    (
        ("imaging",),
        ("preprocessing", "architectures", "outputs", "evaluation"),
        ("trajectory",),
        ("comparison", "datasets", "audit"),
        ("classroom",),
    ),
    (
        ("models",),
        ("inference",),
        ("numbers",),
        ("cluster", "explain", "adaptation"),
        ("preview", "forms"),
    ),
    (("training",), ("jobs",)),
    (("doctor", "api", "backup"), ("cli",), ("__main__",)),
)
RANKS = {
    unit: (layer, row)
    for layer, rows in enumerate(LAYERS)
    for row, units in enumerate(rows)
    for unit in units
}
KERAS = {"keras", "tensorflow"}
AT_THE_TOP = {f"training.{one}" for one in ("loop", "export", "augmentation", "preview_student")}
IN_FUNCTIONS = {"architectures.networks", "datasets.mnist"}
HEAVY = KERAS | {"numpy", "cv2", "PIL", "ai_edge_litert", "streamlit", "plotly", "pandas"}
MOST_MODULES, MOST_LINES, MOST_LINES_OF_A_FUNCTION = 14, 300, 50
OURS = ("recognizer", "pages", "serving", "tools", "benchmarks", "tests")


def parsed(root: Path, folder: str) -> dict[str, ast.Module]:
    """Return every file below a folder: its dotted name from the root, and its tree."""
    return {
        ".".join(path.relative_to(root).with_suffix("").parts).removesuffix(".__init__"): ast.parse(
            path.read_text(encoding="utf-8")
        )
        for path in sorted((root / folder).rglob("*.py"))
    }


def imports(node: ast.AST, *, functions: bool = True) -> Iterator[str]:
    """Yield the full name of every import below a node, but for those of type checkers."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.If) and ast.unparse(child.test) == "TYPE_CHECKING":
            continue
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef) and not functions:
            continue
        if isinstance(child, ast.Import):
            yield from (alias.name for alias in child.names)
        elif isinstance(child, ast.ImportFrom):
            assert child.level == 0, "relative imports hide the layer"
            yield from (f"{child.module}.{alias.name}" for alias in child.names)
        else:
            yield from imports(child, functions=functions)


def top(names: Iterator[str]) -> set[str]:
    return {name.split(".")[0] for name in names}


def violations(root: Path) -> list[str]:
    """Return each import of a project that its layers forbid, as "module imports name"."""
    found = []
    for module, tree in parsed(root, "recognizer").items():
        unit = module.split(".")[1] if "." in module else None
        for name in imports(tree):
            package, _, inside = name.partition(".")
            other = inside.split(".")[0]
            climbs = package == "recognizer" and unit != other and RANKS[other] >= RANKS[unit]
            if climbs or package in {"streamlit", "plotly", "pages", "serving", "app"}:
                found.append(f"{module} imports {name}")
    for module, tree in parsed(root, "pages").items():
        parts = module.split(".")
        page = parts[2] if parts[1:2] == ["sections"] and len(parts) > 2 else None
        page = parts[1] if len(parts) == 2 and parts[1] not in {"sections", "shared"} else page
        for name in imports(tree):
            others = name.split(".")
            if others[:2] == ["pages", "sections"] and others[2] != page:
                found.append(f"{module} imports {name}")
    return found


def test_every_module_has_a_layer():
    units = {path.stem for path in (PROJECT / "recognizer").iterdir() if path.stem[:3] != "__p"}
    assert units - {"__init__"} == RANKS.keys()


def test_no_import_climbs():
    assert not violations(PROJECT)


@pytest.mark.parametrize(
    ("file", "line"),
    [
        ("recognizer/system/deep/er.py", "from recognizer.models import registry"),
        ("recognizer/errors.py", "def f():\n    from recognizer.records import LABELS"),
        ("recognizer/inference/speed.py", "from recognizer import jobs"),
        ("recognizer/datasets/reader.py", "import streamlit"),
        ("recognizer/cluster/client.py", "from recognizer.explain import occlusion"),
        ("pages/sections/draw/panel.py", "from pages.sections.batch import run"),
        ("pages/shared/canvas/component.py", "from pages.sections.draw import corrections"),
        ("pages/train.py", "from pages.sections.compare import selection"),
    ],
)
def test_a_forbidden_import_is_found_wherever_it_stands(tmp_path, file, line):
    path = tmp_path / file
    path.parent.mkdir(parents=True)
    path.write_text(line)
    assert len(violations(tmp_path)) == 1


def test_keras_stays_with_those_who_build_or_train():
    for name, tree in parsed(PROJECT, "recognizer").items():
        module = name.removeprefix("recognizer.")
        assert module in AT_THE_TOP or not top(imports(tree, functions=False)) & KERAS, module
        assert module in AT_THE_TOP | IN_FUNCTIONS or not top(imports(tree)) & KERAS, module


def test_rooms_modules_and_functions_stay_small():
    for folder in OURS:
        for place in [PROJECT / folder, *(PROJECT / folder).rglob("*/")]:
            modules = [path for path in place.glob("*.py") if path.stem != "__init__"]
            assert len(modules) <= MOST_MODULES, place
    for folder in ("recognizer", "pages", "serving", "tools"):
        for path in (PROJECT / folder).rglob("*.py"):
            text = path.read_text(encoding="utf-8")
            assert text.count("\n") <= MOST_LINES, path
            for node in ast.walk(ast.parse(text)):
                if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                    lines = node.end_lineno - node.lineno + 1
                    assert lines <= MOST_LINES_OF_A_FUNCTION, f"{path}: {node.name}"


def imported_by(code: str) -> set[str]:
    """Return which heavy packages a fresh Python has imported after running this code."""
    show = "; import sys; print(*(name for name in sys.modules if '.' not in name))"
    result = subprocess.run(
        [sys.executable, "-c", code + show],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    return HEAVY & set(result.stdout.split())


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
