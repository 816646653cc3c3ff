"""Installing requirements into a folder by uv, else by pip. Wheels alone, so that none of their code runs."""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import signal
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from codegen.config.requirements import name_of
from codegen.errors import CodegenError

TIME_LIMIT = 900.0
"""Seconds for all of an installation."""

_LONGEST_REASON = 600
_SYSTEM_CERTIFICATES = {"UV_SYSTEM_CERTS": "1", "UV_NATIVE_TLS": "1"}
"""As pip does: behind a company's proxy uv's own certificates know nobody. The second is what older ones read."""


class InstallError(CodegenError):
    """Packages could not be installed: names the requirement and quotes the installer. Costs the packages alone."""

    exit_code = 1


def installer() -> str:
    """The path of uv, beside this Python or on PATH; empty where pip has to do."""
    beside = Path(sys.executable).with_name("uv")
    return str(beside) if beside.exists() else shutil.which("uv") or ""


async def install(requirements: Sequence[str], folder: Path, keep: int) -> None:
    """Fill `folder/lib`, compiled; `folder` is ours, empty, and no workspace: no setting of one is read there.

    `keep` is the descriptor of a lock, which what is started keeps with it. Raises InstallError. Cancelling ends it.
    """
    try:
        async with asyncio.timeout(TIME_LIMIT):
            words = await _command(requirements, folder, keep)
            words += ["--quiet", "--only-binary", ":all:", "--target", str(folder / "lib")]
            # No option after the two dashes, whatever a requirement looks like.
            await _run([*words, "--", *requirements], requirements, keep, folder)
    except TimeoutError:
        raise InstallError(f"{', '.join(requirements)}: not installed within {TIME_LIMIT:g} s") from None


async def _command(requirements: Sequence[str], folder: Path, keep: int) -> list[str]:
    """The words before those that uv and pip share. This Python need not have pip: then it makes one."""
    if uv := installer():
        return [uv, "pip", "install", "--python", sys.executable, "--compile-bytecode", "--no-progress"]
    await _run([sys.executable, "-I", "-m", "venv", str(folder / "pip")], requirements, keep, folder)
    pip = [str(folder / "pip" / "bin" / "python"), "-I", "-m", "pip", "install"]
    return [*pip, "--no-input", "--disable-pip-version-check"]


async def _run(words: Sequence[str], requirements: Sequence[str], keep: int, folder: Path) -> None:
    process = await asyncio.create_subprocess_exec(
        *words,
        cwd=folder,
        env=_environment(),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        pass_fds=(keep,),
        start_new_session=True,
    )
    try:
        said, _ = await process.communicate()
    finally:
        if process.returncode is None:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            await process.wait()
    if process.returncode:
        raise _failed(said.decode(errors="replace"), requirements, process.returncode)


def _environment() -> Mapping[str, str]:
    return {**_SYSTEM_CERTIFICATES, **os.environ, "PIP_USER": "0", "PYTHONUTF8": "1"}


def _failed(said: str, requirements: Sequence[str], code: int) -> InstallError:
    """Which of the requirements it was, as far as the installer names any, and why."""
    lines = [line.strip() for line in said.splitlines() if line.strip() and not line.startswith("WARNING")]
    reason = " ".join(lines) or f"exit code {code}"
    blamed = [one for one in requirements if re.search(rf"\b{re.escape(name_of(one))}\b", reason, re.IGNORECASE)]
    reason = reason if len(reason) <= _LONGEST_REASON else f"…{reason[-_LONGEST_REASON:]}"
    what = f"{', '.join(blamed or requirements)} can't be installed: {reason}"
    return InstallError(what, hint="mend [sandbox] packages in codegen.toml, then: codegen sync")
