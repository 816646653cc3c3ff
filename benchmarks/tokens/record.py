"""What codegen says and does in each task: real servers, scripts and refusals, in a workspace of its own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import chdir, contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from io import StringIO
from pathlib import Path

from measure import CACHE, PYTHON, workspace

from codegen.__main__ import main
from codegen.catalogue.snapshot import read_snapshot
from codegen.journal.read import calls_of, find_run
from codegen.model import Catalogue
from codegen.tokens.forms import call_text, result_text

from .fixtures import write_fixtures
from .tasks import TASKS, Task, queries_of

HOME = "/home/ana"
"""What the fixtures' folder is called in every text, wherever it lies here."""

POLICY = """[[policy]]
tool = "files.write_file"
decision = "allow"
"""
"""Its server calls it destructive; approvals are left out on all sides."""


@dataclass(frozen=True)
class Call:
    """A call as a model would write it, and its result as a model would read it."""

    tool: str
    asked: str
    answered: str


@dataclass(frozen=True)
class Recorded:
    """A task that was run: the texts that crossed. `refusal` is what `codegen run` said to the script with a slip;
    `rounds` are its calls as direct ones, those of a round side by side.
    """

    task: Task
    command: str
    slipped: str
    refusal: str
    output: str
    rounds: tuple[tuple[Call, ...], ...]
    skill_command: str
    skill_output: str

    @property
    def calls(self) -> int:
        return sum(map(len, self.rounds))


@dataclass(frozen=True)
class Recording:
    """All tasks, and what there was before any run: the definitions, and what `codegen search` said for each task."""

    tasks: tuple[Recorded, ...]
    catalogues: tuple[Catalogue, ...]
    searched: dict[str, str]
    guide: str
    skills: Path


def servers(home: Path) -> dict[str, list[str]]:
    """The commands of the servers that are installed here; the shop always is."""
    programs, venv = CACHE / "node_modules" / ".bin", CACHE / "venv" / "bin"
    found = {
        "shop": [PYTHON, "-m", "codegen.demo"],
        "files": [str(programs / "mcp-server-filesystem"), str(home)],
        "git": [str(venv / "mcp-server-git")],
        "memory": ["env", f"MEMORY_FILE_PATH={home / 'memory.jsonl'}", str(programs / "mcp-server-memory")],
        "everything": [str(programs / "mcp-server-everything")],
        "time": [str(venv / "mcp-server-time"), "--local-timezone", "UTC"],
    }
    return {name: command for name, command in found.items() if all(map(_is_here, command))}


def _is_here(word: str) -> bool:
    return not word.startswith(str(CACHE)) or Path(word).exists()


@contextmanager
def recorded(home: Path) -> Iterator[Recording]:
    """Run every task whose servers are here. The workspace, its skills and `home` last as long as the context."""
    write_fixtures(home)
    with workspace(servers(home)) as place, chdir(place):
        (place / "codegen.toml").write_text(POLICY, encoding="utf-8")
        codegen("sync")
        catalogues = tuple(read_snapshot(file.parent) for file in sorted((place / "servers").glob("*/.catalogue.json")))
        known = {catalogue.server.name for catalogue in catalogues}
        tasks = [task for task in TASKS if {tool.partition(".")[0] for tool in task.gold} <= known]
        searched = {task.name: codegen("search", *queries_of(task)).rstrip("\n") for task in tasks}
        guide = (place / "AGENTS.md").read_text(encoding="utf-8")
        done = tuple(_run(place, home, task) for task in tasks)
        yield Recording(done, catalogues, searched, guide, place / "skills")


def codegen(*words: str, code: int = 0) -> str:
    """What a command of ours prints, run in this process; where it doesn't end as it should the benchmark does."""
    said = StringIO()
    with redirect_stdout(said), redirect_stderr(said):
        ended = main(list(words))
    if ended != code:
        raise SystemExit(f"codegen {' '.join(words)} ended with {ended}:\n{said.getvalue()}")
    return said.getvalue()


def _run(place: Path, home: Path, task: Task) -> Recorded:
    """The script with a slip, the script, and the skill that it is saved as."""
    script = f"scripts/{task.name}.py"
    words = [word.format(home=home) for word in task.words]
    given = ["--", *words] if words else []
    slipped = task.script.replace(*task.slip, 1)
    assert slipped != task.script, task.name
    (place / script).write_text(slipped, encoding="utf-8")
    refused = codegen("run", script, *given, code=3)
    (place / script).write_text(task.script, encoding="utf-8")
    done = codegen("run", script, *given)
    calls = _calls(place, home)
    assert {call.tool for call in calls} == set(task.gold), (task.name, {call.tool for call in calls})
    codegen("skills", "save", script, "--name", task.name)
    again = codegen("skills", "run", task.name, *given)
    shown = " ".join(given)
    return Recorded(
        task,
        _clean(f"codegen run {script} {shown}".strip(), home),
        slipped,
        _clean(refused, home),
        _clean(done, home),
        tuple(tuple(call for call in calls if call.tool in each) for each in task.rounds),
        _clean(f"codegen skills run {task.name} {shown}".strip(), home),
        _clean(again, home),
    )


def _calls(place: Path, home: Path) -> tuple[Call, ...]:
    """The calls of the last run. Those side by side come in any order: they are sorted by what they ask."""
    journal = place / ".codegen" / "journal.sqlite"
    made = calls_of(journal, find_run(journal, "last").id)
    calls = [
        Call(
            f"{call.server}.{call.tool}",
            _clean(call_text(call.server, call.tool, call.arguments), home),
            _clean(result_text(call.answer), home),
        )
        for call in made
    ]
    return tuple(sorted(calls, key=lambda call: (call.tool, call.asked)))


def _clean(text: str, home: Path) -> str:
    return text.replace(str(home), HOME)
