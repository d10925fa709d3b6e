import { splitNul } from "./identify.ts";

/** What a unit shows of its module, most trustworthy first; null where it cannot be read. */
export interface ModuleEvidence {
  /** Board id of the module EEPROM (I2C bus 0, 1, 2 or 7, address 0x50, offset 20, 29 bytes), or of `boardids`. */
  eeprom: string | null;
  /** `/proc/device-tree/nvidia,dtsfilename`. */
  dtsFilename: string | null;
  /** `/proc/device-tree/compatible` of the host. Never `/etc/tegra-soc`, which build chroots use as a stand-in. */
  compatible: string | null;
  /** `/proc/device-tree/model`. */
  model: string | null;
  /** `MemTotal` of `/proc/meminfo`. */
  memTotalKib: number | null;
}

export interface ModuleIdentity {
  /** Part number such as `p2888-0004`; the SKU is `????` when only the family is certain. Null when unknown. */
  partNumber: string | null;
  soc: "t210" | "t186" | "t194" | "t234" | "t264" | null;
  /** Which evidence decided, in the words of its file. */
  from: "eeprom" | "dtsfilename" | "compatible" | "model" | null;
  /** Why the answer may be wrong, for a person. */
  doubts: string[];
}

/** Says which module a unit carries. */
export function identifyModule(evidence: ModuleEvidence): ModuleIdentity {
  const compatible = splitNul(evidence.compatible ?? "");
  const soc = socOf(compatible);
  const found =
    attempt("eeprom", eepromPart(evidence.eeprom)) ??
    attempt("dtsfilename", partIn(evidence.dtsFilename ?? "")) ??
    attempt("compatible", compatiblePart(compatible)) ??
    attempt("model", MODEL_PARTS[stripNul(evidence.model ?? "")] ?? null);
  if (found === null) return { partNumber: null, soc, from: null, doubts: [] };
  return settleXavierMemory({ ...found, soc: soc ?? socOfPart(found.partNumber) }, evidence);
}

type Found = Pick<ModuleIdentity, "partNumber" | "from" | "doubts">;

function attempt(from: ModuleIdentity["from"], partNumber: string | null): Found | null {
  return partNumber === null ? null : { partNumber, from, doubts: [] };
}

/** `699-13636-0001-300 H.0` is p3636-0001: four digits of the board after a type digit, then the SKU. */
function eepromPart(text: string | null): string | null {
  const match = /\b699-\d(\d{4})-(\d{4})\b/.exec(stripNul(text ?? ""));
  return match ? `p${match[1]}-${match[2]}` : null;
}

const MODULE_BOARDS = [
  "2180",
  "3310",
  "3448",
  "3489",
  "3636",
  "2888",
  "3668",
  "3701",
  "3767",
  "3834",
];

/** The first part number that is a module's; carriers such as p2822 stand beside it in either order. */
function partIn(text: string): string | null {
  for (const [, board = "", sku = ""] of text.matchAll(/p(\d{4})-(\d{4}|all)/g)) {
    if (MODULE_BOARDS.includes(board)) return `p${board}-${sku === "all" ? "????" : sku}`;
  }
  return null;
}

function compatiblePart(entries: readonly string[]): string | null {
  for (const entry of entries) {
    const part = partIn(entry) ?? COMPATIBLE_PARTS[entry] ?? null;
    if (part !== null) return part;
  }
  return null;
}

// Entries without a part number of a module, as L4T and mainline kernels write them.
const COMPATIBLE_PARTS: Readonly<Record<string, string>> = {
  "nvidia,jetson-cv": "p2180-1000",
  "nvidia,p2371-2180": "p2180-1000",
  "nvidia,quill": "p3310-1000",
  "nvidia,p2771-0000": "p3310-1000",
  "nvidia,p2771-0888": "p3489-0888",
  "nvidia,jetson-nano": "p3448-????",
  "nvidia,p3450-0000": "p3448-0000",
  "nvidia,galen-industrial": "p2888-0008",
  "nvidia,jetson-xavier-industrial": "p2888-0008",
  "nvidia,galen": "p2888-????",
  "nvidia,jetson-xavier": "p2888-????",
  "nvidia,p2972-0000": "p2888-????",
};

const MODEL_PARTS: Readonly<Record<string, string>> = {
  jetson_tx1: "p2180-1000",
  quill: "p3310-1000",
  "lanai-3636": "p3636-0001",
  "jetson-xavier": "p2888-????",
  "Jetson-AGX": "p2888-????",
  "NVIDIA Jetson Nano Developer Kit": "p3448-????",
  "NVIDIA Jetson Xavier NX Developer Kit": "p3668-????",
  "Jetson AGX Orin": "p3701-????",
  "NVIDIA Jetson AGX Orin Developer Kit": "p3701-????",
  "NVIDIA Orin Nano Developer Kit": "p3767-????",
  "NVIDIA Jetson AGX Thor Developer Kit": "p3834-0008",
};

/** AGX Xavier of 16, 32 and 64 GB carry the same device tree (p2888-0001): without EEPROM, memory decides. */
function settleXavierMemory(
  found: Found & Pick<ModuleIdentity, "soc">,
  evidence: ModuleEvidence,
): ModuleIdentity {
  const vague = found.partNumber === "p2888-0001" || found.partNumber === "p2888-????";
  if (!vague || found.from === "eeprom") return found;
  const kib = evidence.memTotalKib;
  if (kib === null) {
    return {
      ...found,
      partNumber: "p2888-????",
      doubts: ["AGX Xavier modules share one device tree; neither EEPROM nor memory was readable"],
    };
  }
  const gib = kib / 2 ** 20;
  const sku = gib < 9 ? "0006" : gib < 17 ? "0001" : gib < 34 ? "0004" : "0005";
  const doubts = [
    `told from ${gib.toFixed(1)} GiB of memory, because AGX Xavier modules share one device tree`,
  ];
  return { ...found, partNumber: `p2888-${sku}`, doubts };
}

const SOC_BY_ENTRY: Readonly<Record<string, ModuleIdentity["soc"]>> = {
  "nvidia,tegra210": "t210",
  "nvidia,tegra186": "t186",
  "nvidia,tegra194": "t194",
  "nvidia,tegra234": "t234",
  "nvidia,tegra23x": "t234",
  "nvidia,tegra264": "t264",
};

function socOf(entries: readonly string[]): ModuleIdentity["soc"] {
  for (const entry of entries) {
    const soc = SOC_BY_ENTRY[entry];
    if (soc) return soc;
  }
  return null;
}

const SOC_BY_BOARD: Readonly<Record<string, ModuleIdentity["soc"]>> = {
  "2180": "t210",
  "3448": "t210",
  "3310": "t186",
  "3489": "t186",
  "3636": "t186",
  "2888": "t194",
  "3668": "t194",
  "3701": "t234",
  "3767": "t234",
  "3834": "t264",
};

function socOfPart(partNumber: string | null): ModuleIdentity["soc"] {
  return SOC_BY_BOARD[(partNumber ?? "").slice(1, 5)] ?? null;
}

function stripNul(text: string): string {
  return text.split("\0").join("").trim();
}
