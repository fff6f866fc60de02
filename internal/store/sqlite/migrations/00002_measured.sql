-- +goose Up
-- Measurements by their position in the log; minute is when they were made, by the
-- hub's clock, and came when they were received.
CREATE TABLE measurement (
    seq INTEGER PRIMARY KEY,
    service TEXT NOT NULL,
    agent TEXT NOT NULL,
    minute INTEGER NOT NULL,
    came INTEGER NOT NULL,
    data TEXT NOT NULL
);
CREATE INDEX measurement_service ON measurement (service, minute);
CREATE INDEX measurement_agent ON measurement (agent, minute);

-- What one agent saw of a service in a slot of some minutes, by layer.
CREATE TABLE look (
    service TEXT NOT NULL,
    slot INTEGER NOT NULL,
    agent TEXT NOT NULL,
    layers TEXT NOT NULL,
    PRIMARY KEY (service, slot, agent)
) WITHOUT ROWID;
CREATE INDEX look_slot ON look (slot);

-- Points of signals other than reports: one row holds an hour of a cell and, until
-- they age out, its minutes.
CREATE TABLE probed (
    service TEXT NOT NULL,
    signal TEXT NOT NULL,
    hour INTEGER NOT NULL,
    layer TEXT NOT NULL,
    family INTEGER NOT NULL,
    country TEXT NOT NULL,
    network TEXT NOT NULL,
    count INTEGER NOT NULL,
    trials INTEGER NOT NULL,
    total REAL NOT NULL,
    minutes TEXT,
    PRIMARY KEY (service, signal, hour, layer, family, country, network)
) WITHOUT ROWID;
CREATE INDEX probed_hour ON probed (hour) WHERE minutes IS NOT NULL;

CREATE TABLE agent (
    id TEXT PRIMARY KEY,
    revision INTEGER NOT NULL,
    measured INTEGER NOT NULL DEFAULT 0,
    sequence INTEGER NOT NULL DEFAULT 0,
    clock TEXT,
    data TEXT
) WITHOUT ROWID;

-- Every revision of what a vendor says: some a day, for ever.
CREATE TABLE word (
    service TEXT NOT NULL,
    revision INTEGER NOT NULL,
    minute INTEGER NOT NULL,
    data TEXT NOT NULL,
    PRIMARY KEY (service, revision)
) WITHOUT ROWID;

-- What probes say of a service from a minute on: a record a change, for ever.
CREATE TABLE probestate (
    service TEXT NOT NULL,
    minute INTEGER NOT NULL,
    data TEXT NOT NULL,
    PRIMARY KEY (service, minute)
) WITHOUT ROWID;

-- +goose Down
SELECT 'delete query.db instead: it is rebuilt from the log';
