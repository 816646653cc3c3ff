"""codegen.toml, and the template of it."""

from __future__ import annotations

import re
import tomllib
from dataclasses import fields, is_dataclass
from itertools import pairwise
from math import inf
from pathlib import Path

import pytest

from codegen.config.limits import Limits, Rate
from codegen.config.overlays import ServerSettings
from codegen.config.settings import SandboxSettings, Settings, load_settings
from codegen.errors import ConfigError

ROOT = Path(__file__).parents[2]
TEMPLATE = ROOT / "workspace_template" / "codegen.toml"


def load(folder: Path, text: str) -> Settings:
    path = folder / "codegen.toml"
    path.write_text(text)
    return load_settings(path)


def test_a_missing_or_empty_file_gives_the_defaults(tmp_path: Path) -> None:
    assert load_settings(tmp_path / "codegen.toml") == Settings()
    assert load(tmp_path, "") == Settings()
    assert Settings().env_file == Path("~/.config/codegen/env").expanduser()


def test_every_key_is_read(tmp_path: Path) -> None:
    settings = load(
        tmp_path,
        'env_file = "/etc/codegen/env"\nlearn = false\n[run]\ntime_limit = 1.5\noutput_limit = 10\n'
        '[sandbox]\nbackend = "none"\nmemory = "1.5 GiB"\nprocesses = 3\nfile_size = 1000\n'
        'packages = ["pandas >=2", "openpyxl"]\npreload = ["pandas", "xml.dom"]\n'
        '[broker]\nidle_stop = 5\n[sync]\ntime_limit = 7\n[servers."my server"]\nwhen_to_use = "For x."\n[servers.b]\n',
    )
    assert (settings.run.time_limit, settings.run.output_limit) == (1.5, 10)
    sandbox = settings.sandbox
    assert (sandbox.backend, sandbox.memory, sandbox.processes, sandbox.file_size) == ("none", 3 << 29, 3, 1000)
    assert (sandbox.packages, sandbox.preload) == (("pandas >=2", "openpyxl"), ("pandas", "xml.dom"))
    assert (settings.broker.idle_stop, settings.sync.time_limit) == (5, 7)
    assert settings.env_file == Path("/etc/codegen/env")
    assert settings.learn is False
    assert settings.servers == {"my server": ServerSettings("For x.", learn=False), "b": ServerSettings(learn=False)}
    assert settings.uses == {"my server": "For x."}


def test_limits_are_of_a_run_or_of_a_tool_and_what_is_not_said_stays(tmp_path: Path) -> None:
    settings = load(
        tmp_path,
        '[limits]\ncalls = 5\nbytes = "1KiB"\n[servers.a]\nrate = " 30 / min"\nretries = 0\ntrust = "follow"\n'
        "[servers.a.tools.t]\nlimits = { seconds = 2.5 }\n",
    )
    assert settings.limits == Limits(calls=5, bytes=1024)
    server = settings.servers["a"]
    assert (server.rate, server.retries, server.trust) == (Rate(30, 60.0), 0, "follow")
    assert server.tools["t"].limits == Limits(inf, inf, inf, inf, seconds=2.5)


SHOWN = [
    pytest.param(shown, id=page.name)
    for page in sorted((ROOT / "docs").glob("*.md"))
    for shown in re.findall(r"^```toml\n(.*?)^```", page.read_text(), re.DOTALL | re.MULTILINE)
]


@pytest.mark.parametrize("shown", SHOWN)
def test_what_the_pages_show_of_codegen_toml_can_be_set(shown: str, tmp_path: Path) -> None:
    load(tmp_path, shown)


def test_the_page_of_limits_has_the_defaults() -> None:
    rows = re.findall(r"^\| `(\w+)` \| ([\d,]+( GiB)?)", (ROOT / "docs" / "limits.md").read_text(), re.MULTILINE)
    shown = {name: int(number.split()[0].replace(",", "")) << (30 if unit else 0) for name, number, unit in rows}
    assert shown == {each.name: getattr(Limits(), each.name) for each in fields(Limits)}


