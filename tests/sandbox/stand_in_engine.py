"""Stands in for docker's client and engine: runs a container's command as it is, with the machine's own files.

Nothing confines what it runs. It keeps its images and the pids of its containers in a folder beside itself.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from pathlib import Path

STATE = Path(__file__).resolve().parent / "state"
FLAGS = {"--rm", "--interactive", "--read-only"}


def image_file(tag: str) -> Path:
    return STATE / "images" / tag.replace("/", "_")


def main(words: list[str]) -> int:
    with (STATE / "commands").open("a") as log:
        log.write(json.dumps(words) + "\n")
    match words:
        case ["info", *_]:
            print((STATE / "info").read_text())
            return 0
        case ["image", "inspect", tag]:
            return 0 if image_file(tag).exists() else 1
        case ["import", "-", tag]:
            image_file(tag).write_bytes(sys.stdin.buffer.read())
            return 0
        case ["rm", "--force", "--volumes", name]:
            pid = STATE / "containers" / name
            if pid.exists():
                os.kill(int(pid.read_text()), signal.SIGKILL)
                pid.unlink()
            return 0
        case ["run", *rest]:
            refused = run(rest)
            sys.stderr.write(f"docker: Error response from daemon: {refused}\n\nRun 'docker run --help'\n")
    return 125


def run(words: list[str]) -> str:
    """Becomes what is to be run, or says why not."""
    options: dict[str, str] = {}
    binds: list[tuple[str, str]] = []
    while words[0].startswith("-"):
        name = words.pop(0)
        if name in FLAGS:
            continue
        value = words.pop(0)
        if name == "--mount":
            fields = dict(field.partition("=")[::2] for field in value.split(","))
            binds.append((fields["target"], fields["source"]))
        options[name] = value
    image, *command = words
    if not image_file(image).exists():
        return f"No such image: {image}"
    if options.get("--runtime") == "runsc":
        return "runsc can't start"
    (STATE / "containers" / options["--name"]).write_text(str(os.getpid()))
    root = STATE / "root"
    for target, source in binds:
        inside = root / target.lstrip("/")
        if target.startswith("/run/codegen") and not inside.exists():
            inside.parent.mkdir(parents=True, exist_ok=True)
            inside.symlink_to(source)
    command = [str(root / "run/codegen") if word == "/run/codegen" else word for word in command]
    return str(os.execv(command[0], command))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
