from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from codegen.errors import SkillError
from codegen.skills.admit import admit
from codegen.skills.skill import Admitted
from codegen.skills.store import Saved, find, history, load, read_version, remove, save

HASHES = {"github.list_issues": "h1", "github.other": "h2"}


def put(
    folder: Path, admitted: Admitted, run: str = "r1", *, replace: bool = False, hashes: dict[str, str] = HASHES
) -> Saved:
    return save(folder, admitted, run_id=run, script="scripts/report.py", tool_hashes=hashes, replace=replace)


def test_a_saved_skill_is_a_module_with_the_tools_and_the_run_it_came_from(tmp_path: Path, admitted: Admitted) -> None:
    folder = tmp_path / "skills"
    assert put(folder, admitted) == Saved(folder / "weekly_report.py", 1, "created")
    assert (folder / "weekly_report.py").read_text() == admitted.source
    assert (folder / "__init__.py").read_text().startswith('"""')
    (skill,), problems = load(folder)
    assert problems == ()
    assert (skill.name, skill.entry, skill.version, skill.run, skill.edited) == (
        "weekly_report", "weekly_report", 1, "r1", False,
    )  # fmt: skip
    assert skill.signature == "skills.weekly_report(repo?: str, days?: int) -> dict[str, int]"
    assert skill.parameters == (("repo", "str"), ("days", "int"))
    assert skill.summary == "Count open issues per label."
    assert skill.tools == {"github.list_issues": "h1"}
    assert find(folder, "weekly_report") == skill


def test_saving_the_same_again_changes_no_byte(tmp_path: Path, admitted: Admitted) -> None:
    put(tmp_path, admitted)
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    assert put(tmp_path, admitted, "r2").outcome == "unchanged"
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before


def test_the_same_text_run_with_changed_tools_takes_their_new_hashes(tmp_path: Path, admitted: Admitted) -> None:
    put(tmp_path, admitted)
    assert put(tmp_path, admitted, "r2", hashes={"github.list_issues": "new"}).outcome == "refreshed"
    skill = find(tmp_path, "weekly_report")
    assert (skill.version, skill.run, skill.tools) == (1, "r2", {"github.list_issues": "new"})


def test_another_text_is_never_overwritten_silently(tmp_path: Path, admitted: Admitted, changed: Admitted) -> None:
    put(tmp_path, admitted)
    with pytest.raises(SkillError, match="--replace"):
        put(tmp_path, changed)
    assert (tmp_path / "weekly_report.py").read_text() == admitted.source


def test_a_replaced_text_stays_readable_as_a_version(tmp_path: Path, admitted: Admitted, changed: Admitted) -> None:
    put(tmp_path, admitted)
    assert put(tmp_path, changed, "r2", replace=True) == Saved(tmp_path / "weekly_report.py", 2, "replaced", 1)
    assert [(version.number, version.kind, version.run) for version in history(tmp_path, "weekly_report")] == [
        (1, "saved", "r1"),
        (2, "saved", "r2"),
    ]
    assert read_version(tmp_path, "weekly_report", 1) == admitted.source
    assert read_version(tmp_path, "weekly_report", 2) == changed.source


def test_an_edit_by_hand_is_kept_as_a_version_before_it_is_replaced(
    tmp_path: Path, admitted: Admitted, changed: Admitted
) -> None:
    put(tmp_path, admitted)
    edited = admitted.source + "# mine\n"
    (tmp_path / "weekly_report.py").write_text(edited)
    assert find(tmp_path, "weekly_report").edited
    with pytest.raises(SkillError, match="edited by hand"):
        put(tmp_path, admitted)
    assert put(tmp_path, changed, replace=True) == Saved(tmp_path / "weekly_report.py", 3, "replaced", 2)
    assert [version.kind for version in history(tmp_path, "weekly_report")] == ["saved", "edited", "saved"]
    assert [read_version(tmp_path, "weekly_report", number) for number in (1, 2, 3)] == [
        admitted.source, edited, changed.source,
    ]  # fmt: skip


def test_a_module_written_by_hand_is_a_skill_and_is_kept_when_replaced(tmp_path: Path, admitted: Admitted) -> None:
    text = '"""By hand. More."""\nfrom servers.slack import post\ndef send(text, to: str = "x"): ...\ndef _h(): ...\n'
    (tmp_path / "weekly_report.py").write_text(text)
    skill = find(tmp_path, "weekly_report")
    assert skill.signature == "skills.weekly_report.send(text, to?: str)"
    assert skill.parameters == (("text", "Any"), ("to", "str"))
    assert (skill.entry, skill.summary, skill.version, skill.tools) == ("send", "By hand.", 0, {"slack.post": ""})
    assert history(tmp_path, "weekly_report") == ()
    assert put(tmp_path, admitted, replace=True).kept == 1
    assert read_version(tmp_path, "weekly_report", 1) == text


def test_a_skill_written_by_hand_around_main_is_called_by_that_name(tmp_path: Path) -> None:
    (tmp_path / "tidy.py").write_text("def main() -> int: ...\ndef other() -> int: ...\n")
    assert find(tmp_path, "tidy").signature == "skills.tidy.main() -> int"


