-- +goose Up
-- Every revision of what an incident is consistent with, for ever: whole (packed),
-- and as lists show it.
CREATE TABLE verdict (
    incident TEXT NOT NULL,
    revision INTEGER NOT NULL,
    brief TEXT NOT NULL,
    whole BLOB NOT NULL,
    PRIMARY KEY (incident, revision)
);

-- +goose Down
SELECT 'delete query.db instead: it is rebuilt from the log';
