"""A scripted, offline stand-in for the Anthropic Messages API (stdlib only).

It listens on 127.0.0.1, answers POST /v1/messages (SSE or JSON) with turns that a
test scripts, and records every request, so that the REAL Claude Code CLI (or
claude_agent_sdk, or the anthropic SDK) can be driven in tests with no network.

    from fake_model import FakeModel, text, tool

    with FakeModel([
        [text("Looking."), tool("Bash", command="ls servers/")],
        [tool("Read", file_path="/ws/servers/x.py")],
        [text("The answer is 42.")],
    ]) as model:
        subprocess.run(["claude", "-p", "go"], env=model.env(home="/tmp/h"))
        assert model.main_requests()[0].tool_names

A turn is a list of blocks, a string (text), or a callable(Request) -> either.
The turn index is the number of assistant messages already in the request, so a
retried request gets the same turn again. `error(529)` as a turn answers an API error
the first time and the next scripted turn after that.
"""

from __future__ import annotations

import json
import os
import re
import threading
import time
import uuid
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any


# ------------------------------------------------------------------ blocks
def text(s: str) -> dict:
    return {"type": "text", "text": s}


def tool(name: str, /, **input: Any) -> dict:
    return {"type": "tool_use", "name": name, "input": input}


def thinking(s: str) -> dict:
    return {"type": "thinking", "thinking": s, "signature": "fake-signature"}


@dataclass
class error:
    """A turn that is an API error. `times` requests get it, then the script goes on."""

    status: int = 529
    kind: str = "overloaded_error"
    message: str = "scripted error"
    times: int = 1


# ------------------------------------------------------------------ requests
@dataclass
class Request:
    n: int
    method: str
    path: str
    headers: dict[str, str]
    body: dict
    main: bool = False
    turn: int | None = None
    t: float = field(default_factory=time.time)
    history: list[dict] = field(
        default_factory=list
    )  # earlier messages of a server-side thread (anthropic 2.x tool_runner)

    @property
    def model(self) -> str:
        return self.body.get("model", "")

    @property
    def tools(self) -> list[dict]:
        return self.body.get("tools") or []

    @property
    def tool_names(self) -> list[str]:
        return [t.get("name", t.get("type", "?")) for t in self.tools]

    @property
    def deferred_tools(self) -> list[str]:
        return [t["name"] for t in self.tools if t.get("defer_loading")]

    @property
    def system_text(self) -> str:
        s = self.body.get("system") or ""
        return s if isinstance(s, str) else "\n\n".join(b.get("text", "") for b in s)

    @property
    def messages(self) -> list[dict]:
        return self.history + (self.body.get("messages") or [])

    def blocks(self, role: str | None = None) -> Iterable[dict]:
        for m in self.messages:
            if role and m["role"] != role:
                continue
            c = m["content"]
            if isinstance(c, str):
                yield {"type": "text", "text": c}
            else:
                yield from c

    @property
    def user_text(self) -> str:
        return "\n".join(b.get("text", "") for b in self.blocks("user") if b["type"] == "text")

    def tool_results(self) -> list[dict]:
        """[{id,name,input,is_error,text}] of every tool call so far, oldest first."""
        uses = {b["id"]: b for b in self.blocks("assistant") if b["type"] == "tool_use"}
        out = []
        for b in self.blocks("user"):
            if b["type"] != "tool_result":
                continue
            c = b.get("content")
            if isinstance(c, list):
                c = "\n".join(x.get("text", json.dumps(x)[:200]) for x in c)
            u = uses.get(b["tool_use_id"], {})
            out.append(
                {
                    "id": b["tool_use_id"],
                    "name": u.get("name"),
                    "input": u.get("input"),
                    "is_error": bool(b.get("is_error")),
                    "text": c or "",
                }
            )
        return out

    def last_result(self) -> str:
        r = self.tool_results()
        return r[-1]["text"] if r else ""

    def sizes(self) -> dict[str, int]:
        """Characters by part of the request body (json), and tokens as chars/4."""

        def j(o):
            return len(json.dumps(o, ensure_ascii=False, separators=(",", ":")))

        eager = [t for t in self.tools if not t.get("defer_loading")]
        deferred = [t for t in self.tools if t.get("defer_loading")]
        d = {
            "system": len(self.system_text),
            "tools_eager_n": len(eager),
            "tools_eager": j(eager) if eager else 0,
            "tools_deferred_n": len(deferred),
            "tools_deferred": j(deferred) if deferred else 0,
            "messages": j(self.messages),
            "body": j(self.body),
        }
        d["context_tokens"] = (d["system"] + d["tools_eager"] + d["messages"]) // 4
        return d


Turn = "str | list[dict] | error | Callable[[Request], Any]"


