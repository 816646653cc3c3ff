from __future__ import annotations

import os
from pathlib import Path

import pytest

from codegen.errors import WorkspaceError
from codegen.generate.write import Changes, compare_tree, write_tree

FILES = {"__init__.py": "a\n", "github/__init__.py": "b\n", "github/tool.py": "c\n"}


def listing(root: Path) -> dict[str, str]:
    return {str(p.relative_to(root)): p.read_text() for p in sorted(root.rglob("*")) if p.is_file()}


def test_a_tree_is_written_and_then_nothing_changes(tmp_path: Path) -> None:
    assert write_tree(tmp_path / "servers", FILES, set()).added == tuple(sorted(FILES))
    stamps = {p: p.stat().st_mtime_ns for p in tmp_path.rglob("*")}
    assert not write_tree(tmp_path / "servers", FILES, set(FILES))
    assert {p: p.stat().st_mtime_ns for p in tmp_path.rglob("*")} == stamps
    assert listing(tmp_path / "servers") == FILES


def test_only_owned_files_are_deleted_and_empty_packages_go(tmp_path: Path) -> None:
    write_tree(tmp_path, FILES, set())
    (tmp_path / "github" / "__pycache__").mkdir()
    (tmp_path / "github" / "__pycache__" / "tool.cpython-311.pyc").write_bytes(b"")
    (tmp_path / "mine.py").write_text("mine\n")
    changes = write_tree(tmp_path, {"__init__.py": "a2\n"}, set(FILES))
    assert changes == Changes(changed=("__init__.py",), removed=("github/__init__.py", "github/tool.py"))
    assert listing(tmp_path) == {"__init__.py": "a2\n", "mine.py": "mine\n"}
    assert not (tmp_path / "github").exists()


def test_a_folder_that_holds_someone_else_s_file_stays(tmp_path: Path) -> None:
    write_tree(tmp_path, FILES, set())
    (tmp_path / "github" / "notes.txt").write_text("mine")
    write_tree(tmp_path, {}, set(FILES))
    assert listing(tmp_path) == {"github/notes.txt": "mine"}


def test_a_comparison_writes_nothing_and_shows_a_diff(tmp_path: Path) -> None:
    write_tree(tmp_path, FILES, set())
    changes = compare_tree(tmp_path, {"__init__.py": "a2\n", "new.py": "n\n"}, {"github/tool.py"})
    assert (changes.added, changes.changed, changes.removed) == (("new.py",), ("__init__.py",), ("github/tool.py",))
    assert "--- a/__init__.py\n+++ b/__init__.py\n@@ -1 +1 @@\n-a\n+a2\n" in changes.diff
    assert listing(tmp_path) == FILES
    assert compare_tree(tmp_path, FILES, set(FILES)) == Changes()


def test_a_link_is_never_followed_out_of_the_root(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "kept.py").write_text("kept\n")
    root = tmp_path / "servers"
    root.mkdir()
    (root / "github").symlink_to(outside)
    (root / "linked.py").symlink_to(outside / "kept.py")
    with pytest.raises(WorkspaceError, match="github is a link"):
        write_tree(root, {"github/tool.py": "x\n"}, set())
    with pytest.raises(WorkspaceError, match="github is a link"):
        write_tree(root, {}, {"github/kept.py"})
    write_tree(root, {"linked.py": "new\n"}, set())
    assert not (root / "linked.py").is_symlink()
    assert (outside / "kept.py").read_text() == "kept\n"


@pytest.mark.parametrize("relative", ["../x.py", "/x.py", "a/../../x.py", "", "a\0b"])
def test_a_path_that_leaves_the_root_is_refused(relative: str, tmp_path: Path) -> None:
    with pytest.raises(WorkspaceError):
        write_tree(tmp_path / "servers", {relative: "x"}, set())


def test_the_mode_of_a_file_is_kept(tmp_path: Path) -> None:
    write_tree(tmp_path, FILES, set())
    (tmp_path / "__init__.py").chmod(0o444)
    write_tree(tmp_path, {**FILES, "__init__.py": "new\n"}, set())
    assert (tmp_path / "__init__.py").stat().st_mode & 0o777 == 0o444
    assert (tmp_path / "__init__.py").read_text() == "new\n"


def test_a_place_that_can_not_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "servers").write_text("a file")
    with pytest.raises(WorkspaceError, match="servers"):
        write_tree(tmp_path / "servers", FILES, set())


@pytest.mark.skipif(os.geteuid() == 0, reason="root writes everywhere")
def test_a_read_only_folder_is_named_and_left_as_it_was(tmp_path: Path) -> None:
    write_tree(tmp_path, FILES, set())
    (tmp_path / "github").chmod(0o555)
    with pytest.raises(WorkspaceError, match=r"tool\.py can't be written"):
        write_tree(tmp_path, {**FILES, "github/tool.py": "new\n"}, set())
    (tmp_path / "github").chmod(0o755)
    assert listing(tmp_path) == FILES
