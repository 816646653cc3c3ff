"""Each start costs seconds: what can be asked of one run is asked of one."""

from __future__ import annotations

import os
import shutil
import socket
import sys
from pathlib import Path

import pytest

from codegen.extras import install
from codegen.sandbox.backend import Limits, Mounts, View
from codegen.sandbox.choose import choose
from codegen.sandbox.guests.inside_pyodide import LEAST_MEMORY
from codegen.sandbox.guests.pyodide import FOLDER_VARIABLE, Pyodide, find_deno

ROOT = Path(__file__).parents[2]
CACHE = ROOT / ".cache" / "servers"
GOLDEN = ROOT / "tests" / "golden"


@pytest.fixture(scope="session")
def backend():
    folder = Path(os.environ.get(FOLDER_VARIABLE) or CACHE / "node_modules" / "pyodide")
    if not find_deno():
        pytest.skip(f"deno is not installed: {install('pyodide')}")
    if not (folder / "pyodide.asm.wasm").exists():
        pytest.skip("pyodide is not installed: python tests/setup_servers.py")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(FOLDER_VARIABLE, str(folder))
        patch.setenv("XDG_CACHE_HOME", str(CACHE))
        yield Pyodide()


@pytest.fixture(scope="session")
def pyodide_wall(backend):
    wall = backend.prepare(View(Path(sys.executable), Mounts(())))
    yield wall
    wall.close()


@pytest.fixture
def guest(make, backend, pyodide_wall):
    """A workspace with generated tools of some servers."""
    sandbox = make(backend)
    sandbox.shared = pyodide_wall
    for server in ("names_and_collisions", "keywords_and_builtins"):
        shutil.copytree(GOLDEN / server, sandbox.workspace / "servers" / server)
    for file in ("__init__.py", "_client.py"):
        shutil.copy(ROOT / "servers" / file, sandbox.workspace / "servers" / file)
    (sandbox.workspace / "skills").mkdir()
    return sandbox


def test_the_script_is_a_real_main_module_with_its_tools_and_skills(guest, workspace):
    (workspace / "skills/twice.py").write_text(
        "from servers import gather\nfrom servers.keywords_and_builtins import import_\n"
        "def twice():\n    return gather(import_, import_)\n"
    )
    source = (
        "import asyncio, inspect, os, random, sys\n"
        "from servers import ToolError\n"
        "from servers.names_and_collisions import get_item_e189d4\n"
        "from skills.twice import twice\n"
        "async def main(x):\n"
        "    print('äöü €')\n"
        "    print('error', file=sys.stderr)\n"
        "    await asyncio.sleep(0.001)\n"
        "    try:\n"
        "        get_item_e189d4(item_id_2='bad')\n"
        "    except ToolError as error:\n"
        "        refused = error.message\n"
        "    called = await asyncio.to_thread(get_item_e189d4, item_id_2='a')\n"
        "    ours = [name for name in sys.modules if 'codegen' in name]\n"
        "    return {'x': x, 'called': called, 'refused': refused, 'twice': twice(), 'name': __name__,\n"
        "        'source': inspect.getsource(main).splitlines()[0], 'ours': ours, 'environment': sorted(os.environ),\n"
        "        'path': sys.path[0], 'files': sorted(os.listdir('.')), 'set': {1, 2}, 'platform': sys.platform,\n"
        "        'argv': sys.argv[1:]}\n"
    )

    def answer(call):
        if call["tool"] == "import":
            return {"value": "v"}
        return {"error": "no"} if call["arguments"]["item-id"] == "bad" else {"value": call["arguments"]}

    outcome = guest.served(source, answer, arguments={"x": 1}, argv=["a"])
    assert outcome.result == {
        "x": 1,
        "called": {"item-id": "a"},
        "refused": "no",
        "twice": ["v", "v"],
        "name": "__main__",
        "argv": ["a"],
        "source": "async def main(x):",
        "ours": [],
        "environment": ["CODEGEN_CHANNEL", "CODEGEN_WORKSPACE", "HOME", "LANG", "PATH"],
        "path": str(workspace),
        "files": ["servers", "skills"],
        "set": [1, 2],
        "platform": "emscripten",
    }
    assert (outcome.stdout, outcome.stderr) == ("äöü €\n", "error\n")


