from __future__ import annotations

from codegen.sandbox.guests import pyodide_files, pyodide_snapshot


def test_a_script_is_given_all_skills_and_the_servers_that_it_or_they_name(tmp_path):
    for server in ("shop", "mail", "other"):
        (tmp_path / "servers" / server).mkdir(parents=True)
        (tmp_path / "servers" / server / "tool.py").write_text(server)
        (tmp_path / "servers" / server / ".catalogue.json").write_text("{}")
    (tmp_path / "servers/_client.py").write_text("client")
    (tmp_path / "skills/deep").mkdir(parents=True)
    (tmp_path / "skills/deep/skill.py").write_text("import servers.mail")
    (tmp_path / "mcp.json").write_text("SECRET")
    found = pyodide_files.read(tmp_path, "from servers.shop import tool")
    names = ("servers/_client.py", "skills/deep/skill.py", "servers/shop/tool.py", "servers/mail/tool.py")
    assert found.keys() == {str(tmp_path / name) for name in names}


def test_a_workspace_without_tools_gives_none(tmp_path):
    assert pyodide_files.read(tmp_path, "servers") == {}


def test_a_snapshot_is_made_once_for_the_same_origins(tmp_path):
    origin = tmp_path / "origin"
    made = []

    def make():
        made.append(origin.read_text())
        return origin.read_bytes()

    for text in ("a", "a", "b", "b"):
        origin.write_text(text)
        assert pyodide_snapshot.kept(tmp_path / "cache", [origin], make) == text.encode()
    assert made == ["a", "b"]
    assert len(list((tmp_path / "cache").iterdir())) == 1


def test_a_snapshot_that_cannot_be_made_is_not_kept(tmp_path):
    assert pyodide_snapshot.kept(tmp_path / "cache", [], lambda: b"") == b""
    assert not (tmp_path / "cache").exists()


def test_a_snapshot_that_cannot_be_kept_is_used_all_the_same(tmp_path):
    (tmp_path / "cache").write_text("a file")
    assert pyodide_snapshot.kept(tmp_path / "cache", [], lambda: b"x") == b"x"
