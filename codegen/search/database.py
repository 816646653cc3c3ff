"""The index file: its schema, opening it to read or to write, and what happens when it is not what it should be.

WAL, so that a reader sees the last commit and neither waits for a writer nor holds one up; a writer killed in the
middle leaves frames that nobody reads.
"""

# Without pathlib, whose import takes as long as starting the interpreter:

from __future__ import annotations

import os
import sqlite3

TYPE_CHECKING = False
if TYPE_CHECKING:
    from codegen.errors import WorkspaceError

APPLICATION = 0x63646778
"""SQLite's application_id of our files ("cdgx")."""
SCHEMA = 3
"""Raised with every change to the tables, the packing of postings, or what words.py makes of a text."""
WAIT_SECONDS = 30.0
DAMAGED = (sqlite3.DatabaseError, UnicodeDecodeError)
"""What SQLite raises on a damaged file; the second where the damage is in a text, be it a table's definition."""

_OF_THE_PLACE = frozenset(
    {
        sqlite3.SQLITE_PERM,
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_LOCKED,
        sqlite3.SQLITE_NOMEM,
        sqlite3.SQLITE_READONLY,
        sqlite3.SQLITE_INTERRUPT,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_CANTOPEN,
    }
)
_TABLES = """
CREATE TABLE groups (
    id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, digest TEXT NOT NULL, server TEXT NOT NULL, folder TEXT NOT NULL,
    alias TEXT NOT NULL, summary TEXT NOT NULL, segment INTEGER NOT NULL, first INTEGER NOT NULL,
    size INTEGER NOT NULL, embedder TEXT NOT NULL
);
CREATE INDEX aliases ON groups (alias);
CREATE TABLE vectors (grp INTEGER PRIMARY KEY, vectors BLOB NOT NULL);
CREATE TABLE documents (
    id INTEGER PRIMARY KEY, path TEXT NOT NULL, server TEXT NOT NULL, signature TEXT NOT NULL, brief TEXT NOT NULL,
    summary TEXT NOT NULL, effect TEXT NOT NULL
);
CREATE TABLE postings (segment INTEGER, term TEXT, columns BLOB NOT NULL, PRIMARY KEY (segment, term)) WITHOUT ROWID;
CREATE TABLE dead (
    segment INTEGER, first INTEGER, size INTEGER NOT NULL, PRIMARY KEY (segment, first)
) WITHOUT ROWID;
"""


def open_to_read(db: str | os.PathLike[str]) -> sqlite3.Connection:
    """A read-only connection. Raises WorkspaceError when there is no index, or none of ours."""
    path = os.fspath(db)
    if not os.path.isfile(path):
        raise unusable(path, "does not exist")
    connection = sqlite3.connect(uri(path, "mode=ro"), uri=True, timeout=WAIT_SECONDS, isolation_level=None)
    try:
        if not _is_ours(connection):
            raise unusable(path, "was written by another version")
    except DAMAGED as error:
        connection.close()
        if getattr(error, "sqlite_errorcode", 0) & 0xFF in (sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY):
            return _open_unwritable(path)
        raise unusable(path, f"is damaged: {error}") from error
    except BaseException:
        connection.close()
        raise
    return connection


def unusable(path: str, what: str) -> WorkspaceError:
    """The error of a reader that can't go on, and the way out."""
    from codegen.errors import WorkspaceError as Error  # only a failure pays for the import

    return Error(f"the search index {path} {what}", hint="write it anew with `codegen sync`")


def open_to_write(db: str | os.PathLike[str]) -> sqlite3.Connection:
    """A connection to a file that is ours and has today's schema: created, or replaced when it is neither.

    Raises WorkspaceError when the folder can't be written.
    """
    path = os.fspath(db)
    try:
        connection = _connect(path)
        if connection is None:
            put_sound(path)
            connection = _connect(path)
    except (OSError, *DAMAGED) as error:
        raise unusable(path, f"can't be written: {error}") from error
    if connection is None:
        raise unusable(path, "can't be written")
    return connection


