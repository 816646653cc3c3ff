"""Values that a script's source shows: what a call will be given, as far as that is written there."""

from __future__ import annotations

import ast
import operator
from collections import Counter
from collections.abc import Iterator, Mapping

from codegen.model import Json
from codegen.policy.conditions import Unknown

DEEPEST = 50

_ARITHMETIC = {ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul}


def constants(tree: ast.Module) -> dict[str, Json]:
    """The names of a module that are bound once, to a text, a number, true, false or nothing."""
    bound = Counter(_bound(tree))
    found: dict[str, Json] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and len(node.targets) == 1:
            target = node.targets[0]
        elif isinstance(node, ast.AnnAssign) and node.value is not None:
            target = node.target
        else:
            continue
        if isinstance(target, ast.Name) and bound[target.id] == 1 and node.value is not None:
            value = value_of(node.value, {})
            if not isinstance(value, dict | list):
                found[target.id] = value
    return found


def value_of(node: ast.expr, known: Mapping[str, Json], depth: int = 0) -> Json:
    """The JSON that an expression gives, with `Unknown` for each part that only a run will show."""
    if depth > DEEPEST:
        return Unknown()
    found: Json = Unknown()
    match node:
        case ast.Constant(value=value) if value is None or isinstance(value, bool | int | float | str):
            found = value
        case ast.Name(id=name):
            found = known.get(name, found)
        case ast.List(elts=parts) | ast.Tuple(elts=parts):
            if not any(isinstance(part, ast.Starred) for part in parts):
                found = [value_of(part, known, depth + 1) for part in parts]
        case ast.Dict():
            found = _object(node, known, depth)
        case ast.JoinedStr(values=parts):
            texts = [value_of(part, known, depth + 1) for part in parts]
            found = "".join(map(str, texts)) if all(isinstance(text, str) for text in texts) else found
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            number = value_of(operand, known, depth + 1)
            found = -number if isinstance(number, int | float) and not isinstance(number, bool) else found
        case ast.BinOp():
            found = _arithmetic(node, known, depth)
    return found


def _object(node: ast.Dict, known: Mapping[str, Json], depth: int) -> Json:
    """What stands after `**` may replace what stands before it."""
    made: dict[str, Json] = {}
    for key, each in zip(node.keys, node.values, strict=True):
        value = value_of(each, known, depth + 1)
        name = value_of(key, known, depth + 1) if key is not None else None
        if isinstance(name, str):
            made[name] = value
        elif key is not None or not isinstance(value, dict):
            made = Unknown()
        elif isinstance(value, Unknown):
            made = Unknown(value)
        else:
            made |= value
    return made


def _arithmetic(node: ast.BinOp, known: Mapping[str, Json], depth: int) -> Json:
    compute = _ARITHMETIC.get(type(node.op))
    left, right = value_of(node.left, known, depth + 1), value_of(node.right, known, depth + 1)
    if compute is None or isinstance(left, Unknown) or isinstance(right, Unknown):
        return Unknown()
    if _is_number(left) and _is_number(right):
        return compute(left, right)  # type: ignore[no-any-return]
    if isinstance(node.op, ast.Add) and isinstance(left, str) and isinstance(right, str):
        return left + right
    return Unknown()


def _is_number(value: Json) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _bound(tree: ast.Module) -> Iterator[str]:
    """Every binding of a name, once for each place."""
    for node in ast.walk(tree):
        match node:
            case ast.Name(id=name, ctx=ast.Store() | ast.Del()) | ast.arg(arg=name):
                yield name
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                yield name
            case ast.alias(name=name, asname=other):
                yield other or name.partition(".")[0]
            case ast.ExceptHandler(name=str() as name) | ast.MatchAs(name=str() as name):
                yield name
            case ast.MatchStar(name=str() as name) | ast.MatchMapping(rest=str() as name):
                yield name
