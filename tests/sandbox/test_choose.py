from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from siege.candidates import KNOWN_OPEN

from codegen.errors import UsageError
from codegen.sandbox.backend import Availability
from codegen.sandbox.choose import Choice, choose, known, picked, survey
from codegen.sandbox.native import Native

DOCUMENT = Path(__file__).parents[2] / "docs" / "sandbox.md"
LESSER_MACHINE = str(Path(__file__).with_name("lesser_machine.py"))


def test_the_strongest_that_works_is_chosen(native_backend):
    assert choose().backend.name == native_backend.name


def test_no_wall_is_chosen_only_by_name():
    assert not choose("none").backend.confines


def test_an_unknown_name_is_an_error_that_names_the_nearest():
    with pytest.raises(UsageError, match="did you mean native"):
        choose("nativ")


def on_a_lesser_machine(denied: str, expression: str) -> str:
    """What an expression over `choose` gives where these are denied."""
    code = "from codegen.sandbox.choose import choose\n"
    code += f"try:\n    print({expression})\nexcept Exception as error:\n    print(error)"
    command = [sys.executable, LESSER_MACHINE, denied, sys.executable, "-c", code]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout


def test_where_nothing_works_the_run_is_refused_with_the_measured_reason():
    said = on_a_lesser_machine("namespaces,landlock", "choose()")
    reason = "(native: Operation not permitted (unshare); Landlock can't be had; bubblewrap: "
    assert said.startswith(f"no sandbox works here, nothing was run {reason}")
    assert len(said.splitlines()) == 2, "and what mends it"


def test_a_weaker_sandbox_is_taken_where_none_is_whole_and_named_as_such(native_backend):
    assert on_a_lesser_machine("namespaces", "choose().level") == "native (weaker)\n"


def test_all_are_surveyed_and_one_of_them_is_what_a_run_gets(native_backend):
    found = tuple(survey())
    assert [one.backend.name for one in found] == [*known()]
    assert picked(found) == next(one for one in found if one.found.works and not one.found.weaker)
    assert picked(found, "none") == found[-1]


WHOLE, WEAKER = Availability(works=True), Availability(works=True, weaker=("something",))
CONSENT, BROKEN = Availability(works=True, needs_consent=True), Availability(works=False)


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        ((WHOLE, WHOLE), 0),
        ((WEAKER, WHOLE), 1),
        ((WEAKER, BROKEN), 0),
        ((CONSENT, WEAKER), 1),
        ((CONSENT, BROKEN), None),
    ],
)
def test_what_is_whole_goes_before_what_is_strong_and_consent_is_never_assumed(found, expected):
    choices = [Choice(Native(), each) for each in found]
    assert picked(choices) == (None if expected is None else choices[expected])


def test_the_document_lists_every_sandbox_and_every_attack_that_is_known_to_get_through():
    text = DOCUMENT.read_text()
    section = text[text.index("## The sandboxes") :].split("\n## ")[0]
    assert {row.split("`")[1] for row in section.splitlines() if row.startswith("| `")} == {*known()}
    told = {name for line in text.splitlines() if "got through: " in line for name in re.findall(r"\w+_\w+", line)}
    assert told == set().union(*KNOWN_OPEN.values())
    assert len(text.splitlines()) <= 150
