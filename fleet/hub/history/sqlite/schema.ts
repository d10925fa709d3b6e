/**
 * One text per version of the schema, each taking the one before it to its own; `PRAGMA user_version` says which one a
 * file has. A text that was once released is never changed.
 */
export const MIGRATIONS: readonly string[] = [
  `
  CREATE TABLE events (
    -- AUTOINCREMENT: an id is never given twice, so that it can be a cursor.
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    device TEXT,
    source TEXT NOT NULL,
    chain TEXT,
    seq INTEGER,
    hash TEXT,
    kind TEXT NOT NULL,
    pipeline TEXT,
    time_ms INTEGER NOT NULL,
    received_ms INTEGER NOT NULL,
    text TEXT NOT NULL
  );
  CREATE INDEX events_of_device ON events (device, id);
  CREATE INDEX events_by_time ON events (time_ms);
  CREATE UNIQUE INDEX events_by_place ON events (device, chain, seq, hash) WHERE chain IS NOT NULL;

  CREATE TABLE chains (
    device TEXT NOT NULL,
    chain TEXT NOT NULL,
    state TEXT NOT NULL,
    PRIMARY KEY (device, chain)
  ) WITHOUT ROWID;

  CREATE TABLE kept (
    device TEXT PRIMARY KEY,
    events INTEGER NOT NULL,
    bytes INTEGER NOT NULL,
    dropped_events INTEGER NOT NULL
  ) WITHOUT ROWID;

  -- The empty pipeline is the board itself.
  CREATE TABLE series (
    id INTEGER PRIMARY KEY,
    device TEXT NOT NULL,
    pipeline TEXT NOT NULL,
    UNIQUE (device, pipeline)
  );

  CREATE TABLE board_figures (
    series INTEGER NOT NULL,
    at_s INTEGER NOT NULL,
    samples INTEGER NOT NULL,
    cpu REAL, gpu REAL, memory_bytes INTEGER, disk_free_bytes INTEGER, hottest REAL,
    PRIMARY KEY (series, at_s)
  ) WITHOUT ROWID;

  CREATE TABLE pipeline_figures (
    series INTEGER NOT NULL,
    at_s INTEGER NOT NULL,
    samples INTEGER NOT NULL,
    fps REAL NOT NULL, fps_min REAL NOT NULL, p50 REAL, p95 REAL, drops INTEGER NOT NULL,
    PRIMARY KEY (series, at_s)
  ) WITHOUT ROWID;
  `,
];