def test_the_sandbox_alone_may_be_pinned_in_a_word(tmp_path):
    file = tmp_path / "codegen.toml"
    file.write_text('sandbox = "bubblewrap"\n')
    assert load_settings(file).sandbox == SandboxSettings(backend="bubblewrap")
    file.write_text("sandbox = 5\n")
    with pytest.raises(ConfigError, match="sandbox"):
        load_settings(file)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[run]\ntime_limt = 3", r"no setting `run\.time_limt`.*\n.*did you mean time_limit\?"),
        ("[sandbx]\n", r"no setting `sandbx`.*\n.*did you mean sandbox\?"),
        ("zzz = 1", r"no setting `zzz`.*\n.*known here: env_file, run, sandbox"),
        ("run = 3", r"`run` is 3\n.*a section \[run\]"),
        ('[run]\ntime_limit = "5m"', r"`run\.time_limit` is \"5m\".*\n.*a number of seconds above 0"),
        ("[run]\ntime_limit = 0", r"`run\.time_limit` is 0"),
        ("[run]\ntime_limit = inf", r"`run\.time_limit` is inf"),
        ("[run]\ntime_limit = true", r"`run\.time_limit` is true"),
        ("[run]\noutput_limit = 2.5", "a whole number above 0"),
        ('[sandbox]\nmemory = "lots"', r"`sandbox\.memory` is \"lots\".*\n.*2GiB"),
        ("[sandbox]\nbackend = 5", "a name such as"),
        ("[servers]\na = 5", r"`servers\.a` is 5"),
        ("[servers.a]\nalways = []", r"no setting `servers\.a\.always`"),
        ("servers = []", "`servers` is a list"),
        ("env_file = 5", "`env_file` is 5"),
        ('env_file = ".env"', "lies inside the workspace"),
        ("[limits]\ncalls = 0", r"`limits\.calls` is 0"),
        ("[limits]\nparallel = 65", r"`limits\.parallel` is 65.*\n.*from 1 to 64"),
        ("[limits]\ncall = 5", r"no setting `limits\.call`.*\n.*did you mean calls\?"),
        ("[servers.a.tools.t]\nlimits = { writes = 3 }", r"no setting `servers\.a\.tools\.t\.limits\.writes`"),
        ('[servers.a]\nrate = "10"', r'`servers\.a\.rate` is "10".*\n.*"100/min"'),
        ('[servers.a]\nrate = "0/s"', r"`servers\.a\.rate`"),
        ("[servers.a]\nretries = 11", "from 0 to 10"),
        ('[servers.a]\ntrust = "always"', r'"pin" or "follow"'),
        ("[run\n", "not TOML.*line 1, column"),
    ],
)
def test_what_can_not_be_used_is_an_error_that_names_file_line_and_key(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, text)
    assert re.search(words, str(caught.value))
    last = text.strip().count("\n") + 1
    assert re.match(rf"{tmp_path}/codegen\.toml(, line {last}: |: not TOML)", caught.value.what)


def test_the_line_in_an_error_is_the_keys_own(tmp_path: Path) -> None:
    text = "# run\n[run]\noutput_limit = 5\n\n[sandbox]\nmemory = [\n]\n[policy.x]\n"
    with pytest.raises(ConfigError, match=r"codegen\.toml, line 6: `sandbox\.memory` is a list"):
        load(tmp_path, text)
    schema = '[servers.s.tools.t.returns]\ntype = "object"\nrequierd = ["a"]\n'
    with pytest.raises(ConfigError, match=r"line 3: `servers\.s\.tools\.t\.returns` can't hold `requierd`"):
        load(tmp_path, schema)


def test_an_env_file_that_reaches_into_the_workspace_by_a_link_is_refused(tmp_path: Path) -> None:
    workspace = tmp_path / "workspace"
    workspace.mkdir()
    (tmp_path / "link").symlink_to(workspace)
    with pytest.raises(ConfigError, match="inside the workspace"):
        load(workspace, 'env_file = "../link/env"')


def test_the_template_as_it_is_gives_the_defaults(tmp_path: Path) -> None:
    assert load(tmp_path, TEMPLATE.read_text()) == Settings()


def test_the_template_uncommented_gives_the_defaults_and_names_every_key(tmp_path: Path) -> None:
    text = re.sub(r"^# ?((?:\w+ = |\[).*)$", r"\1", TEMPLATE.read_text(), flags=re.MULTILINE)
    settings = load(tmp_path, text)
    (rule,) = settings.policy
    assert (rule.server, rule.tool, rule.decision) == ("example", "pay_*", "ask")
    assert settings == Settings(policy=(rule,), servers={"example": ServerSettings(rate=Rate(1000, 60))})
    document = tomllib.loads(text)
    defaults = Settings()
    for section in fields(defaults):
        value = getattr(defaults, section.name)
        if is_dataclass(value):
            assert set(document[section.name]) == {field.name for field in fields(value)}
        else:
            assert section.name in document
    assert {*document["servers"]["example"], "tools"} == {field.name for field in fields(ServerSettings)}


def test_every_key_of_the_template_has_a_comment_line_above_it() -> None:
    lines = TEMPLATE.read_text().splitlines()
    for above, line in pairwise(lines):
        if re.match(r"# \w+ = ", line):
            assert re.match(r"# [A-Z].*\.$", above), line
