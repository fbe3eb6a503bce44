-- Comments on a task's changes, and what its worktree was when it was last reviewed (a commit).
CREATE TABLE comments (
    id      INTEGER PRIMARY KEY AUTOINCREMENT,
    task    INTEGER NOT NULL REFERENCES tasks (id) ON DELETE CASCADE,
    place   TEXT NOT NULL,
    quote   TEXT NOT NULL,
    text    TEXT NOT NULL,
    made_at INTEGER NOT NULL,
    sent_at INTEGER
) STRICT;

CREATE INDEX comments_by_task ON comments (task);

CREATE TABLE reviews (
    task     INTEGER PRIMARY KEY REFERENCES tasks (id) ON DELETE CASCADE,
    snapshot TEXT NOT NULL,
    at       INTEGER NOT NULL
) STRICT;
