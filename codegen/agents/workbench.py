"""What a model's three tools do: search, describe and run in one workspace, with a log of all of it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from codegen.agents.local_tool import LocalTool
from codegen.agents.script import Approve, run_script
from codegen.agents.told import as_data, describe_text, for_models, run_text, search_text
from codegen.agents.wanted import Wanted, WrongResultError
from codegen.config.paths import Workspace
from codegen.config.settings import PrivacySettings
from codegen.errors import CodegenError
from codegen.journal.read import calls_of, find_run
from codegen.journal.record import CallRecord, RunState
from codegen.model import Json, JsonObject
from codegen.privacy.veil import Veil
from codegen.runtime.local import LOCAL
from codegen.search.answer import tokens
from codegen.search.names import lookup, paths

SCRIPT = "<script>"
LISTED_TOKENS = 1_500
"""Of a program's own functions: more than these are searched for like everything else."""


@dataclass(frozen=True, slots=True)
class Run:
    """One script that a model had run, and how it ended; `output` is what its main() returned, whole."""

    id: str
    script: str
    state: RunState
    output: Json = field(hash=False)
    stderr: str
    calls: tuple[CallRecord, ...]

    @property
    def succeeded(self) -> bool:
        return self.state == "succeeded"


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the log: what the model said, searched or described, a script with its end, or a call it made.

    `seconds` is how long it took; `run` is the id of a script's run, also of its calls.
    """

    kind: Literal["say", "search", "describe", "run", "call"]
    text: str
    outcome: str = ""
    seconds: float = 0.0
    run: str = ""


@dataclass(frozen=True, slots=True)
class Said:
    """What a tool answers to the model; `run` is the script's, if one was run."""

    text: str
    is_error: bool = False
    run: Run | None = None


@dataclass(frozen=True, slots=True)
class Ears:
    """Who hears of a task while it goes on: `watch` each entry of the log, `say` each piece of what a model says,
    where its backend can give them.
    """

    watch: Callable[[Entry], None] | None = None
    say: Callable[[str], None] | None = None


class Workbench:
    """One task's place to work: `tools` are the program's own functions.

    A call that needs an approval is shown to `approve`; without one it ends its run. Personal data goes to the model as
    the broker veils it; `veil` is the workspace's own, for answers: the program gets them in clear.
    """

    def __init__(
        self,
        place: Workspace,
        tools: Sequence[LocalTool] = (),
        approve: Approve | None = None,
        ears: Ears | None = None,
        veil: Veil | None = None,
    ) -> None:
        self.place = place
        self.ears = ears or Ears()
        self.log: list[Entry] = []
        self.runs: list[Run] = []
        self._tools = {tool.name: tool for tool in tools}
        self._approve = approve
        self._veil = veil or Veil(PrivacySettings(), place.state)

    @property
    def listed(self) -> str:
        """Call-ready lines of the program's own functions; empty where they are too many to be shown unasked."""
        if not self._tools:
            return ""
        found = [lookup(self.place.index, path) for path in paths(self.place.index) if path.startswith(f"{LOCAL}.")]
        text = "\n".join(hit.signature for hit in found if hit)
        return text if tokens(text) <= LISTED_TOKENS else ""

    async def use(self, name: str, given: Mapping[str, Json]) -> Said:
        """Do what the model asks for. What it can mend itself is an answer; raises BrokerError for what it can't."""
        match name:
            case "search":
                return await self._look("search", _texts(given, "queries", "query"), search_text)
            case "describe":
                return await self._look("describe", _texts(given, "names", "name"), describe_text)
            case "run" if isinstance(code := given.get("code"), str):
                return await self.run(code)
            case "run":
                return Said("run needs `code`: the whole script as one text", is_error=True)
        return Said(f"there is no tool {name!r}: use search, describe or run", is_error=True)

    async def run(self, code: str) -> Said:
        """Run a script. Raises BrokerError."""
        start = time.perf_counter()
        request: JsonObject = {"source": code, "file": SCRIPT}
        envelope = await run_script(self.place, request, self._tools, self._approve)
        done = await asyncio.to_thread(self._recorded, code, envelope)
        self.runs.append(done)
        self.note(Entry("run", code, done.state, time.perf_counter() - start, done.id))
        for call in done.calls:
            self.note(Entry("call", f"{call.server}.{call.tool}", call.state, call.seconds or 0.0, done.id))
        return Said(run_text(envelope), not done.succeeded, done)

    def value_of(self, run: Run, wanted: Wanted) -> object:
        """The answer that a script returned. Raises WrongResultError, for the model."""
        return self._answer(lambda: wanted.of_value(run.output))

    def last_words(self, text: str, wanted: Wanted) -> object:
        """The answer in a model's last words, else the last script's. Raises WrongResultError, for the model."""
        last = self.runs[-1].output if self.runs else None
        return self._answer(lambda: wanted.of_text(text, last, self._veil))

    def _answer(self, read: Callable[[], object]) -> object:
        try:
            return read()
        except WrongResultError as error:
            raise WrongResultError(self._veil.text(str(error))) from None

    def note(self, entry: Entry) -> None:
        """Write into the log."""
        self.log.append(entry)
        if self.ears.watch is not None:
            self.ears.watch(entry)

    def _recorded(self, code: str, envelope: JsonObject) -> Run:
        """With what only the journal has: the calls, an output that is too long for an envelope or veiled in it."""
        run = str(envelope["id"])
        record = find_run(self.place.journal, run)
        output = None if self._veil.is_on else envelope["output"]
        calls = tuple(call for call in calls_of(self.place.journal, run) if call.server)
        return Run(run, code, record.state, record.output if output is None else output, record.stderr, calls)

    async def _look(
        self, kind: Literal["search", "describe"], texts: list[str], look: Callable[[Workspace, Sequence[str]], str]
    ) -> Said:
        start = time.perf_counter()
        try:
            text = await asyncio.to_thread(look, self.place, texts)
            said, outcome = Said(as_data(text)), f"{len(text.splitlines())} lines"
        except CodegenError as error:
            said, outcome = Said(for_models(str(error)), is_error=True), str(error).splitlines()[0]
        self.note(Entry(kind, ", ".join(texts), outcome, time.perf_counter() - start))
        return said


def _texts(given: Mapping[str, Json], *keys: str) -> list[str]:
    """A list of texts; also one text alone, which models give too."""
    value = next((given[key] for key in keys if key in given), None)
    items = value if isinstance(value, list) else [value]
    return [item for item in items if isinstance(item, str) and item.strip()]
