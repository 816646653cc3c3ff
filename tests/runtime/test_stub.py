"""codegen/stub.py as a script has it: a module of its own, a channel, and a broker at the other end."""

from __future__ import annotations

import importlib.util
import json
import socket
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

import codegen.stub


class FakeBroker:
    """The other end of the channel: `take` reads a message, `give` answers it."""

    def __init__(self, end: socket.socket) -> None:
        self.end = end
        self.stream = end.makefile("rb")

    def take(self) -> dict:
        return json.loads(self.stream.read(int.from_bytes(self.stream.read(4), "big")))

    def give(self, message: dict, **reply: object) -> None:
        body = json.dumps({"id": message["id"], **reply}).encode()
        self.end.sendall(len(body).to_bytes(4, "big") + body)

    def close(self) -> None:
        self.stream.close()
        self.end.close()


@pytest.fixture
def stub():
    """A fresh copy, as each script imports it."""
    spec = importlib.util.spec_from_file_location("servers_client_under_test", codegen.stub.__file__)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def broker(monkeypatch):
    ours, theirs = socket.socketpair()
    monkeypatch.setenv("CODEGEN_CHANNEL", str(theirs.fileno()))
    broker = FakeBroker(ours)
    yield broker
    broker.close()
    theirs.close()


@pytest.fixture
def sent(stub, monkeypatch):
    """What `call` hands to `exchange`."""
    messages: list[dict] = []
    monkeypatch.setattr(stub, "exchange", lambda message: messages.append(message) or "done")
    return messages


def test_a_call_sends_what_was_given_and_not_what_is_unset(stub, sent):
    assert stub.call("s", "t", {"a": 1, "b": stub.UNSET, "c": None}) == "done"
    assert sent == [{"server": "s", "tool": "t", "arguments": {"a": 1, "c": None}}]


def test_names_map_parameters_to_the_wire(stub, sent):
    stub.call("s", "t", {"user_id": 1, "q": 2}, {"user_id": "user-id"})
    assert sent[0]["arguments"] == {"user-id": 1, "q": 2}


def test_a_spread_parameter_never_overrides_one_that_was_given_by_name(stub, sent):
    stub.call("s", "t", {"name": "right", "extra": {"name": "wrong", "x": 1}}, {"extra": None})
    assert sent[0]["arguments"] == {"name": "right", "x": 1}


def test_unset_is_false_and_says_its_name(stub):
    assert not stub.UNSET
    assert repr(stub.UNSET) == "UNSET"


def test_the_typing_names_work_at_run_time_without_typing(stub):
    class Point(stub.TypedDict, total=False):
        x: int

    other = stub.TypedDict("other", {"user-id": int})
    assert Point(x=1) == {} or Point(x=1) == {"x": 1}
    assert issubclass(other, dict)
    assert stub.Literal["a"] | None
    assert None | stub.NotRequired[stub.Literal["a", "b"]]
    assert stub.Any


def test_outside_a_run_the_error_says_how_to_run(stub, monkeypatch):
    monkeypatch.delenv("CODEGEN_CHANNEL", raising=False)
    with pytest.raises(RuntimeError, match="codegen run"):
        stub.exchange({"server": "s", "tool": "t", "arguments": {}})


def answer_in_thread(broker: FakeBroker, **reply: object) -> threading.Thread:
    thread = threading.Thread(target=lambda: broker.give(broker.take(), **reply))
    thread.start()
    return thread


def test_a_value_comes_back_as_it_was_sent(stub, broker):
    for value in (None, 5, "half \ud83d", {"a": [1.5, "ü"]}):
        thread = answer_in_thread(broker, value=value)
        assert stub.exchange({"server": "s", "tool": "t", "arguments": {}}) == value
        thread.join()


