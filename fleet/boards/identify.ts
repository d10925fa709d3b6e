import type { BoardName } from "../spec/index.ts";
import { BOARDS } from "./boards.ts";
import { jetpackOfL4t } from "./jetpack.ts";
import { parseTegraRelease } from "./nv-tegra-release.ts";

/** Text of the identity files of a unit; null where the file is absent. */
export interface IdentityFiles {
  /** `/proc/device-tree/compatible`: entries separated by NUL. */
  compatible: string | null;
  /** `/proc/device-tree/model`, with or without its trailing NUL. */
  model: string | null;
  /** `/etc/nv_tegra_release`. */
  tegraRelease: string | null;
}

export interface Identity {
  board: BoardName | "unknown";
  /** The device-tree's model string; empty when there is none. */
  model: string;
  l4t: string | null;
  jetpack: string | null;
}

// A SoC alone does not tell the module (TX2 NX is also tegra186), so each board is known by the entries of its
// own carrier and module; mainline kernels use the names in the second column.
const BOARD_BY_COMPATIBLE: ReadonlyMap<string, BoardName> = new Map([
  ["nvidia,quill", "tx2"],
  ["nvidia,p2597-0000+p3310-1000", "tx2"],
  ["nvidia,p2771-0000", "tx2"],
  ["nvidia,galen", "agx-xavier"],
  ["nvidia,jetson-xavier", "agx-xavier"],
  ["nvidia,p2822-0000+p2888-0001", "agx-xavier"],
  ["nvidia,p2972-0000", "agx-xavier"],
]);

// TX2i, TX2 4GB, TX2 NX and AGX Xavier Industrial name themselves, and some of them name their elder relative, too.
const RELATIVES =
  /^nvidia,(?:storm|lightning|.*p3489-|.*p3636-|p2771-0888|.*-industrial$|.*p2888-000[68])/;

/** Says which board the files of a unit belong to, and which L4T and JetPack it runs. */
export function identify(files: IdentityFiles): Identity {
  const l4t =
    files.tegraRelease === null ? null : (parseTegraRelease(files.tegraRelease)?.l4t ?? null);
  const model = stripNul(files.model ?? "");
  return {
    board: boardOf(splitNul(files.compatible ?? ""), model),
    model,
    l4t,
    jetpack: l4t === null ? null : jetpackOfL4t(l4t),
  };
}

function boardOf(compatible: readonly string[], model: string): BoardName | "unknown" {
  if (compatible.some((entry) => RELATIVES.test(entry))) return "unknown";
  for (const entry of compatible) {
    const board = BOARD_BY_COMPATIBLE.get(entry);
    if (board) return board;
  }
  const byModel = Object.values(BOARDS).find((board) => board.model === model);
  return byModel?.name ?? "unknown";
}

/** Entries of a device-tree string list. */
export function splitNul(text: string): string[] {
  return text
    .split("\0")
    .map((entry) => entry.trim())
    .filter((entry) => entry !== "");
}

function stripNul(text: string): string {
  return text.split("\0").join("").trim();
}
