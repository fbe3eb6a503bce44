-- What the user has not seen of a session, and what they were told of it last.
CREATE TABLE attention (
    session INTEGER PRIMARY KEY REFERENCES sessions (id) ON DELETE CASCADE,
    unseen  INTEGER NOT NULL DEFAULT 0,
    told    TEXT NOT NULL DEFAULT ''
) STRICT;

-- Messages for when an agent is idle, in their order. `tried` is the run that one was typed in without being
-- seen to be taken: it is not typed there again.
CREATE TABLE follow_ups (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    task       INTEGER NOT NULL REFERENCES tasks (id) ON DELETE CASCADE,
    text       TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    tried      INTEGER
) STRICT;

CREATE INDEX follow_ups_by_task ON follow_ups (task);
