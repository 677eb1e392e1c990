"""Rules about the source that no reviewer should have to remember; levels are in `pyproject.toml`, for lint-imports."""

import ast
import functools
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CORE = sorted((ROOT / "trainmon").rglob("*.py"))
SCREEN = sorted((ROOT / "trainmon_tui").rglob("*.py"))
SOURCE = [*CORE, *SCREEN]

LONGEST_FILE = 320
"""Lines; STYLE asks for about 300."""

LONGEST_FUNCTION = 60
"""Lines of code, docstring apart; STYLE asks for about 40."""

HEAVY = {"textual", "rich", "watchfiles", "torch", "psutil", "pynvml", "click", "apprise", "trainmon_tui"}
"""What `import trainmon` must not cost."""

TEXT_SINKS = {"Static", "Label", "Button", "Option", "update", "notify", "add_row", "add_column"}
"""Where Textual takes a str for markup."""

MARKED_ATTRIBUTES = {"border_title", "border_subtitle", "tooltip", "placeholder"}
"""Attributes of widgets for which a str is markup."""


def name_of(path: Path) -> str:
    """The path as messages show it."""
    return str(path.relative_to(ROOT))


@functools.cache
def tree(path: Path) -> ast.Module:
    """The syntax of a file."""
    return ast.parse(path.read_text(encoding="utf-8"))


def nodes(paths: list[Path]) -> Iterator[tuple[Path, ast.AST]]:
    """All nodes of all files."""
    for path in paths:
        for node in ast.walk(tree(path)):
            yield path, node


def functions(module: ast.Module) -> list[ast.AST]:
    """The functions of a module, also those within others."""
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
    return [node for node in ast.walk(module) if isinstance(node, kinds)]


def own_nodes(function: ast.AST) -> Iterator[ast.AST]:
    """The nodes of a function or module, without those of the functions in it."""
    waiting = list(ast.iter_child_nodes(function))
    while waiting:
        node = waiting.pop()
        yield node
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            waiting += ast.iter_child_nodes(node)


def imported(path: Path) -> set[str]:
    """The top-level names of the modules that a file imports, wherever it does."""
    found = set()
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module is not None:
            found.add(node.module.partition(".")[0])
    return found


def called(node: ast.AST) -> str:
    """The last name of what is called; empty where nothing is."""
    if not isinstance(node, ast.Call):
        return ""
    function = node.func
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")


def test_importing_trainmon_loads_no_screen_no_torch_and_no_device_library() -> None:
    """In a fresh interpreter: nothing that this test run loaded may hide it."""
    program = "import sys, trainmon; print(*sorted({name.partition('.')[0] for name in sys.modules}))"

    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=ROOT
    )

    assert not HEAVY & set(done.stdout.split())


def test_recording_loads_no_screen_and_no_torch(tmp_path: Path) -> None:
    """All that `TrainLogger` needs; psutil and NVML are for its readings of the machine alone."""
    program = (
        "import sys; from trainmon.calls.logger import TrainLogger\n"
        f"logger = TrainLogger({str(tmp_path / 'logs')!r}, machine_every=None)\n"
        "logger.log_training_progress(1, 1, 1, 0.5, 0.1); logger.close()\n"
        "print(*sorted({name.partition('.')[0] for name in sys.modules}))"
    )

    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=ROOT
    )

    assert not HEAVY & set(done.stdout.split())


def test_a_file_has_one_subject_and_says_which() -> None:
    wrong = []
    for path in SOURCE:
        lines = len(path.read_text(encoding="utf-8").splitlines())
        if lines > LONGEST_FILE:
            wrong.append(f"{name_of(path)}: {lines} lines, split it")
        if lines and not ast.get_docstring(tree(path)):
            wrong.append(f"{name_of(path)}: it does not say what lives here")

    assert wrong == []


def test_a_function_has_one_job() -> None:
    wrong = []
    for path, node in nodes(SOURCE):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            first = node.body[1] if ast.get_docstring(node) and len(node.body) > 1 else node.body[0]
            length = (node.end_lineno or 0) - first.lineno + 1
            if length > LONGEST_FUNCTION:
                wrong.append(f"{name_of(path)}:{node.lineno}: {node.name} has {length} lines")

    assert wrong == []


def test_nobody_inside_imports_the_facade() -> None:
    """`trainmon/__init__.py` is for users; who imports it from inside makes a circle."""
    public = set(_facade_names())
    wrong = []
    for path, node in nodes(SOURCE):
        names = (
            {alias.name for alias in node.names} if isinstance(node, ast.Import | ast.ImportFrom) else set()
        )
        plain = isinstance(node, ast.Import) and "trainmon" in names
        if plain or (isinstance(node, ast.ImportFrom) and node.module == "trainmon" and names & public):
            wrong.append(f"{name_of(path)}:{node.lineno}")  # type: ignore[attr-defined]  # an import has a line

    assert wrong == []


def _facade_names() -> Iterator[str]:
    for node in tree(ROOT / "trainmon" / "__init__.py").body:
        if isinstance(node, ast.FunctionDef):
            yield node.name
        elif isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__":
            yield from ast.literal_eval(node.value)


