-- What conversations used, by model and day. Money that was spent stays spent: no row goes with its task,
-- its project or its session.
CREATE TABLE usage (
    session        INTEGER NOT NULL,
    conversation   TEXT NOT NULL,
    model          TEXT NOT NULL,
    day            INTEGER NOT NULL,
    task           INTEGER NOT NULL,
    project        INTEGER NOT NULL,
    agent          TEXT NOT NULL,
    requests       INTEGER NOT NULL,
    input          INTEGER NOT NULL,
    cache_read     INTEGER NOT NULL,
    cache_write_5m INTEGER NOT NULL,
    cache_write_1h INTEGER NOT NULL,
    output         INTEGER NOT NULL,
    reasoning      INTEGER NOT NULL,
    cost           INTEGER,
    reported       INTEGER NOT NULL,
    PRIMARY KEY (session, conversation, model, day)
) STRICT, WITHOUT ROWID;

CREATE INDEX usage_by_task ON usage (task);
CREATE INDEX usage_by_day ON usage (day);
