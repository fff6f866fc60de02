-- +goose Up
-- Numbers that pages poll: closed, oldest, since, version.
CREATE TABLE pulse (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;

-- The last record of each topic that is in here.
CREATE TABLE position (topic TEXT PRIMARY KEY, seq INTEGER NOT NULL) WITHOUT ROWID;

-- num keeps keys short; data is null until the catalog has named the service.
CREATE TABLE service (
    num INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    since INTEGER NOT NULL DEFAULT 0,
    data TEXT,
    bulletin TEXT
);

-- One row holds an hour of a service and, until they age out, its 60 minutes:
-- a day is 24 rows to read. The blobs are pairs of minute and count.
CREATE TABLE hour (
    service INTEGER NOT NULL,
    hour INTEGER NOT NULL,
    count INTEGER NOT NULL,
    aside INTEGER NOT NULL,
    counts BLOB,
    asides BLOB,
    PRIMARY KEY (service, hour)
) WITHOUT ROWID;

-- The same for released counts by country (dim 1) and category (dim 2).
CREATE TABLE cell (
    service INTEGER NOT NULL,
    dim INTEGER NOT NULL,
    hour INTEGER NOT NULL,
    name TEXT NOT NULL,
    count INTEGER NOT NULL,
    counts BLOB,
    PRIMARY KEY (service, dim, hour, name)
) WITHOUT ROWID;

-- Names that were ever released: they may be listed without saying anything new.
CREATE TABLE known (
    service INTEGER NOT NULL,
    dim INTEGER NOT NULL,
    name TEXT NOT NULL,
    PRIMARY KEY (service, dim, name)
) WITHOUT ROWID;

-- What the small-cell rule keeps back.
CREATE TABLE waiting (
    service INTEGER NOT NULL,
    dim INTEGER NOT NULL,
    name TEXT NOT NULL,
    count INTEGER NOT NULL,
    PRIMARY KEY (service, dim, name)
) WITHOUT ROWID;

-- Minutes in which nobody listened, first to last; ranges never touch.
CREATE TABLE missing (first INTEGER PRIMARY KEY, last INTEGER NOT NULL);

CREATE TABLE baseline (
    service INTEGER NOT NULL,
    hour INTEGER NOT NULL,
    frozen INTEGER NOT NULL,
    quarters BLOB NOT NULL,
    PRIMARY KEY (service, hour)
) WITHOUT ROWID;

CREATE TABLE incident (
    id TEXT PRIMARY KEY,
    service TEXT NOT NULL,
    detected INTEGER NOT NULL,
    onset INTEGER NOT NULL,
    last INTEGER NOT NULL,
    open INTEGER NOT NULL,
    confirmed INTEGER NOT NULL,
    revision INTEGER NOT NULL,
    data TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX incident_newest ON incident (detected);
CREATE INDEX incident_service ON incident (service, detected);
CREATE INDEX incident_open ON incident (detected) WHERE open;

CREATE TABLE revision (
    incident TEXT NOT NULL,
    revision INTEGER NOT NULL,
    data TEXT NOT NULL,
    PRIMARY KEY (incident, revision)
) WITHOUT ROWID;

-- +goose Down
SELECT 'delete query.db instead: it is rebuilt from the log';
