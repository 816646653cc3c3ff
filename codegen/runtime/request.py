"""What a command asks to be run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

from codegen.errors import BrokerError
from codegen.journal.record import RunRecord
from codegen.model import JsonObject
from codegen.runtime.judge import MODES, Mode
from codegen.runtime.wire import text_field


@dataclass(frozen=True, slots=True)
class RunRequest:
    """What to run; `time_limit` is in seconds, and None takes the settings'.

    `asks`: whether the command can ask somebody for approvals while the run goes on; `follows`: whether it wants to be
    told of each call that has ended; `local`: whether it answers the calls of server `local` itself.
    """

    source: str
    file: str
    arguments: tuple[str, ...] = ()
    time_limit: float | None = None
    sandbox: str | None = None
    check: bool = True
    mode: Mode = "normal"
    asks: bool = False
    follows: bool = False
    local: bool = False

    @property
    def options(self) -> JsonObject:
        """What the journal keeps of it beside source, file and arguments, so that it can be run again."""
        return {"time_limit": self.time_limit, "sandbox": self.sandbox, "check": self.check, "mode": self.mode}


def request_from(body: object) -> RunRequest:
    """Read a command's request. Raises BrokerError."""
    if not isinstance(body, dict) or not isinstance(body.get("source"), str):
        raise BrokerError("a run needs its source")
    limit, mode = body.get("time_limit"), body.get("mode") or "normal"
    if isinstance(limit, int | float) and not 0 < limit < float("inf"):
        raise BrokerError(f"a time limit of {limit} s: expected a number above 0")
    if mode not in MODES:
        raise BrokerError(f"a run can't be {mode!r}: expected one of {', '.join(MODES)}")
    return RunRequest(
        source=body["source"],
        file=text_field(body, "file") or "<script>",
        arguments=tuple(str(each) for each in body.get("arguments") or ()),
        time_limit=float(limit) if isinstance(limit, int | float) else None,
        sandbox=text_field(body, "sandbox") or None,
        check=body.get("check") is not False,
        mode=cast("Mode", mode),
        asks=body.get("asks") is True,
        follows=body.get("follows") is True,
        local=body.get("local") is True,
    )


def request_again(run: RunRecord, body: JsonObject) -> RunRequest:
    """The request that a run was started with: its source as it was then, whatever its file says now.

    `body` says what the command that resumes it `asks` and `follows`, and perhaps another `time_limit`.
    """
    known: JsonObject = {"source": run.source, "file": run.script, "arguments": list(run.arguments)}
    now: JsonObject = {"asks": body.get("asks"), "follows": body.get("follows")}
    limit = body.get("time_limit")
    return request_from({**run.options, **known, **now, **({"time_limit": limit} if limit is not None else {})})
