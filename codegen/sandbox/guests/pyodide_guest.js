// What deno runs: CPython in WebAssembly, and the script in it. Whoever runs in here may do to this file what they like:
// what holds them is that deno was given no permission but reading pyodide's own folder.
//
// in, on stdin:   the length of a JSON object and the object, {"pyodide", "snapshot", "files", "code"}; a memory
//                 snapshot of `snapshot` bytes; from there on what the channel carries
// out, on stdout: packets of one byte that tells the descriptor, four of length, and that many (see inside_pyodide.py)

const HEADER = 5;
const [CHANNEL, STDOUT, STDERR, SNAPSHOT] = [3, 1, 2, 0];
const [stdin, stdout, exit] = [Deno.stdin, Deno.stdout, Deno.exit];

function readInto(bytes) {
  for (let done = 0; done < bytes.length;) {
    const count = stdin.readSync(bytes.subarray(done));
    if (count === null) exit(0);
    done += count;
  }
  return bytes;
}

function readLength() {
  return new DataView(readInto(new Uint8Array(4)).buffer).getUint32(0);
}

function send(kind, bytes) {
  const packet = new Uint8Array(HEADER + bytes.length);
  packet[0] = kind;
  new DataView(packet.buffer).setUint32(1, bytes.length);
  packet.set(bytes, HEADER);
  for (let done = 0; done < packet.length;) done += stdout.writeSync(packet.subarray(done));
  return bytes.length;
}

// The channel as a file, so that Python's own os.read and os.write reach it.
function makeChannel(FS) {
  const device = FS.makedev(64, 0);
  FS.registerDevice(device, {
    open(stream) {
      stream.seekable = false;
    },
    read(_stream, buffer, offset, length) {
      return stdin.readSync(new Uint8Array(buffer.buffer, buffer.byteOffset + offset, length)) ?? 0;
    },
    write(_stream, buffer, offset, length) {
      return send(CHANNEL, new Uint8Array(buffer.buffer, buffer.byteOffset + offset, length).slice());
    },
  });
  FS.mkdev("/dev/channel", 0o600, device);
}

function writeFiles(FS, files) {
  for (const [path, text] of Object.entries(files)) {
    FS.mkdirTree(path.slice(0, path.lastIndexOf("/")) || "/");
    FS.writeFile(path, text);
  }
}

// As in Python, a failure that nobody waits for ends nothing.
globalThis.addEventListener("unhandledrejection", (event) => event.preventDefault());

const setup = JSON.parse(new TextDecoder().decode(readInto(new Uint8Array(readLength()))));
const { loadPyodide } = await import(new URL("pyodide.mjs", setup.pyodide).href);
const options = { indexURL: decodeURIComponent(new URL(setup.pyodide).pathname) };
if (setup.snapshot) options._loadSnapshot = readInto(new Uint8Array(setup.snapshot));
else if (setup.snapshot === 0) options._makeSnapshot = true;

const pyodide = await loadPyodide(options);
if (setup.snapshot === 0) {
  writeFiles(pyodide.FS, setup.files);
  pyodide.runPython(setup.code);
  send(SNAPSHOT, pyodide.makeMemorySnapshot());
  exit(0);
}
pyodide.setStdout({ write: (bytes) => send(STDOUT, bytes) });
pyodide.setStderr({ write: (bytes) => send(STDERR, bytes) });
makeChannel(pyodide.FS);
writeFiles(pyodide.FS, setup.files);
exit(await pyodide.runPythonAsync(setup.code));
