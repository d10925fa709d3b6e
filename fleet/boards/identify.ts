import type { BoardName } from "../spec/index.ts";
import { jetpackOfL4t } from "./catalog/jetpack-release.ts";
import { identifyModule } from "./module-identity.ts";
import { parseTegraRelease } from "./nv-tegra-release.ts";

/** Text of the identity files of a unit; null where the file is absent. */
export interface IdentityFiles {
  /** `/proc/device-tree/compatible`: entries separated by NUL. */
  compatible: string | null;
  /** `/proc/device-tree/model`, with or without its trailing NUL. */
  model: string | null;
  /** `/etc/nv_tegra_release`. */
  tegraRelease: string | null;
  /** `/proc/driver/nvidia/gpus/…/information` of all cards; only PCs have it. */
  cards?: string | null;
}

export interface Identity {
  /** The family by its board: TX2 NX is one of tx2. */
  board: BoardName | "unknown";
  /** The device-tree's model string; empty when there is none. */
  model: string;
  l4t: string | null;
  jetpack: string | null;
}

// A SoC alone does not tell the family (Xavier NX is also tegra194): the number of the module does, by whichever entry names
// it. All modules of a family run the same software; which of them it is, tells `identifyModule`.
const FAMILY_BY_BOARD: ReadonlyMap<string, BoardName> = new Map([
  ["p2180", "tx1"],
  ["p3310", "tx2"],
  ["p3489", "tx2"],
  ["p3636", "tx2"],
  ["p3448", "nano"],
  ["p3668", "xavier-nx"],
  ["p2888", "agx-xavier"],
  ["p3701", "agx-orin"],
  ["p3834", "agx-thor"],
]);

const ORIN_NX: readonly string[] = ["0000", "0001"];
const ORIN_NANO: readonly string[] = ["0003", "0004", "0005"];

/** Says which board the files of a unit belong to, and which L4T and JetPack it runs. */
export function identify(files: IdentityFiles): Identity {
  const l4t =
    files.tegraRelease === null ? null : (parseTegraRelease(files.tegraRelease)?.l4t ?? null);
  const model = stripNul(files.model ?? "");
  return {
    board: boardOf(files),
    model,
    l4t,
    jetpack: l4t === null ? null : jetpackOfL4t(l4t),
  };
}

function boardOf(files: IdentityFiles): BoardName | "unknown" {
  const { compatible, model, cards } = files;
  const nothing = { eeprom: null, boardIds: null, dtsFilename: null, memTotalKib: null };
  const { partNumber } = identifyModule({ ...nothing, compatible, model });
  if (partNumber !== null) return familyOfPart(partNumber, model);
  // A PC has no device tree, and a board that has one is none, whatever stands in a slot of it.
  return compatible === null && parseCards(cards ?? "").length > 0 ? "x86" : "unknown";
}

/** The family of a module by its part number, such as `p3767-0001`. */
export function familyOfPart(partNumber: string, model: string | null): BoardName | "unknown" {
  const [number = "", sku = ""] = partNumber.split("-");
  if (number !== "p3767") return FAMILY_BY_BOARD.get(number) ?? "unknown";
  // Orin NX and Orin Nano are modules of one number.
  if (ORIN_NX.includes(sku)) return "orin-nx";
  if (ORIN_NANO.includes(sku)) return "orin-nano";
  const [, said] = /Orin (Nano|NX)/.exec(sku === "????" ? (model ?? "") : "") ?? [];
  return said === undefined ? "unknown" : said === "NX" ? "orin-nx" : "orin-nano";
}

/** Names of cards by the driver's `/proc/driver/nvidia/gpus/…/information`, one after the other. */
export function parseCards(information: string): string[] {
  return [...information.matchAll(/^Model:[ \t]+(\S.*)$/gm)].map(([, name = ""]) => name.trim());
}

function stripNul(text: string): string {
  return text.split("\0").join("").trim();
}
