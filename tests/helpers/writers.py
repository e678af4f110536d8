"""Which functions of the library write, found in its source: what calls what, down to the disk.

A function writes if it does so itself, or calls one that does. Calls are followed by name: `f(...)`
in its module or imported from one of ours, and `module.f(...)`; `Class().f(...)` and methods of
one's own class likewise.
"""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
Function = tuple[str, str]  # module, name; of a method Class.name

BY_ITSELF = {  # names of functions and methods that change what is on the disk
    *("unlink", "rmdir", "rmtree", "rename", "mkdir", "touch", "write_text", "write_bytes"),
    *("copyfile", "copytree", "move", "Popen", "savez", "symlink_to", "chmod", "kill"),
}
STATEMENTS = ("INSERT", "DELETE", "UPDATE", "DROP", "ALTER")
# They make a folder or an empty database where there is none, or note what a trial of a file found,
# and change nothing of anybody's.
HARMLESS = {
    ("datasets.corrections", "Corrections._open"),
    ("datasets.corrections", "_prepare"),
    ("classroom.database", "ClassFile._connected"),
    ("classroom.schema", "prepare"),
    ("jobs.database", "_connected"),
    ("jobs.database", "_prepare"),
    ("system.action_log", "_file"),
    ("inference.trial", "_keep"),
}


@cache
def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


@cache
def modules() -> dict[str, Path]:
    """Return the library's modules and packages: "models.registry" and its file."""
    root = PROJECT / "recognizer"
    paths = [
        path for path in sorted(root.rglob("*.py")) if path.parent != root or path.stem[0] != "_"
    ]
    return {
        ".".join(path.relative_to(root).with_suffix("").parts).removesuffix(".__init__"): path
        for path in paths
    }


def imported(tree: ast.AST) -> dict[str, str]:
    """Return what each name that a file imports from the library stands for: "jobs.submit"."""
    found = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("recognizer"):
            inside = (node.module + ".").removeprefix("recognizer.")
            for alias in node.names:
                found[alias.asname or alias.name] = inside + alias.name
    return found


def definition(name: str) -> Function:
    """Return where a full name is defined, through the faces of packages: "jobs.submit"."""
    module, _, function = name.rpartition(".")
    if (path := modules().get(module)) and path.stem == "__init__":
        names = imported(parsed(path))
        if function in names:
            return definition(names[function])
    return module, function


def library() -> dict[Function, tuple[ast.FunctionDef, dict[str, str]]]:
    """Return every function of the library, with what its module imports."""
    found = {}
    for module, path in modules().items():
        tree = parsed(path)
        names = imported(tree)
        for node in tree.body:
            if isinstance(node, ast.FunctionDef):
                found[module, node.name] = node, names
            elif isinstance(node, ast.ClassDef):
                for one in node.body:
                    if isinstance(one, ast.FunctionDef):
                        found[module, f"{node.name}.{one.name}"] = one, names
    return found


def references(node: ast.AST, names: dict[str, str]) -> Iterator[Function]:
    """Yield the functions of the library that are named below a node, called or handed on."""
    for one in ast.walk(node):
        if isinstance(one, ast.Attribute) and isinstance(one.value, ast.Name):
            if (module := names.get(one.value.id)) in modules():
                yield definition(f"{module}.{one.attr}")
        elif isinstance(one, ast.Attribute) and isinstance(one.value, ast.Call):
            made = one.value.func
            if isinstance(made, ast.Name) and made.id in names:
                module, kind = definition(names[made.id])
                yield module, f"{kind}.{one.attr}"
        elif isinstance(one, ast.Name) and one.id in names and names[one.id] not in modules():
            yield definition(names[one.id])


def writes_itself(node: ast.AST) -> bool:
    for call in (one for one in ast.walk(node) if isinstance(one, ast.Call)):
        name = getattr(call.func, "attr", getattr(call.func, "id", ""))
        texts = [one.value for one in ast.walk(call) if isinstance(one, ast.Constant)]
        texts = [text for text in texts if isinstance(text, str)]
        opens = name == "open" and any(text[:1] in {"w", "a", "x"} for text in texts)
        changes = name == "execute" and any(text.lstrip().startswith(STATEMENTS) for text in texts)
        if name in BY_ITSELF or opens or changes:
            return True
    return False


@cache
def writers() -> frozenset[Function]:
    """Return the functions of the library that change what is kept."""
    functions = library()
    calls: dict[Function, set[Function]] = {}
    for (module, name), (node, names) in functions.items():
        own = {one.id for one in ast.walk(node) if isinstance(one, ast.Name)}
        called = set(references(node, names)) | {(module, one) for one in own}
        if "." in name:
            kind = name.split(".")[0]
            called |= {
                (module, f"{kind}.{one.attr}")
                for one in ast.walk(node)
                if isinstance(one, ast.Attribute) and getattr(one.value, "id", "") == "self"
            }
        calls[module, name] = called & functions.keys()
    found = {one for one, (node, _) in functions.items() if writes_itself(node)} - HARMLESS
    while more := {one for one, called in calls.items() if called & found} - found - HARMLESS:
        found |= more
    return frozenset(found)
