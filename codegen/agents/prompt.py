"""What a model is told before it begins: our own text and the workspace owner's; a server's only as data."""

from __future__ import annotations

import re

from codegen.agents.task import Task
from codegen.agents.told import MARKS, as_data
from codegen.agents.workbench import Workbench
from codegen.config.paths import Workspace
from codegen.workspace.init import template

_INTRODUCTION = """\
You do a task with tools that are typed Python functions under `servers/`. You don't call them one by one: find the few
you need with `search`, write one script, `run` it. Only what it prints or what its main() returns comes back to you.
Where the task lists the functions that you need, skip the search.

```python
from servers import ToolError, gather
from servers.shop import get_customer, list_orders


def main() -> dict[str, int]:
    orders = list_orders(status="late")
    customers = gather(*(lambda o=o: get_customer(customer_id=o["customer_id"]) for o in orders))
    ...
    return counts
```
"""

_RULES = re.compile(r"^## Results\n.*", re.MULTILINE | re.DOTALL)
"""From there on AGENTS.md is about scripts; what stands before it is about a shell."""

_FOR_A_SHELL = re.compile(r"^## (?:Approvals|Where things are)\n.*?(?=^## |\Z)", re.MULTILINE | re.DOTALL)
"""So are these; what the tools' definitions and answers say takes their place."""


def system_prompt(place: Workspace) -> str:
    """How to work in a workspace."""
    return f"{_INTRODUCTION}\n{MARKS}\n\n{_rules(place)}".strip()


def first_words(task: Task, bench: Workbench) -> str:
    """The task, the type of its answer, and the functions that it may need."""
    listed = f"Functions of this program:\n{as_data(bench.listed)}" if bench.listed else ""
    return "\n\n".join(filter(None, (task.prompt, task.wanted.said, listed)))


def _rules(place: Workspace) -> str:
    """The rules in the workspace's AGENTS.md, as its owner has them; else those of the template."""
    for folder in (place.root, template()):
        file = folder / "AGENTS.md"
        found = _RULES.search(file.read_text(encoding="utf-8")) if file.is_file() else None
        if found:
            return _FOR_A_SHELL.sub("", found[0])
    return ""
