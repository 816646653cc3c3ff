"""The statements that only make a script run: the `__main__` block, a trailing `print(main())`."""

from __future__ import annotations

import ast

from codegen.skills.effects import calls_now, is_pure
from codegen.skills.names import Names, bound

_SHOWING = frozenset(
    {
        "builtins.print",
        "builtins.exit",
        "builtins.quit",
        "builtins.SystemExit",
        "sys.exit",
        "sys.stdout.write",
        "json.dumps",
        "json.dump",
        "pprint.pprint",
        "pprint.pformat",
        "asyncio.run",
        "anyio.run",
        "rich.print",
    }
)
_KINDS = (ast.Expr, ast.Assign, ast.AnnAssign, ast.For, ast.If, ast.Raise, ast.Try)


def driving(body: list[ast.stmt], names: Names, entries: frozenset[str]) -> list[int]:
    """The positions in `body` of statements that do nothing but call an entry function and show what it gave.

    `result = main()` followed by `print(result)` are two of them: a name filled from a call is followed.
    """
    found: list[int] = []
    results: set[str] = set()
    for position, node in enumerate(body):
        if is_main_block(node):
            found.append(position)
        elif isinstance(node, _KINDS) and _only_shows(node, names, entries, results):
            found.append(position)
            results |= bound([node])
    return found


def is_main_block(node: ast.stmt) -> bool:
    """`if __name__ == "__main__":`, either way round, without an `else` (which would run on import)."""
    if not isinstance(node, ast.If) or node.orelse or not isinstance(node.test, ast.Compare):
        return False
    sides = [ast.unparse(side) for side in (node.test.left, *node.test.comparators)]
    return sorted(sides) == ["'__main__'", "__name__"] and isinstance(node.test.ops[0], ast.Eq)


def _only_shows(node: ast.stmt, names: Names, entries: frozenset[str], results: set[str]) -> bool:
    calls = list(calls_now(node))
    used = {part.id for part in ast.walk(node) if isinstance(part, ast.Name)}
    if not used & results and not any(_runs_entry(call, entries) for call in calls):
        return False
    return all(_runs_entry(call, entries) or _shows(call, names) for call in calls)


def _runs_entry(call: ast.expr, entries: frozenset[str]) -> bool:
    return isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id in entries


def _shows(call: ast.expr, names: Names) -> bool:
    return is_pure(call, names) or (isinstance(call, ast.Call) and names.full_name(call.func) in _SHOWING)
