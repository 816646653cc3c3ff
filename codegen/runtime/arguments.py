"""What the words behind `--` mean to a script: `name=value` to a parameter of that name, all of them to sys.argv."""

from __future__ import annotations

import ast
import json
import sys
from collections.abc import Iterator, Mapping

from codegen.model import Json

_KINDS: Mapping[str, type | tuple[type, ...]] = {
    "int": int,
    "float": (int, float),
    "bool": bool,
    "str": str,
    "list": list,
    "dict": dict,
}
_PARSERS = frozenset({"argparse", "fileinput", "getopt", "optparse"})
_OURS = frozenset({"servers", "skills"})


def read_value(text: str, annotation: ast.expr | None) -> Json:
    """JSON where it is; the text itself where it isn't, or the parameter takes only that."""
    if isinstance(annotation, ast.Name) and annotation.id == "str":
        return text
    try:
        value: Json = json.loads(text)
    except (ValueError, RecursionError):
        return text
    return text if not fits(value, annotation) and fits(text, annotation) else value


def fits(value: Json, annotation: ast.expr | None) -> bool:
    """Whether a value may be of the type that an annotation says; what isn't understood takes anything."""
    if isinstance(annotation, ast.BinOp):
        return fits(value, annotation.left) or fits(value, annotation.right)
    if isinstance(annotation, ast.Constant):
        return annotation.value is not None or value is None
    inside = _inside(annotation) if isinstance(annotation, ast.Subscript) else []
    outer = annotation.value if isinstance(annotation, ast.Subscript) else annotation
    name = outer.id if isinstance(outer, ast.Name) else ""
    if inside and name in {"Literal", "Optional", "Union"}:
        return _fits_one_of(value, name, inside)
    kind = _KINDS.get(name)
    if kind is None:
        return True
    is_one = isinstance(value, kind) and not (isinstance(value, bool) and name in {"int", "float"})
    return is_one and (not inside or _fit_inside(value, inside[-1]))


def unquoted(annotation: ast.expr | None) -> ast.expr | None:
    """An annotation as it would stand without the quotes of a postponed one."""
    if isinstance(annotation, ast.Constant) and isinstance(annotation.value, str):
        try:
            return ast.parse(annotation.value.strip(), mode="eval").body
        except (SyntaxError, ValueError):
            return annotation
    return annotation


def may_read_words(module: ast.Module) -> bool:
    """Whether a script, or something it imports that isn't Python's or ours, may look at sys.argv."""
    names = {getattr(node, "attr", "") for node in ast.walk(module)} | set(_imported(module, whole=True))
    roots = set(_imported(module, whole=False))
    return "argv" in names or bool(roots & _PARSERS or roots - sys.stdlib_module_names - _OURS)


def _imported(module: ast.Module, *, whole: bool) -> Iterator[str]:
    """The roots of the modules that are imported; with `whole`, the names that are taken out of them."""
    for node in ast.walk(module):
        if isinstance(node, ast.ImportFrom):
            yield from (alias.name for alias in node.names) if whole else ((node.module or "").split(".")[0],)
        elif isinstance(node, ast.Import) and not whole:
            yield from (alias.name.split(".")[0] for alias in node.names)


def _inside(annotation: ast.Subscript) -> list[ast.expr]:
    return annotation.slice.elts if isinstance(annotation.slice, ast.Tuple) else [annotation.slice]


def _fits_one_of(value: Json, form: str, inside: list[ast.expr]) -> bool:
    if form == "Literal":
        return any(not isinstance(each, ast.Constant) or _is_same(each.value, value) for each in inside)
    return (form == "Optional" and value is None) or any(fits(value, each) for each in inside)


def _is_same(one: object, other: object) -> bool:
    """True isn't 1 here, nor 1.0."""
    return one == other and type(one) is type(other)


def _fit_inside(value: Json, annotation: ast.expr) -> bool:
    """The elements of a list, or the values of a dict."""
    inside = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return all(fits(each, annotation) for each in inside)
