"""The changes that make a script a skill, on the concrete syntax tree: what isn't changed keeps every byte."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import libcst as cst
from libcst.metadata import MetadataWrapper, ScopeProvider

from codegen.errors import SkillError

_SmallStatements = cst.SimpleStatementLine | cst.BaseCompoundStatement


@dataclass(frozen=True, slots=True)
class Rewrite:
    """What to change. Positions count the statements of the top level, as `ast` does: `a = 1; b = 2` are two."""

    old_name: str
    new_name: str
    dropped: frozenset[int] = frozenset()
    unimported: frozenset[str] = frozenset()
    document: int | None = None
    """The function that gets a copy of the module's docstring."""


def rewrite(source: str, changes: Rewrite) -> str:
    """`source` with `changes` made, ended by one newline.

    Raises SkillError where libcst can't read what Python can.
    """
    try:
        module = cst.parse_module(source)
        renamed = _rename(module, changes.old_name, changes.new_name)
        code = _rebuild(renamed, changes).code
    except cst.ParserSyntaxError as error:
        raise SkillError(f"line {error.raw_line}: this syntax can't be rewritten yet") from error
    except RecursionError as error:
        raise SkillError("nested too deeply to be rewritten", hint="split the expression into named steps") from error
    return code.rstrip() + module.default_newline


def _rename(module: cst.Module, old: str, new: str) -> cst.Module:
    if old == new:
        return module
    wrapper = MetadataWrapper(module, unsafe_skip_copy=False)
    scope = wrapper.resolve(ScopeProvider)[wrapper.module]
    targets: set[cst.CSTNode] = set(_exports(wrapper.module, old))
    for assignment in scope[old] if scope else ():
        node = getattr(assignment, "node", None)
        named = node.name if isinstance(node, cst.FunctionDef) else node
        if named is not None:
            targets.add(named)
        targets.update(access.node for access in assignment.references)
    return wrapper.module.visit(_Renaming(targets, old, new))


class _Renaming(cst.CSTTransformer):
    def __init__(self, targets: set[cst.CSTNode], old: str, new: str) -> None:
        super().__init__()
        self._targets, self._old, self._new = targets, old, new

    def leave_Name(self, original_node: cst.Name, updated_node: cst.Name) -> cst.Name:  # noqa: N802 (libcst's name)
        return updated_node.with_changes(value=self._new) if original_node in self._targets else updated_node

    def leave_SimpleString(  # noqa: N802 (libcst's name)
        self, original_node: cst.SimpleString, updated_node: cst.SimpleString
    ) -> cst.SimpleString:
        if original_node not in self._targets:
            return updated_node
        return updated_node.with_changes(value=updated_node.value.replace(self._old, self._new))


def _exports(module: cst.Module, name: str) -> Iterable[cst.CSTNode]:
    """The strings in `__all__ = [...]` that name the function."""
    for line in module.body:
        for statement in line.body if isinstance(line, cst.SimpleStatementLine) else ():
            if not isinstance(statement, cst.Assign) or not isinstance(statement.value, cst.List | cst.Tuple):
                continue
            if any(
                isinstance(target.target, cst.Name) and target.target.value == "__all__" for target in statement.targets
            ):
                values = [element.value for element in statement.value.elements]
                yield from (v for v in values if isinstance(v, cst.SimpleString) and v.evaluated_value == name)


def _rebuild(module: cst.Module, changes: Rewrite) -> cst.Module:
    position = 0
    body: list[_SmallStatements] = []
    homeless: list[cst.EmptyLine] = []  # comments whose statement went: they belong to what follows
    for line in module.body:
        count = len(line.body) if isinstance(line, cst.SimpleStatementLine) else 1
        positions = range(position, position + count)
        position += count
        kept = _without(line, positions, changes)
        if kept is None:
            homeless += _comments_to_keep(line, driver=positions[0] in changes.dropped)
            continue
        if changes.document in positions and isinstance(kept, cst.FunctionDef):
            kept = _documented(kept, module)
        if homeless:
            kept = kept.with_changes(leading_lines=[*homeless, *getattr(kept, "leading_lines", ())])
            homeless = []
        body.append(kept)
    return module.with_changes(body=body, footer=[*homeless, *module.footer])


def _without(line: _SmallStatements, positions: Sequence[int], changes: Rewrite) -> _SmallStatements | None:
    if not isinstance(line, cst.SimpleStatementLine):
        return None if positions[0] in changes.dropped else line
    kept: list[cst.BaseSmallStatement] = []
    for position, statement in zip(positions, line.body, strict=True):
        smaller = None if position in changes.dropped else _without_imports(statement, changes.unimported)
        if smaller is not None:
            kept.append(smaller)
    if len(kept) == len(line.body):
        return line.with_changes(body=kept)
    if not kept:
        return None
    return line.with_changes(body=[*kept[:-1], kept[-1].with_changes(semicolon=cst.MaybeSentinel.DEFAULT)])


def _without_imports(statement: cst.BaseSmallStatement, names: frozenset[str]) -> cst.BaseSmallStatement | None:
    if not isinstance(statement, cst.Import | cst.ImportFrom) or isinstance(statement.names, cst.ImportStar):
        return statement
    kept = [alias for alias in statement.names if _bound_by(alias) not in names]
    if len(kept) == len(statement.names):
        return statement
    if not kept:
        return None
    return statement.with_changes(names=[*kept[:-1], kept[-1].with_changes(comma=cst.MaybeSentinel.DEFAULT)])


def _bound_by(alias: cst.ImportAlias) -> str:
    return alias.evaluated_alias or alias.evaluated_name.split(".")[0]


def _comments_to_keep(line: _SmallStatements, *, driver: bool) -> list[cst.EmptyLine]:
    """The comments above a statement that went; those right above a `main()` go with it."""
    lines: list[cst.EmptyLine] = list(getattr(line, "leading_lines", ()))
    if driver:
        blanks = [number for number, empty in enumerate(lines) if empty.comment is None]
        lines = lines[: blanks[-1]] if blanks else []
    return lines if any(empty.comment for empty in lines) else []


def _documented(function: cst.FunctionDef, module: cst.Module) -> cst.FunctionDef:
    first = module.body[0]
    if not isinstance(first, cst.SimpleStatementLine) or not isinstance(first.body[0], cst.Expr):
        return function
    indent = module.default_indent
    if isinstance(function.body, cst.IndentedBlock) and function.body.indent is not None:
        indent = function.body.indent
    literal = module.code_for_node(first.body[0].value)
    statement = cst.SimpleStatementLine([cst.Expr(cst.parse_expression(_indented(literal, indent)))])
    if isinstance(function.body, cst.IndentedBlock):
        return function.with_changes(body=function.body.with_changes(body=[statement, *function.body.body]))
    small = [item for item in function.body.body if isinstance(item, cst.BaseSmallStatement)]
    same_line = cst.SimpleStatementLine(small)  # def main() -> int: return 1
    return function.with_changes(body=cst.IndentedBlock([statement, same_line]))


def _indented(literal: str, indent: str) -> str:
    """A docstring's literal as deep as the function it moves into, provided that it then says the same."""
    lines = literal.split("\n")
    deeper = "\n".join([lines[0], *(indent + line if line.strip() else line for line in lines[1:])])
    same = _cleaned(deeper) == _cleaned(literal)
    return deeper if same else literal


def _cleaned(literal: str) -> str | None:
    return ast.get_docstring(ast.parse(literal))
