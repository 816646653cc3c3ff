"""The function a skill is called by: found and described from the syntax tree, so that listing costs no libcst."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeAlias

from codegen.skills.source import docstring, summary

Function: TypeAlias = ast.FunctionDef | ast.AsyncFunctionDef

_MOST_KEYS = 8


@dataclass(frozen=True, slots=True)
class EntryFunction:
    """How a skill is called: `signature` is call-ready, `parameters` are (name, annotation) in order.

    `text` is all that its docstrings say, `summary` the first sentence of that.
    """

    name: str
    signature: str
    parameters: tuple[tuple[str, str], ...]
    summary: str
    text: str


@dataclass(frozen=True, slots=True)
class _Parameter:
    argument: ast.arg
    optional: bool
    stars: str = ""

    @property
    def annotation(self) -> str:
        return annotation_text(self.argument.annotation)

    @property
    def text(self) -> str:
        name = f"{self.stars}{self.argument.arg}{'?' if self.optional else ''}"
        return f"{name}: {self.annotation}" if self.argument.annotation else name


def functions(tree: ast.Module) -> dict[str, Function]:
    """The functions at the top level by name; of several with one name the last, as Python has it."""
    return {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}


def find_entry(tree: ast.Module, name: str) -> Function | None:
    """The function called `name`, else `main`."""
    found = functions(tree)
    return found.get(name) or found.get("main")


def find_handwritten_entry(tree: ast.Module, name: str) -> Function | None:
    """As `find_entry`; a module with one public function only is called by that one, whatever its name."""
    public = [function for key, function in functions(tree).items() if not key.startswith("_")]
    return find_entry(tree, name) or (public[0] if len(public) == 1 else None)


def describe(function: Function, tree: ast.Module, name: str) -> EntryFunction:
    """What a caller must know of `function`, the entry of the skill `name`."""
    parameters = list(_parameters(function.args))
    called = name if function.name == name else f"{name}.{function.name}"
    awaited = "await " if isinstance(function, ast.AsyncFunctionDef) else ""
    texts = [text for text in (docstring(function), docstring(tree)) if text]
    returns = f" -> {_returns(function.returns, tree)}" if function.returns else ""
    return EntryFunction(
        name=function.name,
        signature=f"{awaited}skills.{called}({', '.join(_texts(parameters, function.args))}){returns}",
        parameters=tuple((parameter.argument.arg, parameter.annotation) for parameter in parameters),
        summary=summary(texts[0] if texts else ""),
        text="\n\n".join(texts),
    )


def annotation_text(annotation: ast.expr | None) -> str:
    """An annotation as written, without the quotes of a postponed one; `Any` where there is none."""
    if annotation is None:
        return "Any"
    if isinstance(annotation, ast.Constant) and isinstance(annotation.value, str):
        return " ".join(annotation.value.split())
    return ast.unparse(annotation)


def unannotated(function: Function) -> list[tuple[ast.arg, ast.expr | None]]:
    """The parameters without annotation, and what they are by default."""
    given = function.args
    plain = [*given.posonlyargs, *given.args]
    defaults: dict[ast.arg, ast.expr | None] = dict(zip(given.kwonlyargs, given.kw_defaults, strict=True))
    defaults.update(zip(reversed(plain), reversed(given.defaults), strict=False))
    every = (parameter.argument for parameter in _parameters(given))
    return [(argument, defaults.get(argument)) for argument in every if not argument.annotation]


def _parameters(arguments: ast.arguments) -> Iterable[_Parameter]:
    positional = [*arguments.posonlyargs, *arguments.args]
    required = len(positional) - len(arguments.defaults)
    for number, argument in enumerate(positional):
        yield _Parameter(argument, optional=number >= required)
    if arguments.vararg:
        yield _Parameter(arguments.vararg, optional=False, stars="*")
    for argument, default in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True):
        yield _Parameter(argument, optional=default is not None)
    if arguments.kwarg:
        yield _Parameter(arguments.kwarg, optional=False, stars="**")


def _texts(parameters: list[_Parameter], arguments: ast.arguments) -> list[str]:
    texts = [parameter.text for parameter in parameters]
    if arguments.posonlyargs:
        texts.insert(len(arguments.posonlyargs), "/")
    return texts


def _returns(annotation: ast.expr, tree: ast.Module) -> str:
    """The return type, its own TypedDicts spelt out by their keys: `list[{number, url}]`."""
    shapes = {node.name: _keys(node) for node in tree.body if isinstance(node, ast.ClassDef) and _is_typed_dict(node)}
    text = annotation_text(annotation)
    try:
        parsed = ast.parse(text, mode="eval")
    except SyntaxError:
        return text
    return ast.unparse(_Spelt(shapes).visit(parsed))


class _Spelt(ast.NodeTransformer):
    def __init__(self, shapes: dict[str, str]) -> None:
        self._shapes = shapes

    def visit_Name(self, node: ast.Name) -> ast.Name:
        return ast.Name(id=self._shapes.get(node.id, node.id))


def _is_typed_dict(node: ast.ClassDef) -> bool:
    return any(ast.unparse(base).rsplit(".", maxsplit=1)[-1] == "TypedDict" for base in node.bases)


def _keys(node: ast.ClassDef) -> str:
    keys = [
        item.target.id for item in node.body if isinstance(item, ast.AnnAssign) and isinstance(item.target, ast.Name)
    ]
    shown = keys if len(keys) <= _MOST_KEYS else [*keys[:_MOST_KEYS], "…"]
    return "{" + ", ".join(shown) + "}"
