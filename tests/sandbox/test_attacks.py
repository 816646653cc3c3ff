"""Every sandbox besieged with everything in attacks/, by root and by an ordinary user; and each attack proven without a
wall, so that none can be held by its own fault.
"""

from __future__ import annotations

import os

import pytest
from attacks import files, poison, processes, told
from siege import bombs, launch, report
from siege.candidates import CANDIDATES, KNOWN_OPEN

WALLS = [name for name in CANDIDATES if name != "none"]
SEEN_NOWHERE = {"mounts", "temporary folders", "descriptors here", "processes"}
"""What no attack here leaves even without a wall."""


def besieged(name: str, user: str) -> dict[str, dict[str, list[str]]]:
    try:
        return launch.report(name, user)["groups"]
    except launch.NotHereError as reason:
        pytest.skip(str(reason))


def those(groups: dict[str, dict[str, list[str]]], verdict: str) -> dict[tuple[str, str], str]:
    return {
        (group, name): said[1] for group, all_ in groups.items() for name, said in all_.items() if said[0] == verdict
    }


@pytest.mark.parametrize("user", [launch.SELF, pytest.param(launch.ORDINARY, marks=pytest.mark.long)])
@pytest.mark.parametrize("name", WALLS)
def test_no_attack_gets_through_but_those_the_documents_name(name, user):
    groups = besieged(name, user)
    if those(groups, told.UNCLEAR):  # an attack that a busy machine kept from saying anything is tried once more
        groups = besieged(name, user)
    assert those(groups, told.UNCLEAR) == {}
    through = those(groups, told.THROUGH)
    assert {attack for _, attack in through} == KNOWN_OPEN.get(name, frozenset()), through
    assert {group: len(found) for group, found in groups.items()} == sizes()


def sizes() -> dict[str, int]:
    """How many attacks there are in each group: a group that was left out is none that was held."""
    single = {group: len(told.attacks_of(report.module_of(group))) for group in report.GROUPS}
    bombs_of_all = len((*bombs.BOMBS, *bombs.ENDS, *bombs.DISK))
    return single | {report.NEXT_RUN: len(poison.NAMES), report.LEFTOVERS: 10, report.LIMITS: bombs_of_all}


def test_every_attack_gets_through_where_there_is_no_wall():
    groups = besieged("none", launch.SELF)
    held = those(groups, told.HELD) | those(groups, told.UNCLEAR)
    assert {attack: said for attack, said in held.items() if not excused(*attack)} == {}


def excused(group: str, name: str) -> bool:
    if group not in report.GROUPS:
        return name in SEEN_NOWHERE or name in poison.LACKED_ON_SOME_MACHINES
    attack = told.attacks_of(report.module_of(group))[name]
    return bool(attack.may_lack or (attack.rights == "root" and os.getuid() != 0))


def test_an_inherited_descriptor_and_variable_would_be_found(tmp_path, monkeypatch):
    decoys = {"secret": "DECOY-1"}
    (tmp_path / "leak").write_text("DECOY-1")
    with (tmp_path / "leak").open() as leak:
        found = told.run_one(files.finds_an_inherited_descriptor, decoys)
        assert found == (told.THROUGH, f"descriptor {leak.fileno()}")
    monkeypatch.setenv("LEAK", "DECOY-1")
    assert told.run_one(processes.finds_the_secret_in_its_own_environment, decoys) == (told.THROUGH, "the secret")


def test_an_attack_that_fails_by_its_own_fault_is_no_attack_held():
    broken = told.Attack(lambda _: 1 / 0)
    refused = told.Attack(lambda _: os.open("/no such file", os.O_RDONLY))
    ended = told.Attack(lambda _: os.kill(os.getpid(), 9))
    assert told.run_one(broken, {})[0] == told.UNCLEAR
    assert told.run_one(refused, {}) == (told.HELD, "ENOENT No such file or directory")
    assert told.run_one(ended, {}) == (told.HELD, "ended with -9")
