"""The whole path on five real servers: sync, types, one script over three of them, a skill, a second sync."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

pytestmark = pytest.mark.servers

SCRIPT = '''"""What happened in a repository, kept in a file and in memory."""
from servers.files import write_file
from servers.git import git_log
from servers.memory import create_entities


def main(repository: str = {repository!r}, report: str = {report!r}) -> dict[str, int]:
    """Write the log of a repository to a file, and remember each commit."""
    log = git_log(repo_path=repository)
    messages = [line.partition(":")[2].strip(" '") for line in str(log).splitlines() if line.startswith("Message")]
    write_file(path=report, content="\\n".join(messages))
    made = create_entities(
        entities=[{{"name": each, "entityType": "commit", "observations": [repository]}} for each in messages]
    )
    return {{"commits": len(messages), "entities": len(made["entities"])}}
'''


@pytest.fixture
def five(workspace, real: Callable[[str], str], repository: Path, tmp_path: Path):
    """A workspace with the five servers, synced."""
    files = tmp_path / "files"
    files.mkdir()
    workspace("add", "files", "--", real("mcp-server-filesystem"), str(files))
    workspace("add", "memory", "--env", f"MEMORY_FILE_PATH={files}/memory.jsonl", "--", real("mcp-server-memory"))
    workspace("add", "everything", "--", real("mcp-server-everything"), "stdio")
    workspace("add", "time", "--", real("mcp-server-time"))
    workspace("add", "git", "--", real("mcp-server-git"), "--repository", str(repository))
    workspace("sync")
    return workspace


def test_five_servers_from_sync_to_a_reused_skill(five, repository, tmp_path):
    servers = five.root / "servers"
    packages = sorted(path.name for path in servers.iterdir() if path.is_dir() and path.name != "__pycache__")
    assert packages == ["everything", "files", "git", "memory", "time"]

    names = [f"servers.{path.parent.name}.{path.stem}" for path in servers.glob("*/*.py") if path.stem != "__init__"]
    assert len(names) > 45
    imports = f"import importlib, sys; [importlib.import_module(n) for n in {names!r}]; print(len(sys.modules))"
    subprocess.run([sys.executable, "-c", imports], cwd=five.root, check=True, capture_output=True)
    mypy = [sys.executable, "-m", "mypy", "--strict", "--cache-dir", str(tmp_path / "mypy"), "servers"]
    subprocess.run(mypy, cwd=five.root, check=True, capture_output=True)

    report = tmp_path / "files" / "report.txt"
    script = five.root / "scripts" / "commits.py"
    script.write_text(SCRIPT.format(repository=str(repository), report=str(report)))
    (five.root / "codegen.toml").write_text('[[policy]]\ntool = "files.write_file"\ndecision = "allow"\n')
    done = json.loads(five("run", "scripts/commits.py", "--json").stdout)
    assert (done["output"], done["calls"]) == ({"commits": 2, "entities": 2}, 3)
    assert report.read_text() == "The second one\nThe first one"
    remembered = [json.loads(line) for line in (tmp_path / "files" / "memory.jsonl").read_text().splitlines()]
    assert {each["name"] for each in remembered} == {"The first one", "The second one"}

    five("skills", "save", "scripts/commits.py", "--name", "keep_commits")
    other = tmp_path / "files" / "other.txt"
    reuse = (
        f"from skills.keep_commits import keep_commits\ndef main():\n    return keep_commits(report={str(other)!r})\n"
    )
    assert five.value(reuse) == {"commits": 2, "entities": 0}  # memory knows them already
    assert other.read_text() == report.read_text()
    assert "skills.keep_commits(" in five("search", "remember commits of a repository", "-k", "1").stdout

    before = stamps(servers)
    assert "nothing to write" in five("sync").stdout
    assert stamps(servers) == before
    assert "up to date" in five("sync", "--check").stdout


def test_results_are_what_the_types_say(five):
    script = """
from servers.everything import echo, get_structured_content, get_sum, get_tiny_image
from servers.time import get_current_time

def main():
    image = [each for each in get_tiny_image() if each.startswith("data/")]
    return [
        echo(message="5"), get_sum(a=2, b=3), get_structured_content(location="New York"),
        open(image[0], "rb").read(4).hex(), get_current_time(timezone="Europe/Paris")["timezone"],
    ]
"""
    text, total, weather, head, zone = five.value(script)
    assert (text, head, zone) == ("Echo: 5", "89504e47", "Europe/Paris")
    assert "5" in total
    assert set(weather) == {"temperature", "conditions", "humidity"}


def stamps(root: Path) -> dict[str, int]:
    return {str(path): path.stat().st_mtime_ns for path in root.rglob("*") if path.is_file()}
