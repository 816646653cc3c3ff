"""The attacks that are a run of their own, with the limits each is given and how it must end."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from typing import TypeAlias

from attacks.told import HELD, THROUGH, UNCLEAR, Verdict
from siege.runs import END_S, Field, Outcome

from codegen.model import JsonObject
from codegen.sandbox.backend import MIB, Limits

SMALL = Limits(
    time_s=30,
    cpu_s=20,
    memory_bytes=96 * MIB,
    processes=30,
    file_bytes=64 * MIB,
    disk_bytes=64 * MIB,
    open_files=128,
    output_bytes=8 * MIB,
    scratch_bytes=32 * MIB,
)
WIDE = Limits(
    time_s=60,
    cpu_s=120,
    memory_bytes=8192 * MIB,
    processes=2000,
    file_bytes=1024 * MIB,
    disk_bytes=8192 * MIB,
    open_files=2048,
    output_bytes=512 * MIB,
)
"""What any of them fits into: where there is no wall they must get through with these, or they prove nothing."""

AT_ONCE = 6
End: TypeAlias = str
"""A limit's name; `told`: the script lived on; `any`: whatever it was, its processes are gone and its word is kept."""


@dataclass(frozen=True)
class Bomb:
    """A function of attacks/limits.py, and how it may end."""

    name: str
    ends: frozenset[End]
    limits: Limits = SMALL
    can_be_proven: bool = True

    @property
    def proven(self) -> bool:
        """Whether it must get through where its limits are wide: else it may have been held by its own fault. Where a
        limit has to be named as its end there is no such doubt.
        """
        return self.can_be_proven and bool(self.ends & {"told", "any"})


def _bomb(name: str, *ends: End, can_be_proven: bool = True, **limits: float) -> Bomb:
    return Bomb(name, frozenset(ends), replace(SMALL, **limits), can_be_proven)  # type: ignore[arg-type]


BOMBS = (
    _bomb("many_children", "told", "processes"),
    _bomb("many_children_of_children", "told", "processes"),
    _bomb("many_threads", "told", "processes", memory_bytes=512 * MIB),
    _bomb("many_open_files", "told"),
    _bomb("memory_of_one_process", "told", "memory"),
    _bomb("memory_that_is_shared", "memory"),
    # The disk isn't its own: what others take of it must not be held against what it hides.
    _bomb("memory_of_a_hidden_process", "memory", disk_bytes=8192 * MIB, scratch_bytes=8192 * MIB),
    _bomb("memory_of_all_children", "memory"),
    _bomb("memory_in_a_file_of_memory", "told", "memory"),
    _bomb("memory_in_shared_files", "told"),
    _bomb("memory_in_sockets", "told", "memory"),
    _bomb("a_loop", "cpu", cpu_s=1, time_s=60),
    _bomb("a_loop_that_will_not_hear", "cpu", cpu_s=1, time_s=60),
    _bomb("loops_of_many_children", "cpu", cpu_s=1, time_s=60),
    _bomb("sleeping", "time", time_s=1),
    _bomb("a_flood_of_output", "output"),
    _bomb("a_flood_of_errors", "output"),
    _bomb("a_daemon", "told", can_be_proven=False),
    _bomb("a_daemon_while_it_is_killed", "time", time_s=1, can_be_proven=False),
    _bomb("a_comet", "told", "time", time_s=3, can_be_proven=False),
    _bomb("rubbish_on_the_channel", "any", can_be_proven=False),
    _bomb("half_a_message", "any", can_be_proven=False),
    _bomb("a_message_without_end", "any", can_be_proven=False),
)
ENDS = (
    _bomb("killing_its_keeper", "told", can_be_proven=False),  # the fork server ends what a keeper leaves
    _bomb("stopping_its_keeper", "told", can_be_proven=False),
    _bomb("killing_its_group", "any"),
)
"""A process that outlives one of these must be known to be its."""

DISK = (
    _bomb("disk_in_one_file", "told", file_bytes=32 * MIB),
    _bomb("disk_in_many_files", "disk"),
    _bomb("disk_in_the_scratch_folder", "told", "disk"),
    _bomb("disk_in_deleted_files", "disk"),
    _bomb("disk_in_deleted_files_that_are_only_mapped", "disk"),
    _bomb("disk_in_a_folder_that_cannot_be_listed", "disk"),
    _bomb("disk_of_a_hidden_process", "disk"),
    _bomb("disk_in_the_queue_of_a_socket", "told", "disk"),
)
"""A run's use of the disk is told from what changes in data/, whoever changes it: these take turns."""

SLOW = (_bomb("many_empty_files", "disk", time_s=100, cpu_s=100),)


async def explode(field: Field, mark: str, *, wide: bool, slow: bool) -> dict[str, Verdict]:
    """All of them, each with its own limits; or, `wide`, those that must then get through, without anybody looking."""
    room = asyncio.Semaphore(AT_ONCE)
    alone = (*ENDS, *(() if wide else DISK), *(SLOW if slow else ()))
    together = (*BOMBS, *(DISK if wide else ()))

    async def one(bomb: Bomb) -> Verdict:
        async with room:
            return _judged(bomb, await _run(field, bomb, mark, wide=wide))

    together = tuple(bomb for bomb in together if bomb.proven or not wide)
    found = dict(zip((bomb.name for bomb in together), await asyncio.gather(*map(one, together)), strict=True))
    if left := field.left_after():
        found["a_daemon"] = (THROUGH, f"{len(left)} processes outlived their runs")
    for bomb in alone:
        if bomb.proven or not wide:
            field.clear()
            verdict = await one(bomb)
            left = field.left_after(0 if wide else END_S)
            found[bomb.name] = (THROUGH, f"{len(left)} processes outlived it") if left else verdict
    return found


async def _run(field: Field, bomb: Bomb, mark: str, *, wide: bool) -> Outcome:
    source = "from attacks import limits\ndef main(mark, look_s):\n    limits.MARK, limits.LOOK_S = mark, look_s\n"
    told: JsonObject = {"mark": mark, "look_s": 0 if wide else 1.5}
    return await field.run(f"{source}    return limits.{bomb.name}()\n", told, WIDE if wide else bomb.limits)


def _judged(bomb: Bomb, outcome: Outcome) -> Verdict:
    ending = outcome.ending
    if outcome.value:
        return THROUGH, str(outcome.value)
    said = ending.limit or ("told" if ending.reason == "exit" and ending.code == 0 else ending.text or str(ending.code))
    if said in bomb.ends or "any" in bomb.ends:
        return HELD, f"limit {ending.limit}" if ending.limit else said
    return UNCLEAR, f"ended by {said} {outcome.stderr[-300:]}"
