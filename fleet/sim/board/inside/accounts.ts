import * as fs from "node:fs";

export interface Account {
  uid: number;
  gid: number;
  groups: number[];
}

/** Whom a unit's User=, Group= and SupplementaryGroups= name; throws in systemd's words what is not there. */
export function accountOf(user: string, group: string | null, more: readonly string[]): Account {
  const row = rowOf("/etc/passwd", user);
  if (row === null)
    throw new Error(`Failed to determine user credentials: No such process (${user})`);
  const [, , uid, gid] = row;
  return {
    uid: Number(uid),
    gid: group === null ? Number(gid) : gidOf(group),
    groups: more.map(gidOf),
  };
}

function gidOf(group: string): number {
  const row = rowOf("/etc/group", group);
  if (row === null)
    throw new Error(`Failed to determine group credentials: No such process (${group})`);
  return Number(row[2]);
}

function rowOf(file: string, name: string): string[] | null {
  const row = fs
    .readFileSync(file, "utf8")
    .split("\n")
    .find((line) => line.startsWith(`${name}:`));
  return row?.split(":") ?? null;
}
