-- When a done task was put into the archive, or brought back from it.
CREATE TABLE archive (
    task     INTEGER PRIMARY KEY REFERENCES tasks (id) ON DELETE CASCADE,
    at       INTEGER NOT NULL,
    archived INTEGER NOT NULL
) STRICT;