def test_a_failure_shows_the_scripts_own_frames(guest, workspace):
    source = "from servers import gather\ndef f():\n    return 1 / 0\ndef main():\n    gather(f)\n"
    outcome = guest.run(source)
    assert outcome.ending.code == 1
    assert outcome.failure == {"type": "ZeroDivisionError", "message": "division by zero", "line": 3}
    frames = [line.strip() for line in outcome.stderr.splitlines() if line.startswith("  File")]
    file = workspace / "scripts" / "script.py"
    assert frames == [f'File "{file}", line {n}, in {name}' for n, name in ((5, "main"), (3, "f"))]


def test_no_file_but_the_modules_is_there_and_the_exit_status_is_the_scripts(guest, workspace):
    (workspace / "skills/leak.py").symlink_to(workspace.parent / "secret.txt")
    (workspace / "servers/leak").symlink_to(workspace.parent)
    source = (
        "import os, sys\ntry:\n    open('data/x', 'w')\nexcept FileNotFoundError:\n    print('no data')\n"
        "print([os.path.exists(path) for path in ('README.md', 'skills/leak.py', 'servers/leak', 'servers')])\n"
        "sys.exit(3)"
    )
    outcome = guest.run(source)
    assert (outcome.ending.code, outcome.frames) == (3, [])
    assert outcome.stdout == "no data\n[False, False, False, True]\n"
    assert list((workspace / "data").iterdir()) == []


def test_an_endless_loop_ends_by_its_cpu_time(guest):
    outcome = guest.run("print('up')\nfrom js import eval\neval('for (;;) {}')", limits=Limits(cpu_s=3))
    assert (outcome.stdout, outcome.ending.limit) == ("up\n", "cpu")


@pytest.mark.parametrize(
    "source",
    [
        "x = []\nwhile True:\n    x.append(b'a' * (1 << 26))",
        "from js import eval\neval('const kept = []; for (;;) kept.push(new Uint8Array(1 << 26).fill(1))')",
        pytest.param(
            "from js import eval\neval('const kept = []; for (;;) kept.push(new Array(1 << 20).fill(0.5))')",
            marks=pytest.mark.long,
        ),
    ],
    ids=["Python", "buffers", "objects"],
)
def test_memory_ends_as_an_error_or_by_its_limit(guest, source):
    outcome = guest.run(f"print('up')\n{source}", limits=Limits(memory_bytes=LEAST_MEMORY))
    told = bool(outcome.frames) and outcome.failure["type"] in {"MemoryError", "JsException"}
    assert outcome.stdout == "up\n"
    assert told or outcome.ending.limit == "memory"


def test_too_little_memory_to_start_is_said_in_advance(guest):
    outcome = guest.run("", limits=Limits(memory_bytes=LEAST_MEMORY - 1))
    assert (outcome.ending.code, outcome.stdout) == (1, "")
    assert outcome.failure["message"] == 'pyodide needs a memory limit of 768 MiB: memory = "768MiB" under [sandbox]'


def test_killing_a_run_that_floods_ends_its_interpreter(guest):
    run = guest.begin()
    run.send(guest.start_frame("while True:\n    print('up')"))
    assert run.stdout_line() == "up\n"
    run.process.kill()
    assert run.process.wait(10).reason == "killed"
    while run.stdout_line():
        pass


PYTHON = {
    "open": "open(secret).read()",
    "proc": "open('/proc/self/environ').read()",
    "listdir": "[name for name in __import__('os').listdir('/') if name in ('etc', 'root', 'var', 'usr')] or 1 / 0",
    "write": "open(written, 'w')",
    "system": "__import__('os').system('id') and 1 / 0",
    "fork": "__import__('os').fork()",
    "exec": "__import__('os').execv('/bin/sh', ['sh'])",
    "subprocess": "__import__('subprocess').check_output(['id'])",
    "socket": "__import__('socket').create_connection(('127.0.0.1', port), 1)",
    "urllib": "__import__('urllib.request').request.urlopen(url).read()",
    "ctypes": "__import__('ctypes').CDLL('libc.so.6').getpid()",
    "pyfetch": "__import__('pyodide.http').http.open_url(url).read()",
    "mount": "__import__('pyodide_js').FS.mount(__import__('pyodide_js').FS.filesystems.NODEFS, {}, '/tmp')",
    "mount by name": "__import__('pyodide_js').mountNodeFS('/host', '/')",
    "package": "__import__('pyodide_js').loadPackage(url + 'x.whl') and 1 / 0",
    "environment": "__import__('os').environ['CANARY']",
    "fd": "[__import__('os').fstat(number) for number in range(4, 40)]",
}