def test_only_commands_print() -> None:
    wrong = [
        f"{name_of(path)}:{node.lineno}"
        for path, node in nodes(SOURCE)
        if isinstance(node, ast.Call) and called(node) == "print" and "cli" not in (*path.parts, path.stem)
    ]

    assert wrong == []


def test_s12_nothing_runs_what_a_file_says() -> None:
    """No pickle, no YAML, no eval: a log folder is data."""
    banned = {"pickle", "cPickle", "dill", "cloudpickle", "marshal", "shelve", "yaml", "runpy", "imp"}
    wrong = [name_of(path) for path in SOURCE if imported(path) & banned]
    wrong += [
        f"{name_of(path)}:{node.lineno}"
        for path, node in nodes(SOURCE)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id in ("eval", "exec", "compile")
    ]

    assert wrong == []


def test_s15_nothing_opens_a_network_connection() -> None:
    """A pair of sockets that wakes a thread is none."""
    banned = {"http", "urllib3", "requests", "httpx", "ssl", "ftplib", "smtplib"}
    wrong = [name_of(path) for path in SOURCE if imported(path) & banned]
    wrong += [
        f"{name_of(path)}:{node.lineno}: {ast.unparse(node)}"
        for path, node in nodes(SOURCE)
        if isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and node.value.id == "socket"
        and node.attr not in ("socketpair", "socket", "gethostname", "AF_UNIX", "SOCK_DGRAM", "SOCK_STREAM")
    ]

    assert wrong == []


def test_s12_the_core_imports_torch_nowhere() -> None:
    """Not even where it runs: torch's memory is asked for only where the program has loaded torch itself."""
    assert [
        name_of(path) for path in CORE if imported(path) & {"torch", "textual", "rich", "watchfiles"}
    ] == []


def test_s03_no_made_up_text_reaches_a_widget_as_markup() -> None:
    """A str is markup to Textual: a bracket in a log would run an action or crash the viewer."""
    wrong = [
        f"{name_of(path)}:{text.lineno}: {ast.unparse(text)}"
        for path in SCREEN
        for text in markup_in(tree(path))
    ]

    assert wrong == []


def test_s03_the_rule_about_markup_sees_the_usual_ways() -> None:
    """A rule that finds nothing proves nothing, unless it can find something."""
    wrong = """
def paint(self, name, text):
    self.notify(f"saved {name}")
    self.query_one(Static).update("loss: " + name)
    title = f"errors of {name}"
    self.border_title = title
    yield Label(str(name) if name else "none")
"""
    right = """
def paint(self, name, text):
    self.notify("saved")
    self.query_one(Static).update(Content(f"loss: {name}"))
    self.border_title = Text(name)
    yield Label("a literal", markup=False)
"""

    assert [text.lineno for text in markup_in(ast.parse(wrong))] == [3, 4, 6, 7]
    assert markup_in(ast.parse(right)) == []


def markup_in(module: ast.Module) -> list[ast.expr]:
    """The texts that are made up and handed to widgets, in their order."""
    found = []
    for function in [module, *functions(module)]:
        made_up = _made_up_names(function)
        for node in own_nodes(function):
            found += [text for text in _shown(node) if _is_made_up(text, made_up)]
    return sorted(found, key=lambda text: text.lineno)


def _shown(node: ast.AST) -> list[ast.expr]:
    """What a statement or call hands to a widget that takes a str for markup."""
    if isinstance(node, ast.Call) and called(node) in TEXT_SINKS:
        return [
            *node.args,
            *(keyword.value for keyword in node.keywords if keyword.arg in ("title", "content")),
        ]
    if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Attribute):
        return [node.value] if node.targets[0].attr in MARKED_ATTRIBUTES else []
    return []


def _made_up_names(function: ast.AST) -> set[str]:
    """Local names that stand for a made-up str."""
    return {
        target.id
        for node in own_nodes(function)
        if isinstance(node, ast.Assign) and _is_made_up(node.value, set())
        for target in node.targets
        if isinstance(target, ast.Name)
    }


def _is_made_up(node: ast.expr, names: set[str]) -> bool:
    """Whether an expression is a str with something in it that its author did not write."""
    if isinstance(node, ast.Name):
        return node.id in names
    if isinstance(node, ast.JoinedStr):
        return any(isinstance(part, ast.FormattedValue) for part in node.values)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add | ast.Mod):
        sides = (node.left, node.right)
        return any(isinstance(side, ast.Constant) and isinstance(side.value, str) for side in sides) or any(
            _is_made_up(side, names) for side in sides
        )
    if isinstance(node, ast.IfExp):
        return _is_made_up(node.body, names) or _is_made_up(node.orelse, names)
    return called(node) in ("str", "repr", "join", "format")


def test_an_except_is_never_bare_and_never_silent() -> None:
    wrong = []
    for path, node in nodes(SOURCE):
        if isinstance(node, ast.ExceptHandler):
            silent = len(node.body) == 1 and isinstance(node.body[0], ast.Pass)
            if node.type is None or silent:
                wrong.append(f"{name_of(path)}:{node.lineno}")

    assert wrong == []
