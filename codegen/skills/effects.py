"""What a module does on import: a skill may define things there, and must not do anything.

This keeps honest authors from mistakes; it is no wall. Whatever a skill does, it does inside the sandbox.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from codegen.skills.names import Names

_BUILTINS = (
    "abs bool bytearray bytes complex dict enumerate float frozenset int len list max min object range repr reversed "
    "round set slice sorted str sum tuple zip property staticmethod classmethod dict.fromkeys str.maketrans"
)
_LIBRARY = (
    "re.compile re.escape datetime.date datetime.datetime datetime.time datetime.timedelta datetime.timezone "
    "datetime.date.fromisoformat datetime.datetime.fromisoformat zoneinfo.ZoneInfo decimal.Decimal fractions.Fraction "
    "pathlib.Path pathlib.PurePath pathlib.PurePosixPath os.path.join collections.OrderedDict collections.Counter "
    "collections.defaultdict collections.deque collections.namedtuple collections.ChainMap dataclasses.dataclass "
    "dataclasses.field enum.auto enum.Enum enum.unique functools.cache functools.lru_cache functools.partial "
    "functools.wraps functools.total_ordering functools.cached_property types.MappingProxyType types.SimpleNamespace "
    "logging.getLogger textwrap.dedent operator.itemgetter operator.attrgetter string.Template uuid.UUID "
    "contextvars.ContextVar threading.Lock threading.local itertools.count typing.TypeVar typing.ParamSpec "
    "typing.TypeVarTuple typing.NewType typing.NamedTuple typing.TypedDict typing.cast typing_extensions.TypeVar "
    "typing_extensions.TypedDict typing_extensions.NewType math.sqrt math.log math.radians"
)
PURE = frozenset({*(f"builtins.{name}" for name in _BUILTINS.split()), *_LIBRARY.split()})
"""Calls that build a value and do nothing else."""

_METHODS = (
    "split rsplit splitlines strip lstrip rstrip join format lower upper title replace encode decode items keys values "
    "get copy union removeprefix removesuffix startswith endswith"
)
PURE_METHODS = frozenset(_METHODS.split())
_DECLARATIONS = (ast.Import, ast.ImportFrom, ast.Pass, ast.Global)
_VALUES = (ast.Assign, ast.AnnAssign, ast.AugAssign, ast.Expr)


@dataclass(frozen=True, slots=True)
class Finding:
    """One reason not to take a script, with its line and how to mend it."""

    line: int
    what: str
    mend: str

    def told(self, file: str) -> str:
        return f"{file}:{self.line}: {self.what}; {self.mend}"


def effects(body: Iterable[ast.stmt], names: Names, plain: frozenset[str]) -> Iterator[Finding]:
    """What these statements would do on import. `plain` are the module's own classes that only hold values."""
    for node in body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield from _of_function(node, names, plain)
        elif isinstance(node, ast.ClassDef):
            parts = [*node.decorator_list, *node.bases, *(keyword.value for keyword in node.keywords)]
            yield from _of_expressions(parts, names, plain, f"the head of class `{node.name}`")
            yield from effects(node.body, names, plain)
        elif isinstance(node, ast.If):
            yield from _of_expressions([node.test], names, plain, "the test of this `if`")
            yield from effects([*node.body, *node.orelse], names, plain)
        elif isinstance(node, ast.Try):
            caught = [statement for handler in node.handlers for statement in handler.body]
            yield from effects([*node.body, *caught, *node.orelse, *node.finalbody], names, plain)
        elif isinstance(node, _VALUES):
            yield from _of_expressions([node], names, plain, "the top level")
        elif not isinstance(node, (*_DECLARATIONS, getattr(ast, "TypeAlias", ast.Pass))):
            yield Finding(node.lineno, f"{_kind(node)} at the top level runs on import", "move it into the function")


def plain_classes(tree: ast.Module) -> frozenset[str]:
    """The module's classes whose making runs no code of their own: a constant may be built from them."""
    special = {"__init__", "__new__", "__post_init__", "__init_subclass__", "__set_name__", "__call__"}
    return frozenset(
        node.name
        for node in tree.body
        if isinstance(node, ast.ClassDef)
        and not node.keywords
        and not any(isinstance(item, ast.FunctionDef) and item.name in special for item in node.body)
    )


def calls_now(node: ast.AST) -> Iterator[ast.expr]:
    """Every call and await in `node` that runs when `node` does: bodies of lambdas don't."""
    waiting: list[ast.AST] = [node]
    while waiting:
        current = waiting.pop()
        if isinstance(current, ast.Call | ast.Await | ast.Yield | ast.YieldFrom):
            yield current
        if isinstance(current, ast.Lambda):
            waiting.append(current.args)
        else:
            waiting.extend(ast.iter_child_nodes(current))


def is_pure(call: ast.expr, names: Names, plain: frozenset[str] = frozenset()) -> bool:
    """Whether this call only builds a value; what its arguments do is not looked at."""
    if not isinstance(call, ast.Call):
        return False
    function = call.func
    if isinstance(function, ast.Name) and function.id in plain:
        return True
    if names.full_name(function) in PURE:
        return True
    if not isinstance(function, ast.Attribute) or function.attr not in PURE_METHODS:
        return False
    root: ast.expr = function.value
    while isinstance(root, ast.Attribute | ast.Subscript | ast.Call):
        root = root.func if isinstance(root, ast.Call) else root.value
    # A method of a value made here is a method of a constant; one of an imported name could be a tool.
    return not (isinstance(root, ast.Name) and root.id in names.imported) or names.full_name(root) in PURE


def _of_function(
    node: ast.FunctionDef | ast.AsyncFunctionDef, names: Names, plain: frozenset[str]
) -> Iterator[Finding]:
    arguments = node.args
    defaults = [*arguments.defaults, *(default for default in arguments.kw_defaults if default)]
    every = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs, arguments.vararg, arguments.kwarg]
    annotations = [argument.annotation for argument in every if argument and argument.annotation]
    yield from _of_expressions(defaults, names, plain, f"a default of `{node.name}`")
    heads = [*node.decorator_list, *annotations, *([node.returns] if node.returns else [])]
    yield from _of_expressions(heads, names, plain, f"the head of `{node.name}`")


def _of_expressions(parts: Iterable[ast.AST], names: Names, plain: frozenset[str], where: str) -> Iterator[Finding]:
    for part in parts:
        for call in calls_now(part):
            if not is_pure(call, names, plain):
                yield Finding(
                    getattr(call, "lineno", 1), f"{where} runs `{_short(call)}` on import", _mend(call, names)
                )
                break


def _mend(call: ast.expr, names: Names) -> str:
    name = names.full_name(call.func) if isinstance(call, ast.Call) else ""
    if name.startswith("sys.path."):
        return "remove it: `servers` and `skills` are found without it"
    return "move it into the function"


def _short(node: ast.AST) -> str:
    text = " ".join(ast.unparse(node).split())
    return text if len(text) <= 60 else text[:59] + "…"


def _kind(node: ast.stmt) -> str:
    known = {
        ast.For: "`for`", ast.While: "`while`", ast.With: "`with`", ast.Raise: "`raise`", ast.Assert: "`assert`",
        ast.Delete: "`del`", ast.AsyncFor: "`async for`", ast.AsyncWith: "`async with`",
    }  # fmt: skip
    return known.get(type(node), f"`{type(node).__name__.lower()}`")
