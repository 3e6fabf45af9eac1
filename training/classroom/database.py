"""The database of rooms and lessons: SQLite in WAL mode, so that several server processes read and write it together.

It stands in the runs folder and holds no name, no address and no id of a visitor: whose a guess is says a mark that
fits one room alone and that nobody without the server's secret can make.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager

from training.system.errors import UserError
from training.system.folders import runs_folder

__all__ = ["DATABASE", "opened"]

DATABASE = ".rooms.sqlite"
PATIENCE_SECONDS = 5.0  # while another process writes
_TABLES = """
CREATE TABLE IF NOT EXISTS room (
    code TEXT PRIMARY KEY, host TEXT NOT NULL, opened REAL NOT NULL, used REAL NOT NULL, question INTEGER
) STRICT;
CREATE TABLE IF NOT EXISTS question (
    id INTEGER PRIMARY KEY, code TEXT NOT NULL REFERENCES room (code) ON DELETE CASCADE,
    page TEXT NOT NULL, text TEXT NOT NULL, options TEXT NOT NULL, closed INTEGER NOT NULL DEFAULT 0,
    UNIQUE (code, page, text, options)
) STRICT;
CREATE TABLE IF NOT EXISTS guess (
    question INTEGER NOT NULL REFERENCES question (id) ON DELETE CASCADE, mark TEXT NOT NULL, option TEXT NOT NULL,
    PRIMARY KEY (question, mark)
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS lesson (name TEXT PRIMARY KEY, text TEXT NOT NULL, used REAL NOT NULL) STRICT;
"""


@contextmanager
def opened() -> Iterator[sqlite3.Connection]:
    """The database, in one transaction that is kept as a whole or not at all.

    Raises:
        UserError: it cannot be read or written.
    """
    folder = runs_folder()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with closing(sqlite3.connect(folder / DATABASE, timeout=PATIENCE_SECONDS, isolation_level=None)) as found:
            found.execute("PRAGMA journal_mode = WAL")
            found.execute("PRAGMA foreign_keys = ON")
            found.executescript(_TABLES)
            found.execute("BEGIN IMMEDIATE")
            try:
                yield found
            except BaseException:
                found.execute("ROLLBACK")
                raise
            found.execute("COMMIT")
    except (OSError, sqlite3.Error) as error:
        raise UserError(
            f"This server's rooms and lessons cannot be read or written ({error}): try again, or ask who runs it."
        ) from error