def test_an_error_is_a_toolerror_with_its_fields(stub, broker):
    answer_in_thread(broker, error="no such order")
    with pytest.raises(stub.ToolError) as caught:
        stub.exchange({"server": "shop", "tool": "get", "arguments": {}})
    error = caught.value
    assert (error.server, error.tool, error.message) == ("shop", "get", "no such order")
    assert str(error) == "shop.get: no such order"
    assert error.args == ("shop", "get", "no such order")


@pytest.mark.parametrize(
    ("value", "kind", "said"),
    [
        ({1, 2}, TypeError, "Object of type set"),
        (b"x", TypeError, "Object of type bytes"),
        (float("nan"), ValueError, "Out of range float"),
        (float("inf"), ValueError, "Out of range float"),
        ([{"b": object()}], TypeError, "Object of type object"),
    ],
)
def test_an_argument_that_json_cannot_carry_is_named_and_the_channel_stays_usable(stub, broker, value, kind, said):
    with pytest.raises(kind, match=f"^s\\.t: a: {said}"):
        stub.call("s", "t", {"fine": 1, "a": value, "other": {3}})
    thread = answer_in_thread(broker, value="still here")
    assert stub.call("s", "t", {}) == "still here"
    thread.join()


def test_answers_may_come_in_any_order(stub, broker):
    def serve() -> None:
        messages = [broker.take() for _ in range(20)]
        for message in reversed(messages):
            broker.give(message, value=message["call"]["arguments"]["n"])

    serving = threading.Thread(target=serve)
    serving.start()
    with ThreadPoolExecutor(20) as pool:
        assert list(pool.map(lambda n: stub.call("s", "t", {"n": n}), range(20))) == list(range(20))
    serving.join()


def test_every_waiting_thread_learns_that_the_broker_is_gone(stub, broker):
    def serve() -> None:
        for _ in range(5):
            broker.take()
        broker.close()

    serving = threading.Thread(target=serve)
    serving.start()
    with ThreadPoolExecutor(5) as pool:
        futures = [pool.submit(stub.call, "s", "t", {}) for _ in range(5)]
        assert all(isinstance(future.exception(timeout=30), ConnectionError) for future in futures)
    serving.join()


def test_gather_gives_results_in_order_and_the_first_failure_in_order(stub):
    ended = []
    later = threading.Event()

    def waits() -> str:
        later.wait(30)
        ended.append("waits")
        return "waits"

    def fast() -> str:
        later.set()
        return "fast"

    assert stub.gather(waits, fast) == ["waits", "fast"]
    with pytest.raises(KeyError):
        stub.gather(lambda: 1, lambda: {}["first"], lambda: 1 / 0, waits)
    assert ended == ["waits", "waits"], "all of them end before the failure is raised"


def test_gather_takes_functions_and_says_so(stub):
    assert stub.gather() == []
    with pytest.raises(TypeError, match=r"gather\(lambda: tool\(x=1\), ...\), not int"):
        stub.gather(lambda: 1, 5)


FORKING = """
import os, socket, sys
from codegen import stub
ours, theirs = socket.socketpair()
os.environ["CODEGEN_CHANNEL"] = str(theirs.fileno())
body = b'{"id": 1, "value": 5}'
ours.sendall(len(body).to_bytes(4, "big") + body)
print(stub.call("s", "t", {}), flush=True)
if os.fork() == 0:
    try:
        stub.call("s", "t", {})
    except RuntimeError as error:
        print(error)
else:
    os.wait()
"""


def test_a_forked_process_is_refused_its_parents_channel():
    done = subprocess.run([sys.executable, "-c", FORKING], capture_output=True, text=True, check=True)
    value, refusal = done.stdout.splitlines()
    assert value == "5"
    assert "not multiprocessing" in refusal


def test_it_imports_no_more_than_a_bare_interpreter_has_but_json_and_threading():
    script = f"import sys; __file__ = '_client.py'; exec(open({codegen.stub.__file__!r}).read()); print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-S", "-c", script], capture_output=True, text=True, check=True).stdout
    assert not {"typing", "asyncio", "dataclasses", "socket", "concurrent.futures", "inspect"} & set(loaded.split())