class FakeModel:
    """Context manager. `script`: sequence of turns, or one callable(Request) -> turn."""

    def __init__(
        self,
        script: Sequence[Any] | Callable[[Request], Any] = (),
        *,
        port: int = 0,
        side: Callable[[Request], Any] | None = None,
        delay: float = 0.0,
        record: str | os.PathLike | None = None,
        overflow: str = "(script over)",
        is_main: Callable[[Request], bool] | None = None,
    ):
        self.script, self.side, self.delay, self.overflow = script, side, delay, overflow
        self.requests: list[Request] = []
        self.record = Path(record) if record else None
        if self.record:
            self.record.parent.mkdir(parents=True, exist_ok=True)
            self.record.write_text("")
        self._is_main = is_main
        self._lock = threading.Lock()
        self._errors_sent: dict[int, int] = {}
        self._threads: dict[str, list[dict]] = {}  # message id -> messages up to and with that reply
        self._port = port
        self._srv: ThreadingHTTPServer | None = None

    # ---- lifecycle
    def __enter__(self) -> FakeModel:
        outer = self

        class H(_Handler):
            fake = outer

        self._srv = ThreadingHTTPServer(("127.0.0.1", self._port), H)
        self._srv.daemon_threads = True
        self._port = self._srv.server_address[1]
        threading.Thread(target=self._srv.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        return self

    def __exit__(self, *exc) -> None:
        self._srv.shutdown()
        self._srv.server_close()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    def env(self, home: str | os.PathLike, **extra: str) -> dict[str, str]:
        """A clean environment for the CLI: nothing of the caller's but PATH."""
        Path(home).mkdir(parents=True, exist_ok=True)
        e = {
            "PATH": os.environ.get("PATH", "/usr/local/bin:/usr/bin:/bin"),
            "HOME": str(home),
            "LANG": "C.UTF-8",
            "ANTHROPIC_BASE_URL": self.url,
            "ANTHROPIC_API_KEY": "dummy",
            "DISABLE_TELEMETRY": "1",
            "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
            "DISABLE_AUTOUPDATER": "1",
        }
        e.update({k: str(v) for k, v in extra.items()})
        return e

    # ---- views
    def main_requests(self) -> list[Request]:
        return [r for r in self.requests if r.main]

    def side_requests(self) -> list[Request]:
        return [r for r in self.requests if not r.main]

    # ---- scripting
    def is_main(self, r: Request) -> bool:
        """The agent loop (as opposed to title generation, safety classifiers, count_tokens...)."""
        if self._is_main:
            return self._is_main(r)
        return r.path.split("?")[0].endswith("/v1/messages") and bool(r.tools or r.history)

    def answer(self, r: Request) -> Any:
        if not r.main:
            return self.side(r) if self.side else "ok"
        if callable(self.script):
            return self.script(r)
        i = r.turn
        turns = list(self.script)
        # scripted errors take no place in the conversation: walk to the i-th real turn
        real = -1
        for k, t in enumerate(turns):
            if isinstance(t, error):
                if real == i - 1 and self._errors_sent.get(k, 0) < t.times:
                    self._errors_sent[k] = self._errors_sent.get(k, 0) + 1
                    return t
                continue
            real += 1
            if real == i:
                return t(r) if callable(t) else t
        return self.overflow


class _Handler(BaseHTTPRequestHandler):
    fake: FakeModel
    protocol_version = "HTTP/1.1"

    def log_message(self, *a):  # quiet
        pass

    def _json(self, status: int, obj: Any, headers: dict | None = None) -> None:
        data = json.dumps(obj).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(data)))
        self.send_header("request-id", "req_fake_" + uuid.uuid4().hex[:12])
        for k, v in (headers or {}).items():
            self.send_header(k, v)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)

    def _take(self) -> Request:
        n = int(self.headers.get("content-length") or 0)
        raw = self.rfile.read(n) if n else b""
        try:
            body = json.loads(raw) if raw else {}
        except ValueError:
            body = {"_raw": raw[:2000].decode("utf-8", "replace")}
        f = self.fake
        with f._lock:
            r = Request(len(f.requests), self.command, self.path, {k.lower(): v for k, v in self.headers.items()}, body)
            if self.command == "POST":
                th = body.get("thread")
                if isinstance(th, dict) and th.get("type") == "continue":
                    r.history = list(f._threads.get(th.get("previous_message_id"), []))
                r.main = f.is_main(r)
            if r.main:
                r.turn = sum(1 for m in r.messages if m["role"] == "assistant")
            f.requests.append(r)
            if f.record:
                with f.record.open("a") as fh:
                    fh.write(
                        json.dumps(
                            {
                                "n": r.n,
                                "t": r.t,
                                "method": r.method,
                                "path": r.path,
                                "main": r.main,
                                "turn": r.turn,
                                "headers": r.headers,
                                "body": r.body,
                            }
                        )
                        + "\n"
                    )
        return r

    def do_HEAD(self):
        self._take()
        self._json(200, {})

    def do_GET(self):
        r = self._take()
        p = r.path.split("?")[0]
        if p == "/v1/models" or p.startswith("/v1/models/"):

            def mk(i):
                return {"type": "model", "id": i, "display_name": i, "created_at": "2026-01-01T00:00:00Z"}

            if p == "/v1/models":
                ids = ["claude-opus-5", "claude-sonnet-5", "claude-haiku-4-5"]
                return self._json(
                    200, {"data": [mk(i) for i in ids], "has_more": False, "first_id": ids[0], "last_id": ids[-1]}
                )
            return self._json(200, mk(p.rsplit("/", 1)[1]))
        self._json(404, {"type": "error", "error": {"type": "not_found_error", "message": p}})
        return None

    def do_POST(self):
        r = self._take()
        p = r.path.split("?")[0]
        if p.endswith("/v1/messages/count_tokens"):
            return self._json(200, {"input_tokens": len(json.dumps(r.body)) // 4})
        if not p.endswith("/v1/messages"):
            return self._json(404, {"type": "error", "error": {"type": "not_found_error", "message": p}})
        if self.fake.delay:
            time.sleep(self.fake.delay)
        try:
            with self.fake._lock:
                a = self.fake.answer(r)
        except Exception as e:  # a scripted assertion failed: surface it in the transcript
            a = f"FAKE MODEL SCRIPT ERROR: {type(e).__name__}: {e}"
        if isinstance(a, error):
            return self._json(
                a.status,
                {"type": "error", "error": {"type": a.kind, "message": a.message}},
                {"retry-after": "0", "x-should-retry": "true" if a.status >= 429 else "false"},
            )
        if isinstance(a, str):
            a = [text(a)]
        blocks = []
        for given in a:
            b = dict(given)
            if b["type"] == "tool_use":
                b.setdefault("id", "toolu_fake_" + uuid.uuid4().hex[:16])
            blocks.append(b)
        stop = "tool_use" if any(b["type"] == "tool_use" for b in blocks) else "end_turn"
        in_tok = len(json.dumps(r.body)) // 4
        out_tok = max(1, len(json.dumps(blocks)) // 4)
        usage = {
            "input_tokens": in_tok,
            "cache_creation_input_tokens": 0,
            "cache_read_input_tokens": 0,
            "output_tokens": out_tok,
        }
        msg = {
            "id": "msg_fake_" + uuid.uuid4().hex[:16],
            "type": "message",
            "role": "assistant",
            "model": r.model or "fake",
            "content": blocks,
            "stop_reason": stop,
            "stop_sequence": None,
            "usage": usage,
        }
        if isinstance(r.body.get("thread"), dict):
            self.fake._threads[msg["id"]] = [*r.messages, {"role": "assistant", "content": blocks}]
        if not r.body.get("stream"):
            return self._json(200, msg)
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.send_header("cache-control", "no-cache")
        self.send_header("request-id", "req_fake_" + uuid.uuid4().hex[:12])
        self.send_header("connection", "close")
        self.end_headers()
        self.close_connection = True

        def ev(kind: str, **data: Any) -> None:
            self.wfile.write(f"event: {kind}\ndata: {json.dumps({'type': kind, **data})}\n\n".encode())
            self.wfile.flush()

        try:
            ev(
                "message_start",
                message={**msg, "content": [], "stop_reason": None, "usage": {**usage, "output_tokens": 1}},
            )
            for i, b in enumerate(blocks):
                if b["type"] == "text":
                    ev("content_block_start", index=i, content_block={"type": "text", "text": ""})
                    for part in re.findall(r".{1,400}", b["text"], re.S) or [""]:
                        ev("content_block_delta", index=i, delta={"type": "text_delta", "text": part})
                elif b["type"] == "thinking":
                    ev(
                        "content_block_start",
                        index=i,
                        content_block={"type": "thinking", "thinking": "", "signature": ""},
                    )
                    ev("content_block_delta", index=i, delta={"type": "thinking_delta", "thinking": b["thinking"]})
                    ev("content_block_delta", index=i, delta={"type": "signature_delta", "signature": b["signature"]})
                elif b["type"] == "tool_use":
                    ev("content_block_start", index=i, content_block={**b, "input": {}})
                    ev(
                        "content_block_delta",
                        index=i,
                        delta={"type": "input_json_delta", "partial_json": json.dumps(b["input"])},
                    )
                else:  # server_tool_use, tool_search_tool_result ...: sent whole
                    ev("content_block_start", index=i, content_block=b)
                ev("content_block_stop", index=i)
            ev("message_delta", delta={"stop_reason": stop, "stop_sequence": None}, usage=usage)
            ev("message_stop")
        except (BrokenPipeError, ConnectionResetError):
            pass
