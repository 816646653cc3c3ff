"""What the real servers serve: a folder of notes, a git repository and a knowledge graph, the same on every machine."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

PEOPLE = ("Ada", "Ivo", "Rosa", "Oskar", "Priya", "Kofi")
SUBJECTS = ("Postgres", "packaging", "the till", "shipping labels")
QUESTIONS = (
    "who renews the certificate of the shop?",
    "which courier takes parcels over 30 kg?",
    "does the new till print Greek letters?",
    "when is the next inventory of the north warehouse?",
)


def write_fixtures(home: Path) -> None:
    """Fill `home` with notes/, repository/ and memory.jsonl."""
    _write_notes(home / "notes")
    _write_graph(home / "memory.jsonl")
    _write_repository(home / "repository")


def _write_notes(folder: Path) -> None:
    folder.mkdir(parents=True)
    for week in range(1, 13):
        lines = [f"# Week {week}", "", f"{PEOPLE[week % 6]} wrote this one."]
        for day in range(1, 6):
            who, what = PEOPLE[(week + day) % 6], SUBJECTS[(week * day) % 4]
            lines.append(f"- Day {day}: {who} worked on {what} and packed {week * day % 17} parcels.")
        lines.append(f"TODO {QUESTIONS[week % 4]}")
        (folder / f"week-{week:02}.md").write_text("\n".join(lines) + "\n", encoding="utf-8")


def _write_graph(file: Path) -> None:
    rows: list[dict[str, object]] = [
        {
            "type": "entity",
            "name": name,
            "entityType": "person",
            "observations": [f"joined in {2015 + at}", f"works on {2 + at % 4} days a week"],
        }
        for at, name in enumerate(PEOPLE)
    ]
    rows += [{"type": "entity", "name": name, "entityType": "subject", "observations": []} for name in SUBJECTS]
    rows += [
        {"type": "relation", "from": name, "to": subject, "relationType": "knows"}
        for at, name in enumerate(PEOPLE)
        for turn, subject in enumerate(SUBJECTS)
        if (at + turn) % 3 != 1
    ]
    file.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")


def _write_repository(root: Path) -> None:
    root.mkdir()
    _git(root, 0, "init", "-q", "-b", "main")
    for at in range(12):
        file = root / f"part{at % 4}.txt"
        before = file.read_text(encoding="utf-8") if file.exists() else ""
        lines = [f"line {at}.{n}: {SUBJECTS[(at + n) % 4]}" for n in range(4 + at % 5)]
        file.write_text(before + "\n".join(lines) + "\n", encoding="utf-8")
        _git(root, at, "add", ".")
        _git(root, at, "commit", "-q", "-m", f"Describe {SUBJECTS[at % 4]} in more words")


def _git(root: Path, at: int, *words: str) -> None:
    """A git command by one of three people, on a day of its own; nothing of this machine's settings goes into it."""
    name, day = PEOPLE[at % 3], f"2026-10-{at + 1:02}T09:00:00+00:00"
    who = {f"GIT_{role}_{key}": value for role in ("AUTHOR", "COMMITTER") for key, value in (
        ("NAME", name), ("EMAIL", f"{name.lower()}@example.org"), ("DATE", day))}  # fmt: skip
    settings = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    subprocess.run(["git", *words], cwd=root, env={**os.environ, **who, **settings}, check=True)
