-- The check command that the user has trusted, by its hash.
ALTER TABLE projects ADD COLUMN trusted_check TEXT;

-- The newest check of each task. `verdict` is JSON.
CREATE TABLE checks (
    task    INTEGER PRIMARY KEY REFERENCES tasks (id) ON DELETE CASCADE,
    command TEXT NOT NULL,
    tree    TEXT NOT NULL,
    head    TEXT NOT NULL,
    verdict TEXT NOT NULL,
    output  TEXT NOT NULL,
    at      INTEGER NOT NULL,
    took    INTEGER NOT NULL
) STRICT;

-- What was done to repositories, so that it can be finished after a crash and taken back later. It outlives
-- the task it is about. `journal` is JSON: everything that either needs.
CREATE TABLE operations (
    id      INTEGER PRIMARY KEY AUTOINCREMENT,
    kind    TEXT NOT NULL,
    state   TEXT NOT NULL,
    task    INTEGER NOT NULL,
    project INTEGER NOT NULL,
    title   TEXT NOT NULL,
    at      INTEGER NOT NULL,
    journal TEXT NOT NULL
) STRICT;

CREATE INDEX operations_by_task ON operations (task);

-- Accepted tasks that wait to be integrated, in their order. `wish` is JSON: how.
CREATE TABLE merge_queue (
    id   INTEGER PRIMARY KEY AUTOINCREMENT,
    task INTEGER NOT NULL UNIQUE REFERENCES tasks (id) ON DELETE CASCADE,
    wish TEXT NOT NULL,
    at   INTEGER NOT NULL
) STRICT;

-- Tasks that try what another one tries.
CREATE TABLE forks (
    task INTEGER PRIMARY KEY REFERENCES tasks (id) ON DELETE CASCADE,
    of   INTEGER NOT NULL
) STRICT;
