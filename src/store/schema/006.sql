-- What headless runs came to, as they told it themselves.
CREATE TABLE run_summaries (
    run     INTEGER PRIMARY KEY REFERENCES runs (id) ON DELETE CASCADE,
    summary TEXT NOT NULL
) STRICT;
