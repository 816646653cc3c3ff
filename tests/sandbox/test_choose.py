from __future__ import annotations

from pathlib import Path

import pytest

import codegen.sandbox
from codegen.errors import UsageError
from codegen.sandbox.choose import choose


def test_the_strongest_that_works_is_chosen(native_backend):
    assert choose().backend.name == native_backend.name


def test_no_wall_is_chosen_only_by_name():
    assert not choose("none").backend.confines


def test_an_unknown_name_is_an_error_that_names_the_nearest():
    with pytest.raises(UsageError, match="did you mean native"):
        choose("nativ")


def test_where_nothing_works_the_run_is_refused_with_the_measured_reason(make, native_backend):
    """Behind the wall there are no namespaces to be had, so no second wall."""
    outcome = make(native_backend).run(
        "from codegen.sandbox.choose import choose\n"
        "from codegen.errors import SandboxUnavailableError\n"
        "def main():\n"
        "    try:\n"
        "        choose()\n"
        "    except SandboxUnavailableError as error:\n"
        "        return error.what, bool(error.hint)\n",
        more=(package := Path(codegen.sandbox.__file__).parents[1],),
        path=[str(package.parent)],
    )
    what, has_hint = outcome.result
    reason = (
        "no sandbox works here, nothing was run (native: Operation not permitted (unshare); Landlock can't be had; "
    )
    assert what.startswith(f"{reason}bubblewrap: ")
    assert "; podman: " in what
    assert "; docker: " in what
    assert has_hint
