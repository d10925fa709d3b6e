import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/**
 * Processes of this clone's fleet that are alive, by the files they keep in the state folder.
 * @param {string} state
 * @returns {{ file: string, pid: number }[]}
 */
export function runningFleet(state) {
  return recordFiles(state).flatMap((file) => {
    const pid = pidIn(file);
    return pid !== undefined && isOurs(pid) ? [{ file, pid }] : [];
  });
}

/** @param {string} state */
function recordFiles(state) {
  const boards = join(state, "boards");
  const boardNames = existsSync(boards) ? readdirSync(boards) : [];
  return [
    join(state, "hub", "hub.json"),
    join(state, "camera", "camera.json"),
    ...boardNames.map((name) => join(boards, name, "board.json")),
  ];
}

/** @param {string} file */
function pidIn(file) {
  try {
    const { pid } = JSON.parse(readFileSync(file, "utf8"));
    return Number.isInteger(pid) && pid > 1 ? pid : undefined;
  } catch {
    return undefined;
  }
}

/**
 * A pid may have been given to a stranger since; ours carry "fleet" in their command line.
 * @param {number} pid
 */
function isOurs(pid) {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8").includes("fleet");
  } catch {
    return false;
  }
}
