"""The bars for the shape of the source, checked on its syntax trees; every bar is tried on a bad example too."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
SOURCE = ROOT / "src" / "heldout"
FILES = sorted(SOURCE.rglob("*.py"))

MAX_LINES_OF_FILE = 500
LONG_FILES = {"src/heldout/records.py"}  # the vocabulary: documented fields, no logic
MAX_LINES_OF_FUNCTION = 60
USUAL_LINES_OF_FUNCTION = 40  # at least 95 % of all functions
MAX_NESTING = 4
MAX_PARAMETERS = 7
BLOCKS = (ast.If, ast.For, ast.AsyncFor, ast.While, ast.With, ast.AsyncWith, ast.Try, ast.Match)
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
VAGUE_NAME = re.compile(r"(Manager|Handler|Helper|Base|Utils?)$")


def functions_of(tree):
    return [node for node in ast.walk(tree) if isinstance(node, FUNCTIONS)]


def length_of(function):
    first = function.body[0]
    is_text = isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant)
    docstring = first.end_lineno - first.lineno + 1 if is_text and isinstance(first.value.value, str) else 0
    return function.end_lineno - function.lineno + 1 - docstring


def nesting_of(node, parent=None):
    deepest = 0
    for child in ast.iter_child_nodes(node):
        if isinstance(child, (*FUNCTIONS, ast.ClassDef, ast.Lambda)):
            continue
        is_elif = isinstance(node, ast.If) and isinstance(child, ast.If) and node.orelse == [child]
        step = isinstance(child, BLOCKS) and not is_elif
        deepest = max(deepest, step + nesting_of(child, node))
    return deepest


def parameters_of(function):
    given = function.args
    names = [*given.posonlyargs, *given.args, *given.kwonlyargs]
    return [name for name in names if name.arg not in ("self", "cls")]


def public_top_level(tree):
    kinds = (*FUNCTIONS, ast.ClassDef)
    return [node for node in tree.body if isinstance(node, kinds) and not node.name.startswith("_")]


def too_long(tree):
    return [
        f"{f.lineno} {f.name}: {length_of(f)} lines"
        for f in functions_of(tree)
        if length_of(f) > MAX_LINES_OF_FUNCTION
    ]


def too_nested(tree):
    return [
        f"{f.lineno} {f.name}: nesting {nesting_of(f)}"
        for f in functions_of(tree)
        if nesting_of(f) > MAX_NESTING
    ]


def too_many_parameters(tree):
    found = []
    for function in functions_of(tree):
        count = len(parameters_of(function))
        if count > MAX_PARAMETERS and not function.name.startswith("_"):
            found.append(f"{function.lineno} {function.name}: {count} parameters")
    return found


def undocumented(tree):
    return [
        f"{node.lineno} {node.name}: no docstring"
        for node in public_top_level(tree)
        if not ast.get_docstring(node)
    ]


def untyped(tree):
    found = []
    for node in public_top_level(tree):
        if not isinstance(node, FUNCTIONS):
            continue
        if node.returns is None or any(parameter.annotation is None for parameter in parameters_of(node)):
            found.append(f"{node.lineno} {node.name}: not fully typed")
    return found


def asserts(tree):
    return [f"{node.lineno}: assert" for node in ast.walk(tree) if isinstance(node, ast.Assert)]


def prints(tree):
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    return [
        f"{c.lineno}: print"
        for c in calls
        if isinstance(c.func, ast.Name) and c.func.id in ("print", "breakpoint")
    ]


def broad_excepts(tree):
    """Handlers of everything; one that only tidies up and raises again is fine."""
    found = []
    for handler in [node for node in ast.walk(tree) if isinstance(node, ast.ExceptHandler)]:
        caught = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
        names = {node.id for node in caught if isinstance(node, ast.Name)}
        last = handler.body[-1]
        raises_again = isinstance(last, ast.Raise) and last.exc is None
        if (handler.type is None or names & {"Exception", "BaseException"}) and not raises_again:
            found.append(f"{handler.lineno}: broad except")
    return found


def forbidden_imports(tree):
    found = []
    for node in ast.walk(tree):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
        found += [f"{node.lineno}: {name}" for name in names if name.split(".")[0] in FORBIDDEN]
    return found


FORBIDDEN = {"pickle", "cloudpickle", "dill", "marshal", "shelve", "torch", "tensorflow", "keras"}


def vague_names(tree):
    classes = [node for node in ast.walk(tree) if isinstance(node, ast.ClassDef)]
    return [f"{node.lineno} {node.name}: vague name" for node in classes if VAGUE_NAME.search(node.name)]


BARS = {
    "functions are short": (too_long, "def f():\n" + "    x = 1\n" * 61),
    "nesting is shallow": (
        too_nested,
        "def f():\n if a:\n  for b in c:\n   with d:\n    while e:\n     try:\n      g()\n     finally:\n      h()\n",
    ),
    "parameters are few": (too_many_parameters, "def f(a, b, c, d, e, g, h, i): ..."),
    "public names are documented": (undocumented, "def f(): ..."),
    "public functions are typed": (untyped, "def f(a) -> None: ..."),
    "nothing is asserted": (asserts, "assert x"),
    "nothing is printed": (prints, "print(1)"),
    "no broad except": (broad_excepts, "try:\n f()\nexcept (KeyError, Exception):\n pass"),
    "nothing is pickled": (forbidden_imports, "from pickle import load"),
    "names say what it is": (vague_names, "class DataManager: ..."),
}


@pytest.mark.parametrize("bar", BARS)
def test_source_meets_bar(bar):
    find, _ = BARS[bar]
    found = [f"{path.relative_to(ROOT)}:{line}" for path in FILES for line in find(parse(path))]
    assert not found, f"{bar}:\n" + "\n".join(found)


@pytest.mark.parametrize("bar", BARS)
def test_bar_catches_a_bad_example(bar):
    find, bad = BARS[bar]
    assert len(find(ast.parse(bad))) == 1


def test_tidying_up_and_raising_again_is_not_broad():
    assert broad_excepts(ast.parse("try:\n f()\nexcept BaseException:\n g()\n raise")) == []


def test_nearly_all_functions_are_of_usual_length():
    lengths = sorted(length_of(function) for path in FILES for function in functions_of(parse(path)))
    assert lengths[int(0.95 * len(lengths))] <= USUAL_LINES_OF_FUNCTION


def test_files_are_short():
    sizes = {path.relative_to(ROOT).as_posix(): len(path.read_text().splitlines()) for path in FILES}
    assert {name for name, size in sizes.items() if size > MAX_LINES_OF_FILE} <= LONG_FILES


def test_modules_do_not_import_each_other_in_a_circle():
    graph = {name_of(path): imports_of(path) for path in FILES}
    assert find_circle(graph) == []


def test_circle_is_found():
    assert find_circle({"a": {"b"}, "b": {"c"}, "c": {"a"}, "d": {"a"}}) == ["a", "b", "c", "a"]
    assert find_circle({"a": {"b"}, "b": set(), "d": {"a", "b"}}) == []


def parse(path):
    return ast.parse(path.read_text(encoding="utf-8"))


def name_of(path):
    parts = path.relative_to(SOURCE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports_of(path):
    """Modules of the package imported when this one is; what only type checkers read is left out."""
    names = {name_of(file) for file in FILES}
    found = set()
    for node in statements_run_at_import(parse(path)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            below = {f"{node.module}.{alias.name}" for alias in node.names} & names
            found |= below or {node.module}
    return (found & names) - {name_of(path)}


def statements_run_at_import(tree):
    for node in tree.body:
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            continue
        yield from (node, *ast.iter_child_nodes(node)) if isinstance(node, (ast.If, ast.Try)) else (node,)


def find_circle(graph):
    done = set()

    def walk(name, trail):
        if name in trail:
            return [*trail[trail.index(name) :], name]
        if name in done:
            return []
        for below in sorted(graph.get(name, ())):
            if circle := walk(below, [*trail, name]):
                return circle
        done.add(name)
        return []

    for name in sorted(graph):
        if circle := walk(name, []):
            return circle
    return []
