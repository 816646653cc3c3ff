"""What is told while servers are waited for, where there is no terminal."""

from __future__ import annotations

import asyncio

from codegen.catalogue.collect import Progress
from codegen.cli.progress import Waiting, progress


def told(capsys, work) -> list[str]:
    async def go() -> None:
        work()

    asyncio.run(go())
    out, err = capsys.readouterr()
    assert out == ""
    return err.splitlines()


def test_what_is_soon_over_is_told_by_the_report_alone(capsys):
    def quick() -> None:
        with progress(quiet=False) as hear:
            assert hear is not None
            for state in ("starting", "listing", "done"):
                hear(Progress("shop", state, 3, 0.5))

    assert told(capsys, quick) == []


def test_who_waits_hears_who_is_done_and_who_is_not_and_then_of_each(capsys):
    waiting = Waiting()

    def slow() -> None:
        for name in ("shop", "files", "issues", "mail"):
            waiting.hear(Progress(name, "starting"))
        waiting.hear(Progress("shop", "done", 19, 0.52))
        waiting.hear(Progress("mail", "failed", 0, 1.04))
        waiting.remind()
        waiting.hear(Progress("files", "done", 1, 4.0))
        waiting.remind()
        waiting.hear(Progress("issues", "failed", 0, 60.0))

    assert told(capsys, slow) == [
        "shop: 19 tools in 0.5 s",
        "mail: failed after 1.0 s",
        "after 3 s, still waiting for files, issues",
        "files: 1 tools in 4.0 s",
        "after 6 s, still waiting for issues",
        "issues: failed after 60.0 s",
    ]


def test_nothing_is_told_to_who_asked_for_quiet():
    with progress(quiet=True) as hear:
        assert hear is None
