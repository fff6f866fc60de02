-- +goose Up
-- What is kept of measurements of others, by service and source; first and last are
-- minutes in which they were made. The measurements themselves stand beside those of
-- agents, behind all of them.
CREATE TABLE imported (
    service TEXT NOT NULL,
    source TEXT NOT NULL,
    count INTEGER NOT NULL,
    first INTEGER NOT NULL,
    last INTEGER NOT NULL,
    PRIMARY KEY (service, source)
) WITHOUT ROWID;

-- When the last measurement of an agent was made, for its way here takes time.
ALTER TABLE agent ADD COLUMN made INTEGER NOT NULL DEFAULT 0;

-- +goose Down
SELECT 'delete query.db instead: it is rebuilt from the log';