JAVASCRIPT = {
    "read": "Deno.readTextFileSync(secret)",
    "read by URL": "Deno.readTextFileSync(new URL('file://' + secret))",
    "read up from pyodide": "Deno.readTextFileSync(folder + '/../../../pyproject.toml')",
    "stat": "Deno.statSync(secret)",
    "list": "[...Deno.readDirSync('/')]",
    "proc": "Deno.readTextFileSync('/proc/self/environ')",
    "descriptor": "Deno.readTextFileSync('/proc/self/fd/0')",
    "write": "Deno.writeTextFileSync(written, 'x')",
    "write to pyodide": "Deno.writeTextFileSync(folder + '/package.json', 'x')",
    "temporary file": "Deno.makeTempFileSync()",
    "environment": "Deno.env.get('CANARY')",
    "all of the environment": "JSON.stringify(Deno.env.toObject())",
    "process": "new Deno.Command('id').outputSync()",
    "kill": "Deno.kill(Deno.ppid, 'SIGKILL')",
    "library": "Deno.dlopen('libc.so.6', {})",
    "host name": "Deno.hostname()",
    "user": "Deno.uid()",
    "permission": "(async () => { const it = await Deno.permissions.request({name: 'read'});"
    " if (it.state !== 'granted') throw Error() })()",
    "fetch": "fetch(url)",
    "fetch a file": "(async () => (await fetch('file://' + secret)).text())()",
    "connect": "Deno.connect({port})",
    "Unix socket": "Deno.connect({transport: 'unix', path: '/run/docker.sock'})",
    "listen": "Deno.listen({port: 0})",
    "WebSocket": "new Promise((yes, no) => { const it = new WebSocket(url.replace('http', 'ws'));"
    " it.onopen = yes; it.onerror = () => no(Error()) })",
    "name": "Deno.resolveDns('example.com', 'A')",
    "import a file": "(async () => (await import('file://' + secret.replace('.txt', '.mjs'))).default)()",
    "import JSON": "(async () => (await import('file://' + json, {with: {type: 'json'}})).default.secret)()",
    "import text": "(async () => (await import('file://' + secret, {with: {type: 'text'}})).default)()",
    "import in data": "(async () => (await import(`data:text/javascript,import s from 'file://${json}'"
    " with {type: 'json'}; export default s.secret`)).default)()",
    "import from the network": "import(url + 'x.js')",
    "import from a host that is allowed by default": "import('https://deno.land/std/version.ts')",
    "import from npm": "import('npm:left-pad')",
    "import from jsr": "import('jsr:@std/path')",
    "worker": "new Promise((yes, no) => { const it = new Worker('file://' + secret.replace('.txt', '.mjs'),"
    " {type: 'module'}); it.onmessage = (e) => yes(e.data); it.onerror = (e) => { e.preventDefault(); no(Error()) } })",
    "worker that reads": "new Promise((yes, no) => { const it = new Worker('data:text/javascript,'"
    " + encodeURIComponent(`postMessage(Deno.readTextFileSync('${secret}'))`), {type: 'module'});"
    " it.onmessage = (e) => yes(e.data); it.onerror = (e) => { e.preventDefault(); no(Error()) } })",
    "node fs": "(async () => (await import('node:fs')).readFileSync(secret, 'utf8'))()",
    "node descriptors": "(async () => { const fs = await import('node:fs');"
    " for (let n = 3; n < 40; n++) try { return fs.fstatSync(n) } catch {} throw Error() })()",
    "node child_process": "(async () => (await import('node:child_process')).execSync('id'))()",
    "node require": "(async () => (await import('node:module')).createRequire('file://' + json)(json))()",
    "node process": "(async () => (await import('node:process')).default.env.CANARY)()",
    "node binding": "(async () => (await import('node:process')).default.dlopen({exports: {}}, secret))()",
    "node net": "new Promise(async (yes, no) => { const it = (await import('node:net')).connect(port, '127.0.0.1');"
    " it.on('connect', yes); it.on('error', no) })",
    "node sqlite": "(async () => new (await import('node:sqlite')).DatabaseSync(written))()",
    "node vm": "(async () => (await import('node:vm')).runInThisContext(`Deno.readTextFileSync('${secret}')`))()",
    "node worker": "new Promise(async (yes, no) => { const it = new (await import('node:worker_threads')).Worker("
    "`require('fs').readFileSync('${secret}')`, {eval: true});"
    " it.on('exit', (code) => code ? no(Error()) : yes()); it.on('error', no) })",
    "node inspector": "(async () => (await import('node:inspector')).open(0))()",
    "node v8": "(async () => { (await import('node:v8')).setFlagsFromString('--allow-natives-syntax');"
    " return eval('%GetUndetectable()') })()",
    "node wasi": "(async () => new (await import('node:wasi')).WASI({version: 'preview1', preopens: {'/': '/'}}))()",
    "kept from run to run": "localStorage.setItem('a', 'b')",
    "cached from run to run": "caches.open('a')",
    "inner operations": "Deno[Deno.internal].core.ops.op_node_open_sync(secret, 0, 0)",
    "inner operations of files": "Deno[Deno.internal].core.ops.op_fs_copy_file_sync(secret, written)",
    "read what it may": "JSON.parse(Deno.readTextFileSync(folder + '/package.json')).license",
    "function constructor": "new Function('return Deno')().readTextFileSync(secret)",
}