def put_sound(path: str, *, certain: bool = False) -> None:
    """Puts an empty index in the place of a missing, damaged or foreign one; whoever comes second finds it done.

    `certain`: it is damaged, even if it doesn't look it.

    What was in it is made again: `groups` no longer lists it. The old log goes first, or it would be replayed into the
    new file. A connection to the old file goes on with what it has open.
    """
    import fcntl  # readers have no use for it

    os.makedirs(os.path.dirname(os.path.abspath(path)), exist_ok=True)
    with open(path + ".lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        connection = _connect(path)
        if connection is not None:
            sound = is_sound(connection)
            connection.close()
            if sound and not certain:
                return
        fresh = path + ".new"
        _unlink(fresh, fresh + "-wal", fresh + "-shm")
        _create(fresh)
        _unlink(path + "-wal", path + "-shm")
        os.replace(fresh, path)


def is_damage(error: Exception) -> bool:
    """Whether an error tells of the file itself, and not of a full disk, a lock, or a folder that can't be written."""
    return getattr(error, "sqlite_errorcode", sqlite3.SQLITE_CORRUPT) & 0xFF not in _OF_THE_PLACE


def is_sound(connection: sqlite3.Connection) -> bool:
    """Whether every page of the file can be read and is in its place, and the tables are those we made."""
    try:
        tables = {sql.strip() for (sql,) in connection.execute("SELECT sql FROM sqlite_master WHERE sql <> ''")}
        wanted = {statement.strip() for statement in _TABLES.split(";")} - {""}
        return tables == wanted and bool(connection.execute("PRAGMA quick_check(1)").fetchone() == ("ok",))
    except DAMAGED:
        return False


def uri(path: str, options: str) -> str:
    """SQLite's URI of a path; urllib.parse would cost milliseconds."""
    quoted = os.path.abspath(path).replace("%", "%25").replace("?", "%3f").replace("#", "%23")
    return f"file://{quoted}?{options}"


def _connect(path: str) -> sqlite3.Connection | None:
    """A connection for writing, or None when the file is missing, damaged or not ours."""
    if not os.path.isfile(path):
        return None
    connection = sqlite3.connect(path, timeout=WAIT_SECONDS, isolation_level=None)
    try:
        if _is_ours(connection):
            connection.execute("PRAGMA synchronous=NORMAL")  # a power cut may lose the last commits, never the file
            return connection
    except DAMAGED as error:
        if not is_damage(error):
            connection.close()
            raise
    connection.close()
    return None


def _create(path: str) -> None:
    connection = sqlite3.connect(path, isolation_level=None)
    try:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.executescript(_TABLES)
        connection.execute(f"PRAGMA application_id={APPLICATION}")
        connection.execute(f"PRAGMA user_version={SCHEMA}")
    finally:
        connection.close()


def _unlink(*paths: str) -> None:
    for path in paths:
        if os.path.exists(path):
            os.unlink(path)


def _is_ours(connection: sqlite3.Connection) -> bool:
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    (schema,) = connection.execute("PRAGMA user_version").fetchone()
    return bool(application == APPLICATION and schema == SCHEMA)


def _open_unwritable(path: str) -> sqlite3.Connection:
    """A folder we may not write (a read-only mount) has no room for the log's shared memory.

    Read as it is then, unless a log is there that would have to be read with it.
    """
    if os.path.exists(path + "-wal") and os.path.getsize(path + "-wal"):
        raise unusable(path, "is being written, and can't be read without leave to write beside it")
    connection = sqlite3.connect(uri(path, "mode=ro&immutable=1"), uri=True, isolation_level=None)
    try:
        if _is_ours(connection):
            return connection
    except DAMAGED as error:
        connection.close()
        raise unusable(path, f"can't be read: {error}") from error
    connection.close()
    raise unusable(path, "was written by another version")
