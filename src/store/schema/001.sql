CREATE TABLE projects (
    id            INTEGER PRIMARY KEY AUTOINCREMENT,
    name          TEXT NOT NULL UNIQUE,
    path          TEXT NOT NULL UNIQUE,
    workspace     TEXT NOT NULL,
    slots         INTEGER,
    trusted_setup TEXT,
    created_at    INTEGER NOT NULL
) STRICT;

CREATE TABLE tasks (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    project     INTEGER NOT NULL REFERENCES projects (id) ON DELETE CASCADE,
    title       TEXT NOT NULL,
    prompt      TEXT NOT NULL,
    agent       TEXT NOT NULL,
    command     TEXT,
    mode        TEXT NOT NULL,
    base        TEXT,
    priority    INTEGER NOT NULL,
    labels      TEXT NOT NULL,
    depends_on  TEXT NOT NULL,
    budget      INTEGER,
    status      TEXT NOT NULL,
    position    INTEGER NOT NULL,
    held        INTEGER NOT NULL,
    branch      TEXT,
    base_commit TEXT,
    worktree    TEXT,
    reason      TEXT,
    created_at  INTEGER NOT NULL,
    changed_at  INTEGER NOT NULL
) STRICT;

CREATE INDEX tasks_by_project ON tasks (project);

CREATE TABLE sessions (
    id           INTEGER PRIMARY KEY AUTOINCREMENT,
    task         INTEGER NOT NULL REFERENCES tasks (id) ON DELETE CASCADE,
    project      INTEGER NOT NULL,
    agent        TEXT NOT NULL,
    mode         TEXT NOT NULL,
    conversation TEXT,
    cwd          TEXT NOT NULL,
    state        TEXT NOT NULL,
    started_at   INTEGER NOT NULL,
    ended_at     INTEGER,
    exit         TEXT
) STRICT;

CREATE INDEX sessions_by_task ON sessions (task);

CREATE TABLE runs (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    session    INTEGER NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
    number     INTEGER NOT NULL,
    pid        INTEGER,
    command    TEXT NOT NULL,
    started_at INTEGER NOT NULL,
    ended_at   INTEGER,
    exit       TEXT
) STRICT;

CREATE INDEX runs_by_session ON runs (session);

-- What happened, why, by whom. Never changed; a removed task's history stays.
CREATE TABLE events (
    id      INTEGER PRIMARY KEY AUTOINCREMENT,
    at      INTEGER NOT NULL,
    task    INTEGER,
    session INTEGER,
    kind    TEXT NOT NULL,
    detail  TEXT NOT NULL,
    actor   TEXT NOT NULL
) STRICT;

CREATE INDEX events_by_task ON events (task, id);

CREATE TABLE settings (
    name  TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT;