TRY_ALL = """
import json, js, sys
from pyodide.ffi import JsException
HEAD = f"var [secret, json, written, folder, url, port] = {js.JSON.stringify(js.eval(json.dumps(PLACES)))};"
secret, _, written, _, url, port = PLACES
async def main():
    got = {}
    for name, attack in PYTHON.items():
        try:
            got["python: " + name] = repr(eval(attack))
        except BaseException:
            pass
    for name, attack in JAVASCRIPT.items():
        try:
            value = js.eval(HEAD + attack)
            got[name] = str(await value if hasattr(value, "then") else value)
        except BaseException:
            pass
    return got
"""


def test_nothing_of_the_host_is_reached_through_any_door(guest, workspace, monkeypatch):
    monkeypatch.setenv("CANARY", "SECRET")
    secret, written = workspace.parent / "secret.txt", workspace / "data" / "written"
    secret.with_suffix(".mjs").write_text("globalThis.postMessage?.('SECRET'); export default 'SECRET'\n")
    secret.with_suffix(".json").write_text('{"secret": "SECRET"}\n')
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        folder, url = os.environ[FOLDER_VARIABLE], f"http://127.0.0.1:{port}/"
        places = [str(secret), str(secret.with_suffix(".json")), str(written), folder, url, port]
        given = {"PLACES": places, "PYTHON": PYTHON, "JAVASCRIPT": JAVASCRIPT}
        outcome = guest.run("".join(f"{name} = {value!r}\n" for name, value in given.items()) + TRY_ALL)
        listener.setblocking(False)
        with pytest.raises(BlockingIOError):
            listener.accept()
    assert outcome.result == {"read what it may": "MPL-2.0"}
    assert "SECRET" not in f"{outcome}"
    assert not written.exists()


def test_it_is_chosen_only_by_name_and_says_what_it_lacks(backend):
    chosen = choose("pyodide")
    assert chosen.level == "pyodide (weaker)"
    assert any("data/" in each for each in chosen.found.weaker)
    assert choose().backend.name != "pyodide"


def test_what_is_missing_is_named_with_the_command_that_installs_it(monkeypatch, tmp_path):
    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path))
    monkeypatch.setattr("codegen.sandbox.guests.pyodide.find_deno", lambda: "/bin/true")
    found = Pyodide().probe()
    assert (found.works, found.needs_consent) == (False, True)
    assert found.mend.startswith("npm install")
    monkeypatch.setattr("codegen.sandbox.guests.pyodide.find_deno", lambda: "")
    assert Pyodide().probe().mend == install("pyodide")


def test_another_series_is_not_tried(monkeypatch, tmp_path):
    (tmp_path / "pyodide.asm.wasm").touch()
    (tmp_path / "package.json").write_text('{"version": "0.29.5"}')
    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path))
    monkeypatch.setattr("codegen.sandbox.guests.pyodide.find_deno", lambda: "/bin/true")
    assert "pyodide is 0.29.5" in Pyodide().probe().why
