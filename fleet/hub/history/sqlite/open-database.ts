import { existsSync, mkdirSync, renameSync } from "node:fs";
import path from "node:path";
import { DatabaseSync } from "node:sqlite";
import { FleetError } from "../../../errors/index.ts";
import { diskErrorIn } from "../../../transfer/files/disk-error.ts";
import { MIGRATIONS } from "./schema.ts";

/** A file that could not be used, where it lies now, and why. */
export interface SetAside {
  file: string;
  reason: string;
}

/** SQLITE_CORRUPT, SQLITE_NOTADB (https://www.sqlite.org/rescode.html). */
const DAMAGED_CODES = new Set([11, 26]);
const FULL_CODE = 13;
const BUSY_MS = 2000;

/**
 * Opens the file, or makes it. One that is damaged, or of a newer version than this one knows, is kept under another
 * name and a new one begun: a hub without its past is better than no hub.
 */
export function openDatabase(file: string): { db: DatabaseSync; setAside: SetAside | null } {
  try {
    mkdirSync(path.dirname(file), { recursive: true, mode: 0o700 });
    return openOrSetAside(file);
  } catch (error) {
    throw asHistoryError(error, file);
  }
}

function openOrSetAside(file: string): { db: DatabaseSync; setAside: SetAside | null } {
  try {
    return { db: openChecked(file), setAside: null };
  } catch (error) {
    if (!(error instanceof FleetError) || error.code !== "HISTORY_DAMAGED") throw error;
    const aside = setAside(file);
    return { db: openChecked(file), setAside: { file: aside, reason: error.message } };
  }
}

/** What SQLite or the disk threw, as ours: HISTORY_DAMAGED, HISTORY_FAILED, HUB_DISK_FULL or HUB_DISK_FAILED. */
export function asHistoryError(error: unknown, file: string): FleetError {
  if (error instanceof FleetError) return error;
  const fault = diskErrorIn(error, "the history", "HUB");
  if (fault !== null) return fault;
  const message = error instanceof Error ? error.message : String(error);
  const code = codeOf(error);
  if (code !== null && DAMAGED_CODES.has(code)) return damaged(file, message, error);
  const said = `Expected to use the history in ${file} but got: ${message}`;
  return new FleetError(code === FULL_CODE ? "HUB_DISK_FULL" : "HISTORY_FAILED", said, {
    cause: error,
  });
}

function openChecked(file: string): DatabaseSync {
  let db: DatabaseSync | null = null;
  try {
    // Somebody may look into the file with a tool of his own.
    db = new DatabaseSync(file, { timeout: BUSY_MS });
    // With FULL every commit is on disk when it returns; with WAL readers and the writer do not wait for each other.
    db.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL");
    check(db, file);
    migrate(db, file);
    return db;
  } catch (error) {
    db?.close();
    throw asHistoryError(error, file);
  }
}

function check(db: DatabaseSync, file: string): void {
  const rows = db.prepare("PRAGMA quick_check(1)").all();
  const said = String(rows[0]?.["quick_check"] ?? "nothing");
  if (said !== "ok") throw damaged(file, said);
}

function migrate(db: DatabaseSync, file: string): void {
  const version = Number(db.prepare("PRAGMA user_version").get()?.["user_version"] ?? 0);
  if (version > MIGRATIONS.length) {
    throw damaged(file, `version ${version}, and this hub knows ${MIGRATIONS.length}`);
  }
  for (const [at, text] of MIGRATIONS.entries()) {
    if (at < version) continue;
    db.exec(`BEGIN; ${text}; PRAGMA user_version = ${at + 1}; COMMIT`);
  }
}

/** Moves the database with its log; the time in the name keeps earlier ones. */
function setAside(file: string): string {
  const stamp = new Date().toISOString().replaceAll(/[:.]/g, "-");
  const aside = `${file}.set-aside-${stamp}`;
  for (const suffix of ["", "-wal", "-shm"]) {
    if (existsSync(file + suffix)) renameSync(file + suffix, aside + suffix);
  }
  return aside;
}

function damaged(file: string, said: string, cause?: unknown): FleetError {
  return new FleetError("HISTORY_DAMAGED", `Expected a history in ${file} but got: ${said}`, {
    cause,
  });
}

/** The primary code is the low byte of an extended one. */
function codeOf(error: unknown): number | null {
  if (!(error instanceof Error) || !("errcode" in error)) return null;
  return typeof error.errcode === "number" ? error.errcode & 0xff : null;
}