def test_a_module_written_by_hand_and_saved_as_it_is_becomes_version_one(tmp_path: Path, admitted: Admitted) -> None:
    (tmp_path / "weekly_report.py").write_text(admitted.source)
    assert put(tmp_path, admitted) == Saved(tmp_path / "weekly_report.py", 1, "created")


def test_a_removed_skill_is_gone_from_the_list_and_its_versions_are_not(
    tmp_path: Path, admitted: Admitted, changed: Admitted
) -> None:
    put(tmp_path, admitted)
    assert remove(tmp_path, "weekly_report").number == 1
    assert load(tmp_path) == ((), ())
    assert read_version(tmp_path, "weekly_report", 1) == admitted.source
    assert put(tmp_path, changed) == Saved(tmp_path / "weekly_report.py", 2, "created")
    (tmp_path / "weekly_report.py").write_bytes(b"def broken(:\n")
    assert remove(tmp_path, "weekly_report").number == 3
    assert read_version(tmp_path, "weekly_report", 3) == "def broken(:\n"


def test_broken_modules_are_problems_and_cost_only_themselves(tmp_path: Path, admitted: Admitted) -> None:
    put(tmp_path, admitted)
    (tmp_path / "broken.py").write_text("def broken(:\n")
    (tmp_path / "bytes.py").write_bytes(b"\xff\xfe\0")
    (tmp_path / "deep.py").write_text("x = " + "-" * 50_000 + "1")
    (tmp_path / "two.py").write_text("def a(): ...\ndef b(): ...\n")
    (tmp_path / "a-b.py").write_text("def a(): ...\n")
    (tmp_path / "_helper.py").write_text("def a(): ...\ndef b(): ...\n")
    skills, problems = load(tmp_path)
    assert [skill.name for skill in skills] == ["weekly_report"]
    assert [problem.where for problem in problems] == [
        "skills/a-b.py", "skills/broken.py", "skills/bytes.py", "skills/deep.py", "skills/two.py",
    ]  # fmt: skip
    assert "has no function `two`" in problems[-1].what


@pytest.mark.parametrize(
    "record", [b"", b"{", b"[]", b'{"versions": [{}]}', b'{"versions": [1]}', b"\xff", b"[" * 90_000]
)
def test_a_record_that_can_not_be_read_is_a_problem_and_is_not_overwritten(
    tmp_path: Path, admitted: Admitted, record: bytes
) -> None:
    put(tmp_path, admitted)
    path = tmp_path / ".meta" / "weekly_report.json"
    path.write_bytes(record)
    skills, problems = load(tmp_path)
    assert skills == ()
    assert "not a record of versions" in problems[0].what
    with pytest.raises(SkillError, match="not a record"):
        put(tmp_path, admitted, replace=True)
    assert path.read_bytes() == record


def test_a_save_that_stopped_half_way_loses_nothing(tmp_path: Path, admitted: Admitted, changed: Admitted) -> None:
    put(tmp_path, admitted)
    (tmp_path / ".meta" / "weekly_report.v2.py").write_text(changed.source)
    (tmp_path / "weekly_report.py").write_text(changed.source)
    assert put(tmp_path, changed).version == 3
    assert (tmp_path / ".meta" / "weekly_report.v2.py").read_text() == changed.source


def test_a_name_too_like_another_is_refused(tmp_path: Path, admitted: Admitted, report: str) -> None:
    put(tmp_path, admitted)
    with pytest.raises(SkillError, match="too like"):
        put(tmp_path, admit(report, "Weekly_Report"))
    (tmp_path / "taken").mkdir()
    with pytest.raises(SkillError, match="too like"):
        put(tmp_path, admit(report, "taken"))


@pytest.mark.parametrize("name", ["weekly_reports", "../x", "a/b", "", "__init__"])
def test_an_unknown_name_is_an_error_of_its_own(tmp_path: Path, admitted: Admitted, name: str) -> None:
    put(tmp_path, admitted)
    for act in (find, history, remove):
        with pytest.raises(SkillError):
            act(tmp_path, name)


def test_an_unknown_name_or_version_names_the_nearest(tmp_path: Path, admitted: Admitted) -> None:
    put(tmp_path, admitted)
    with pytest.raises(SkillError, match=r"did you mean weekly_report\?"):
        remove(tmp_path, "weekly_reports")
    with pytest.raises(SkillError, match="versions: 1"):
        read_version(tmp_path, "weekly_report", 7)


def test_no_folder_is_no_skills(tmp_path: Path) -> None:
    assert load(tmp_path / "skills") == ((), ())


def test_the_text_is_written_byte_for_byte(tmp_path: Path, report: str) -> None:
    admitted = admit(report.replace("\n", "\r\n").replace("label", "étiquette"), "weekly_report")
    put(tmp_path, admitted)
    assert (tmp_path / "weekly_report.py").read_bytes() == admitted.source.encode()
    assert not find(tmp_path, "weekly_report").edited


def test_the_record_holds_no_path_of_this_machine(tmp_path: Path, admitted: Admitted) -> None:
    put(tmp_path, admitted)
    text = (tmp_path / ".meta" / "weekly_report.json").read_text()
    assert str(tmp_path) not in text
    assert json.loads(text)["versions"][0]["tools"] == {"github.list_issues": "h1"}


def test_listing_skills_does_not_import_libcst() -> None:
    code = "import sys, codegen.skills.store, codegen.skills.stale; sys.exit('libcst' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
