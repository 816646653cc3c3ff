from __future__ import annotations

import json

import pytest

from codegen.catalogue.variables import secret_texts
from codegen.config.mcp_json import HttpServer, StdioServer
from codegen.journal.read import calls_of, find_run
from codegen.journal.record import Ended, Sent
from codegen.journal.redact import Redactor
from codegen.journal.write import Journal

TOKEN = 'ghp_4f9a"b\\c\nü'


def test_a_secret_is_nowhere_in_the_journal_or_its_values(path):
    journal = Journal(path, Redactor([TOKEN]))
    run = journal.begin("a.py", f"token = '{TOKEN}'", (TOKEN,), "native", {"env": TOKEN})
    journal.call_sent(run, Sent(1, "s", "t", {"header": f"Bearer {TOKEN}", TOKEN: [TOKEN]}))
    journal.call_ended(run, 1, "answered", {"echo": [TOKEN, "x" * 100_000]}, 0.1)
    journal.call_sent(run, Sent(2, "s", "t", {}))
    journal.call_ended(run, 2, "failed", f"wrong token {TOKEN}", 0.1)
    journal.call_held(run, Sent(3, "s", "t", {}), "", "waiting", f"because {TOKEN}")
    journal.end(run, Ended("failed", 1, 0.1, TOKEN, TOKEN, TOKEN))
    first, second, third = calls_of(path, run)
    assert first.arguments == {"header": "Bearer [redacted]", "[redacted]": ["[redacted]"]}
    assert first.answer["echo"][0] == "[redacted]"
    assert (second.answer, third.why) == ("wrong token [redacted]", "because [redacted]")
    assert (first.redacted, second.redacted, third.redacted) == (True, True, False)
    found = find_run(path, run)
    assert (found.output, found.stdout, found.redacted) == ("[redacted]", "[redacted]", True)
    journal.close()
    for file in (path, *path.with_name("values").iterdir()):
        assert b"ghp_4f9a" not in file.read_bytes()


def test_two_calls_that_differ_in_a_secret_alone_differ_in_their_identity(path):
    journal = Journal(path, Redactor(["secret-one", "secret-two"]))
    run = journal.begin("a", "b", (), "native", {})
    for number, token in enumerate(("secret-one", "secret-two"), start=1):
        journal.call_sent(run, Sent(number, "s", "t", {"token": token}))
    first, second = calls_of(path, run)
    assert first.arguments == second.arguments
    assert first.identity != second.identity
    journal.close()


def test_a_secret_that_is_a_number_is_found_where_it_is_one():
    assert Redactor(["123456"]).dump({"pin": 123456, "n": 12345}) == ('{"pin": "[redacted]", "n": 12345}', True)


def test_a_short_secret_leaves_texts_alone_and_the_longer_of_two_is_taken_whole():
    assert Redactor(["abc", "e"]).text("abcde") == "abcde"
    assert Redactor(["secret", "secret-long"]).text("a secret-long one") == "a [redacted] one"


FIELDS = [
    ("password", {"password": 1, "x": 2}, {"password": "[redacted]", "x": 2}),
    ("password", {"a": [{"Password": {"b": 1}}]}, {"a": [{"Password": "[redacted]"}]}),
    ("password", {"passwords": 1, "my_password": 2}, {"passwords": 1, "my_password": 2}),
    ("*.token", {"token": 1, "user": {"token": 2}}, {"token": 1, "user": {"token": "[redacted]"}}),
    ("user.*", {"user": {"a": 1, "b": [2]}}, {"user": {"a": "[redacted]", "b": "[redacted]"}}),
    ("github.create_issue:body", {"body": 1}, {"body": "[redacted]"}),
    ("git*.*:body", {"body": 1}, {"body": "[redacted]"}),
    ("gitlab.*:body", {"body": 1}, {"body": 1}),
]


@pytest.mark.parametrize(("field", "value", "written"), FIELDS)
def test_a_field_is_redacted_by_its_path(field, value, written):
    found, redacted = Redactor(fields=[field]).dump(value, "github", "create_issue")
    assert json.loads(found) == written
    assert redacted is (written != value)


def test_fields_go_for_answers_too(path):
    journal = Journal(path, Redactor(fields=["s.login:token"]))
    run = journal.begin("a", "b", (), "native", {})
    for number, tool in enumerate(("login", "other"), start=1):
        journal.call_sent(run, Sent(number, "s", tool, {"token": "a"}))
        journal.call_ended(run, number, "answered", {"token": "b"}, 0.1)
    first, second = calls_of(path, run)
    assert (first.arguments, first.answer, first.redacted) == ({"token": "[redacted]"}, {"token": "[redacted]"}, True)
    assert (second.arguments, second.answer, second.redacted) == ({"token": "a"}, {"token": "b"}, False)
    journal.close()


def test_what_counts_as_a_secret(tmp_path, monkeypatch):
    env_file = tmp_path / "env"
    env_file.write_text("API_KEY=from-the-file\nUNUSED=also-there\nREGION=eu-central-1\n")
    for name, value in {"GIVEN": "by-environment", "BASE_URL": "https://example.com", "OTHER": "not-named"}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("DATABASE_URL", "postgres://me:pass-word@db/x")
    configs = (
        StdioServer("a", "run", ("${GIVEN}", "${HOME}"), {"X": "${BASE_URL}", "A_TOKEN": "written out"}),
        HttpServer("b", "https://x/${API_KEY}", {"Authorization": "Bearer abcdef", "D": "${DATABASE_URL}"}),
    )
    assert secret_texts(configs, env_file) == {
        "from-the-file", "also-there", "by-environment", "written out", "Bearer abcdef", "abcdef",
        "postgres://me:pass-word@db/x", "pass-word",
    }  # fmt: skip
