from __future__ import annotations

import json

import pytest

from codegen.journal.export import as_lines, as_traces
from codegen.journal.read import recent_runs
from codegen.journal.record import Ended, Sent, Wanted


@pytest.fixture
def runs(journal, path):
    run = journal.begin("scripts/a.py", "print(1)", (), "native", {})
    journal.call_sent(run, Sent(1, "github", "create_issue", {"title": "ü"}, "scripts/a.py:3"))
    journal.call_ended(run, 1, "answered", {"number": 7}, 0.25)
    journal.call_sent(run, Sent(2, "github", "close", {}))
    journal.call_ended(run, 2, "failed", "no such issue", 0.5)
    journal.call_sent(run, Sent(3, "", "now", {}))
    journal.call_ended(run, 3, "answered", 1, 0.0)
    journal.end(run, Ended("failed", 1, 2.0, None, "", "Traceback"))
    return recent_runs(path)


def test_each_run_and_each_call_is_a_line(runs, path):
    lines = [json.loads(line) for line in as_lines(path, runs)]
    assert [line["kind"] for line in lines] == ["run", "call", "call", "call"]
    assert {line.get("run", line.get("id")) for line in lines} == {runs[0].id}
    assert lines[1]["arguments"] == {"title": "ü"}
    assert all(line["version"] == 1 for line in lines)


def test_a_run_is_a_trace_in_the_json_encoding_of_otlp(runs, path):
    (line,) = as_traces(path, runs)
    (resource,) = json.loads(line)["resourceSpans"]
    assert {"key": "service.name", "value": {"stringValue": "codegen"}} in resource["resource"]["attributes"]
    (scope,) = resource["scopeSpans"]
    run, first, second, step = scope["spans"]
    assert len({span["traceId"] for span in scope["spans"]}) == 1
    assert len({span["spanId"] for span in scope["spans"]}) == 4
    assert all(len(bytes.fromhex(span["traceId"])) == 16 and len(bytes.fromhex(span["spanId"])) == 8 for span in
               scope["spans"])  # fmt: skip
    assert "parentSpanId" not in run
    assert {span["parentSpanId"] for span in (first, second, step)} == {run["spanId"]}
    assert run["status"] == {"code": 2}
    assert (first["name"], first["kind"], first["status"]) == ("execute_tool create_issue", 1, {"code": 1})
    assert int(first["endTimeUnixNano"]) - int(first["startTimeUnixNano"]) == 250_000_000
    said = {each["key"]: each["value"] for each in first["attributes"]}
    assert said["gen_ai.operation.name"] == {"stringValue": "execute_tool"}
    assert said["gen_ai.tool.name"] == {"stringValue": "create_issue"}
    assert json.loads(said["gen_ai.tool.call.result"]["stringValue"]) == {"number": 7}
    assert second["status"] == {"code": 2, "message": "no such issue"}
    assert step["name"] == "step now"
    assert list(as_traces(path, runs)) == [line], "the same ids every time"


def test_runs_are_found_by_state_time_and_tool(journal, path, runs):
    other = journal.begin("b", "x", (), "native", {})
    journal.call_held(other, Sent(1, "bank", "pay", {}), "", "waiting", "asks")
    journal.end(other, Ended("waiting", 4, 0.1, None, "", ""), expires=9e9)
    first = runs[0].id

    def found(**wanted):
        return [run.id for run in recent_runs(path, 20, Wanted(**wanted))]

    assert found() == [other, first]
    assert found(states=("failed", "timeout")) == [first]
    assert found(states=("waiting",)) == [other]
    assert found(tool="github") == found(tool="github.close") == found(tool="git*") == [first]
    assert found(tool="*.pay") == [other]
    assert found(tool="close") == []
    assert found(since=recent_runs(path, 1)[0].started) == [other]
    assert found(states=("failed",), tool="bank") == []
