-- Whether agents may be told that a project's files can be trusted. A command of it that was trusted by now
-- does not say that.
ALTER TABLE projects ADD COLUMN trusted INTEGER NOT NULL DEFAULT 0;
