import type { BoardName } from "../spec/index.ts";
import { BOARDS } from "./boards.ts";
import { jetpackOfL4t } from "./catalog/jetpack-release.ts";
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
  /** The family by its board: TX2 NX is one of tx2. */
  board: BoardName | "unknown";
  /** The device-tree's model string; empty when there is none. */
  model: string;
  l4t: string | null;
  jetpack: string | null;
}

// A SoC alone does not tell the family (Xavier NX is also tegra194), so each is known by the entries of its carriers
// and modules, as L4T and mainline kernels write them. All modules of a family run the same software; which of them it
// is, tells `identifyModule`. Of TX2's are TX2i (storm, p3489-0000), TX2 4GB (lightning, p3489-0888, p2771-0888) and
// TX2 NX (p3636). Source: NVIDIA/jetson-gpio `gpio_pin_data.py`.
const FAMILIES: readonly [entry: RegExp, board: BoardName][] = [
  [/^nvidia,(?:quill|storm|lightning|p2771-0000|p2771-0888|.*p(?:3310|3489|3636)-\d{4})$/, "tx2"],
  [
    /^nvidia,(?:galen|galen-industrial|jetson-xavier|jetson-xavier-industrial|p2972-0000|.*p2888-\d{4})$/,
    "agx-xavier",
  ],
];

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
  for (const entry of compatible) {
    const family = FAMILIES.find(([pattern]) => pattern.test(entry));
    if (family) return family[1];
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
