-- What is wanted of a task's loop, and how it stands: written after every step.
CREATE TABLE loops (
    task     INTEGER PRIMARY KEY REFERENCES tasks (id) ON DELETE CASCADE,
    settings TEXT NOT NULL,
    state    TEXT
) STRICT;

-- What came of each iteration of a loop.
CREATE TABLE iterations (
    task   INTEGER NOT NULL REFERENCES tasks (id) ON DELETE CASCADE,
    number INTEGER NOT NULL,
    record TEXT NOT NULL,
    PRIMARY KEY (task, number)
) STRICT;
