from __future__ import annotations

import io
import tarfile

import pytest

from codegen.sandbox.backend import Mounts
from codegen.sandbox.containers.engine import Shown
from codegen.sandbox.containers.image import foreign_image, native_image, shown_of
from codegen.sandbox.view import system_mounts


def test_an_image_holds_the_links_that_no_mount_can_be_and_is_named_after_them():
    shown = Shown(("/usr",), (), {"/bin": "usr/bin", "/opt/python": "/usr/bin/python3", "/tmp/x": "y"})
    image = native_image(shown)
    assert image == native_image(Shown((), (), dict(reversed(shown.links.items()))))
    assert image.tag != native_image(Shown((), (), {})).tag
    assert image.tar is not None
    with tarfile.open(fileobj=io.BytesIO(image.tar)) as tar:
        links = {entry.name: entry.linkname for entry in tar if entry.issym()}
        assert tar.getmember("tmp").mode == 0o1777
    assert links == {"bin": "usr/bin", "opt/python": "/usr/bin/python3"}, "what lies in /tmp is covered there"


def test_elsewhere_it_is_the_public_one_of_the_running_version():
    image = foreign_image()
    assert image.tag.startswith("python:3.")
    assert image.tag.endswith("-slim")
    assert image.tar is None


def test_what_is_shown_is_told_by_kind_and_only_once(tmp_path):
    for name in ("a", "a/b", "data"):
        (tmp_path / name).mkdir()
    (tmp_path / "file").write_text("")
    (tmp_path / "link").symlink_to("/etc/shadow")
    names = ("a", "a/b", "data", "file", "link", "gone")
    shown = shown_of(Mounts(tuple(tmp_path / name for name in names), (tmp_path / "data",)), with_system=True)
    assert shown == Shown(
        (f"{tmp_path}/a", f"{tmp_path}/file"), (f"{tmp_path}/data",), {f"{tmp_path}/link": "/etc/shadow"}
    )


def test_another_systems_programs_stay_out(tmp_path):
    shown = shown_of(Mounts((*system_mounts(), tmp_path)), with_system=False)
    assert shown.read_only == (str(tmp_path),)


def test_a_writable_path_must_be_a_real_folder(tmp_path):
    (tmp_path / "data").symlink_to("/etc")
    with pytest.raises(NotADirectoryError, match="real folder"):
        shown_of(Mounts((), (tmp_path / "data",)), with_system=True)
