"""docs/when-to-use.md: blocks between `<!-- tokens: NAME -->` and `<!-- / -->` hold the benchmark's own figures."""

from __future__ import annotations

import re
from collections.abc import Mapping

from .study import Table

_BLOCK = re.compile(r"(<!-- tokens: (\w+) -->\n).*?(<!-- / -->)", re.DOTALL)
_FIGURE = re.compile(r"\d[\d,]*(?:\.\d+)?")
NEAR = 0.03
"""By how much a figure of the page may differ from what is measured now: a reworded line of AGENTS.md is no news."""


def filled(page: str, blocks: Mapping[str, str]) -> str:
    """The page with these blocks in their places. A block that isn't given stays as it is."""
    return _BLOCK.sub(
        lambda found: found[1] + blocks.get(found[2], found[0][len(found[1]) : -len(found[3])]) + found[3], page
    )


def differences(page: str, blocks: Mapping[str, str]) -> list[str]:
    """The lines of the page's blocks that the benchmark no longer bears out."""
    on_page = {
        name: body for _, name, body in re.findall(r"(<!-- tokens: (\w+) -->\n)(.*?)<!-- / -->", page, re.DOTALL)
    }
    found = []
    for name, block in blocks.items():
        old, new = on_page.get(name, "").splitlines(), block.splitlines()
        if len(old) != len(new):
            found.append(f"{name}: {len(old)} lines, now {len(new)}")
            continue
        found += [
            f"{name}: {one}\n  now: {other}" for one, other in zip(old, new, strict=True) if not _near(one, other)
        ]
    return found


def markdown(table: Table) -> str:
    """A table with its title, figures to the right."""
    rule = ["---", *["---:"] * (len(table.head) - 1)]
    lines = [f"| {' | '.join(row)} |" for row in (table.head, rule, *table.rows)]
    return "\n".join([f"**{table.title}**", "", *lines, "", ""])


def _near(one: str, other: str) -> bool:
    """The same words, and figures that differ by little: 3%, or one in the last place that is shown."""
    if _FIGURE.sub("#", one) != _FIGURE.sub("#", other):
        return False
    for left, right in zip(_FIGURE.findall(one), _FIGURE.findall(other), strict=True):
        old, new = float(left.replace(",", "")), float(right.replace(",", ""))
        last_place = 10.0 ** -len(right.partition(".")[2])
        if abs(old - new) > max(NEAR * new, last_place) + 1e-9:
            return False
    return True
