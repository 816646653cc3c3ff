"""A generated module, parsed back and held against its tool: what is found here is never written.

The generator is meant to make this always pass. It stands here because the text comes from strangers.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Set

from codegen.generate.classes import BUILTINS
from codegen.generate.module import Module
from codegen.generate.parameters import Parameters
from codegen.naming import STUB_NAMES

_TYPES = BUILTINS | {"Any", "NotRequired"}


def check_module(module: Module) -> str:
    """What is wrong with a module; nothing if it may be written."""
    try:
        tree = ast.parse(module.text)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        return f"the generated code does not parse: {error}"
    return next(_findings(tree, module), "")


def _findings(tree: ast.Module, module: Module) -> Iterator[str]:
    statements = list(tree.body)
    if statements and _is_builtins(statements[0]):
        statements.pop(0)
    if len(statements) < 2 or not _is_client_import(statements[0]):
        yield "it does not begin with the one import"
        return
    *classes, function = statements[1:]
    types = _TYPES.union(map(_class_name, classes)) if classes else _TYPES
    for each in classes:
        if not _is_class(each, types):
            yield f"line {each.lineno} is no type"
    if isinstance(function, ast.FunctionDef):
        yield from _function_findings(function, module, types)
    else:
        yield "it does not end with a function"


def _function_findings(function: ast.FunctionDef, module: Module, types: Set[str]) -> Iterator[str]:
    given, parameters = function.args, module.parameters
    if function.name != module.name or function.decorator_list:
        yield "the function is not the tool's"
    if given.posonlyargs or given.args or given.vararg or given.defaults:
        yield "a parameter can be given by position"
    if [each.arg for each in given.kwonlyargs] != [each.name for each in parameters.each]:
        yield "its parameters are not the tool's"
    if [default is None for default in given.kw_defaults] != [each.required for each in parameters.each]:
        yield "required and optional are not the tool's"
    if any(default is not None and not _is_name(default, "UNSET") for default in given.kw_defaults):
        yield "a default is not UNSET"
    if (given.kwarg.arg if given.kwarg else None) != (parameters.extra_name if parameters.extra is not None else None):
        yield "its **parameter is not the tool's"
    annotated = [each.annotation for each in (*given.kwonlyargs, *([given.kwarg] if given.kwarg else []))]
    if not _are_types([*annotated, function.returns], types):
        yield "an annotation is no type"
    yield from _body_findings(function, module)


def _body_findings(function: ast.FunctionDef, module: Module) -> Iterator[str]:
    if len(function.body) != 2 or not _is_docstring(function.body[0]):
        yield "its body is not a docstring and a call"
        return
    last = function.body[1]
    if not isinstance(last, ast.Return) or not isinstance(last.value, ast.Call) or last.value.keywords:
        yield "it does not end with the call"
        return
    call = last.value
    if not _is_name(call.func, "call") or len(call.args) not in {3, 4}:
        yield "it does not call through the client"
        return
    texts = [each.value if isinstance(each, ast.Constant) else None for each in call.args[:2]]
    if texts != [module.tool.server, module.tool.name]:
        yield "it calls another tool"
    if not (_is_locals if _has_any(module.parameters) else _is_empty)(call.args[2]):
        yield "it does not send its parameters"
    if _literal_map(call.args[3:]) != module.parameters.names():
        yield "its names are not the wire's"
    wires = [each.wire for each in module.parameters.each]
    if len(set(wires)) != len(wires):
        yield "two parameters have one wire name"


def _is_docstring(statement: ast.stmt) -> bool:
    value = statement.value if isinstance(statement, ast.Expr) else None
    return isinstance(value, ast.Constant) and isinstance(value.value, str)


def _is_locals(node: ast.expr) -> bool:
    return isinstance(node, ast.Call) and _is_name(node.func, "locals") and not node.args and not node.keywords


def _is_empty(node: ast.expr) -> bool:
    return isinstance(node, ast.Dict) and not node.keys


def _has_any(parameters: Parameters) -> bool:
    return bool(parameters.each) or parameters.extra is not None


def _literal_map(arguments: Iterable[ast.expr]) -> dict[object, object] | None:
    for each in arguments:
        if not isinstance(each, ast.Dict):
            return None
        pairs = zip(each.keys, each.values, strict=True)
        return {
            key.value if isinstance(key, ast.Constant) else key: value.value
            if isinstance(value, ast.Constant)
            else value
            for key, value in pairs
        }
    return {}


def _is_builtins(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Import) and ast.unparse(statement) == "import builtins"


def _is_client_import(statement: ast.stmt) -> bool:
    return (
        isinstance(statement, ast.ImportFrom)
        and statement.module == "_client"
        and statement.level == 2
        and all(each.asname is None and each.name in STUB_NAMES for each in statement.names)
    )


def _class_name(statement: ast.stmt) -> str:
    if isinstance(statement, ast.ClassDef):
        return statement.name
    target = statement.targets[0] if isinstance(statement, ast.Assign) else None
    return target.id if isinstance(target, ast.Name) else ""


def _is_class(statement: ast.stmt, types: Set[str]) -> bool:
    """Whether a statement is a TypedDict in one of its two forms, with nothing but types in it."""
    name = _class_name(statement)
    if isinstance(statement, ast.ClassDef):
        return (
            not statement.decorator_list
            and len(statement.bases) == 1
            and _is_name(statement.bases[0], "TypedDict")
            and _is_extra(statement.keywords, types)
            and all(map(_is_key, statement.body))
            and _are_types([each.annotation for each in statement.body if isinstance(each, ast.AnnAssign)], types)
        )
    if not isinstance(statement, ast.Assign) or not isinstance(statement.value, ast.Call) or not name:
        return False
    made = statement.value
    if len(statement.targets) != 1 or not _is_name(made.func, "TypedDict") or len(made.args) != 2:
        return False
    label, keys = made.args
    return (
        isinstance(label, ast.Constant)
        and label.value == name
        and isinstance(keys, ast.Dict)
        and all(isinstance(key, ast.Constant) and isinstance(key.value, str) for key in keys.keys)
        and _are_types(keys.values, types)
        and _is_extra(made.keywords, types)
    )


def _is_extra(keywords: list[ast.keyword], types: Set[str]) -> bool:
    return all(each.arg == "extra_items" for each in keywords) and _are_types([each.value for each in keywords], types)


def _is_key(statement: ast.stmt) -> bool:
    """Whether a statement is `pass` or `key: ...`; what is annotated is held against the types with the others."""
    if isinstance(statement, ast.AnnAssign):
        return isinstance(statement.target, ast.Name) and statement.value is None
    return isinstance(statement, ast.Pass)


def _is_name(node: ast.expr | None, name: str) -> bool:
    return isinstance(node, ast.Name) and node.id == name


def _are_types(nodes: Iterable[ast.expr | None], types: Set[str], *, quoted: bool = False) -> bool:
    """Whether expressions are types: names that are known, `X[...]`, `A | B`, and all of these in quotes."""
    waiting = list(nodes)
    for node in waiting:  # which grows by the parts of what it holds: a union is as deep as it is long
        if isinstance(node, ast.Name):
            if node.id not in types:
                return False
        elif isinstance(node, ast.Subscript):
            if not _is_name(node.value, "Literal"):
                waiting += (node.value, *_elements(node.slice))
            elif not all(map(_is_literal, _elements(node.slice))):
                return False
        elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr):
            waiting += (node.left, node.right)
        elif not (_is_builtin(node) or _is_constant_type(node, types, quoted=quoted)):
            return False
    return True


def _elements(node: ast.expr) -> list[ast.expr]:
    return node.elts if isinstance(node, ast.Tuple) else [node]


def _is_builtin(node: ast.expr | None) -> bool:
    return isinstance(node, ast.Attribute) and _is_name(node.value, "builtins") and node.attr in BUILTINS


def _is_constant_type(node: ast.expr | None, types: Set[str], *, quoted: bool) -> bool:
    if not isinstance(node, ast.Constant) or not isinstance(node.value, str):
        return isinstance(node, ast.Constant) and node.value is None
    if quoted:  # a quoted type inside a quoted type
        return False
    try:
        return _are_types([ast.parse(node.value, mode="eval").body], types, quoted=True)
    except (SyntaxError, ValueError):
        return False


def _is_literal(node: ast.expr) -> bool:
    value = node.operand if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub) else node
    return isinstance(value, ast.Constant) and isinstance(value.value, (str, int))
