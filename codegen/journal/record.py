"""The records of the journal, as its readers see them."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from typing import Literal

from codegen.model import Json, JsonObject

RunState = Literal[
    "running", "waiting", "succeeded", "planned", "failed", "refused", "diverged", "timeout", "cancelled",
    "interrupted", "expired", "reverted",
]  # fmt: skip
"""`waiting` for an approval, `expired` when none came in time; `planned`: a dry run came to its end; `diverged`: it was
resumed and made another call than before; `interrupted`: the broker died with it; `reverted`: calls of it were taken
back afterwards."""

FINISHED: frozenset[RunState] = frozenset({"succeeded", "planned", "refused"})
"""States of a run that resuming does not change."""

STOPPED: tuple[RunState, ...] = ("waiting", "timeout", "cancelled", "interrupted")
"""States of a run that was stopped from outside and can go on."""

CallState = Literal["waiting", "approved", "rejected", "sent", "answered", "failed", "unknown", "refused", "planned"]
"""`sent` and not ended: nobody knows its outcome, as with `unknown` (its connection broke). `failed`: the tool answered
so. `refused`: it never left. `planned`: a dry run showed it and sent nothing."""


@dataclass(frozen=True, slots=True)
class RunRecord:
    """One run; times are seconds since the epoch, `seconds` its duration (None while it goes on).

    `options` is what it was started with beside its source; `attempts` counts the resumes too; a waiting run `expires`.
    `redacted`: its source or arguments held a secret, and aren't here as they were. `lost` says which of its values is
    gone.
    """

    id: str
    script: str
    source: str
    arguments: tuple[str, ...]
    sandbox: str
    state: RunState
    started: float
    seconds: float | None
    exit_code: int | None
    output: Json
    stdout: str
    stderr: str
    calls: int
    options: JsonObject
    attempts: int
    expires: float | None
    redacted: bool = False
    lost: str = ""


@dataclass(frozen=True, slots=True)
class Sent:
    """A call as it was made: `number` counts a run's calls from 1, `at` is where in the script ("scripts/a.py:12").

    A recorded step is a call of no server: `tool` is its name.
    """

    number: int
    server: str
    tool: str
    arguments: JsonObject
    at: str = ""


@dataclass(frozen=True, slots=True)
class CallRecord:
    """One call of a run; `answer` is the result, or the error's text when `state` is `failed`, `refused` or `unknown`.

    `identity` is the same for calls of one tool with the same arguments, and tells neither; `why` is the rule that
    asked, or what a person said. `redacted`: the answer held a secret or a field that isn't journalled, and isn't here
    as it was. `lost` says which value, of arguments or answer, is gone.
    """

    number: int
    server: str
    tool: str
    arguments: JsonObject
    at: str
    identity: str
    state: CallState
    why: str
    answer: Json
    started: float
    seconds: float | None
    redacted: bool = False
    lost: str = ""


@dataclass(frozen=True, slots=True)
class CallDecision:
    """How a call stands that had to wait for a person, and why."""

    state: CallState
    why: str


@dataclass(frozen=True, slots=True)
class Ended:
    """How a run ended; `output` is what `main` returned."""

    state: RunState
    exit_code: int
    seconds: float
    output: Json
    stdout: str
    stderr: str


def digest_of(source: str) -> str:
    """What a run's source is recognised by: only code that ran may become a skill."""
    return sha256(source.encode(errors="surrogatepass")).hexdigest()


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which runs are looked for: in one of `states` (none: in any), since a time, and with a call of `tool`.

    `tool` is a server, or `server.tool`, or a pattern of these (`*` and `?`).
    """

    states: tuple[RunState, ...] = ()
    since: float = 0.0
    tool: str = ""
