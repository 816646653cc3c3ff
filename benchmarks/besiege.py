"""How many attacks each sandbox holds here, as root and as an ordinary user, and what a start costs: docs/sandbox.md.

    python benchmarks/besiege.py [--fast]

Every attack of tests/sandbox/attacks, for real, against decoys that are made for it. `--fast` leaves out the one that
makes 120,000 files, and the start.
"""

from __future__ import annotations

import os
import sys
from collections import Counter
from typing import Any

from measure import ROOT

sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "sandbox")]

from attacks import told  # noqa: E402
from siege import launch, report  # noqa: E402
from siege.candidates import CANDIDATES  # noqa: E402

ROUNDS = 30


def main(words: list[str]) -> None:
    fast = "--fast" in words
    groups = (*report.GROUPS, report.NEXT_RUN, report.LEFTOVERS, report.LIMITS)
    through: dict[str, list[str]] = {}
    print(f"| held / tried | {' | '.join(groups)} | start |")
    print(f"|---|{'---|' * (len(groups) + 1)}")
    for name in CANDIDATES:
        if name == "none":
            continue
        for user in (launch.SELF, launch.ORDINARY):
            who = "root" if user == launch.SELF and os.getuid() == 0 else "ordinary user"
            try:
                found = launch.report(name, user, slow=not fast, rounds=0 if fast else ROUNDS)
            except launch.NotHereError as reason:
                print(f"| {name}, {user} | not tried: {reason} |")
                continue
            cells = [held(found["groups"][group]) for group in groups]
            print(f"| {name}, {who} | {' | '.join(cells)} | {start(found)} |", flush=True)
            through[f"{name}, {who}"] = got_through(found["groups"])
    print()
    for who, attacks in through.items():
        print(f"{who}: {'got through: ' + ', '.join(attacks) if attacks else 'none got through'}")


def held(attacks: dict[str, list[str]]) -> str:
    verdicts = Counter(verdict for verdict, _ in attacks.values())
    unclear = f" ({verdicts[told.UNCLEAR]} unclear)" if verdicts[told.UNCLEAR] else ""
    return f"{verdicts[told.HELD]}/{len(attacks)}{unclear}"


def got_through(groups: dict[str, Any]) -> list[str]:
    said = [(name, *said) for group in groups.values() for name, said in group.items()]
    open_ = [name for name, verdict, _ in said if verdict == told.THROUGH]
    return open_ + [f"({name} is unclear: {words})" for name, verdict, words in said if verdict == told.UNCLEAR]


def start(found: dict[str, Any]) -> str:
    if "start_ms" not in found:
        return "-"
    return f"{found['start_ms'] / found['bare_ms']:.2f} of {found['bare_ms']:.1f} ms"


if __name__ == "__main__":
    main(sys.argv[1:])
