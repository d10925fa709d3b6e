/** What a unit shows of its module, most trustworthy first; null where it cannot be read. */
export interface ModuleEvidence {
  /** Board id of the module EEPROM: I2C bus 0, 1, 2 or 7, address 0x50, offset 20, 29 bytes. */
  eeprom: string | null;
  /** `/proc/device-tree/nvidia,boardids`, such as `3310:1000:B02`, which the boot loader read from the EEPROM. */
  boardIds: string | null;
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
  from: "eeprom" | "boardids" | "dtsfilename" | "compatible" | "model" | null;
  /** Why the answer may be wrong, for a person. */
  doubts: string[];
}

/** Says which module a unit carries. */
export function identifyModule(evidence: ModuleEvidence): ModuleIdentity {
  const compatible = splitNul(evidence.compatible ?? "");
  const soc = socOf(compatible);
  const all = [
    attempt("eeprom", eepromPart(evidence.eeprom)),
    attempt("boardids", boardIdsPart(evidence.boardIds)),
    attempt("dtsfilename", partIn(evidence.dtsFilename ?? "")),
    attempt("compatible", compatiblePart(compatible)),
    attempt("model", MODEL_PARTS.get(stripNul(evidence.model ?? "")) ?? null),
  ].filter((one) => one !== null);
  const [first] = all;
  if (!first) return { partNumber: null, soc, from: null, doubts: strangeEeprom(evidence.eeprom) };
  const found = all.find((one) => completes(one, first)) ?? first;
  const own = socOfPart(found.partNumber);
  const doubts =
    soc !== null && own !== soc
      ? [`${found.from} says ${found.partNumber}, but the device tree is of ${soc}`]
      : [];
  return settleByMemory({ ...found, soc: own ?? soc, doubts }, evidence);
}

type Found = { partNumber: string; from: Exclude<ModuleIdentity["from"], null> };

function attempt(from: Found["from"], partNumber: string | null): Found | null {
  return partNumber === null ? null : { partNumber, from };
}

/** Where the best evidence knows the family only, later one may know the module. */
function completes({ partNumber }: Found, vague: Found): boolean {
  return vague.partNumber.endsWith("????")
    ? !partNumber.endsWith("????") && partNumber.startsWith(vague.partNumber.slice(0, 6))
    : partNumber === vague.partNumber;
}

// Modules of every generation; boards of other numbers are carriers, whose EEPROM stands on the same buses.
const MODULE_BOARDS = [
  ...["2180", "3310", "3448", "3489", "3636", "2888", "3668", "3701", "3767", "3834"],
];

/** `699-13636-0001-300 H.0` is p3636-0001: four digits of the board after a type digit, then the SKU. */
function eepromPart(text: string | null): string | null {
  const [, board = "", sku] = /\b699-\d(\d{4})-(\d{4})\b/.exec(stripNul(text ?? "")) ?? [];
  return MODULE_BOARDS.includes(board) ? `p${board}-${sku}` : null;
}

function strangeEeprom(text: string | null): string[] {
  const shown = stripNul(text ?? "");
  return shown === "" ? [] : [`the EEPROM says ${JSON.stringify(shown)}, which is no known module`];
}

function boardIdsPart(text: string | null): string | null {
  const [, board = "", sku] = /^(\d{4}):(\d{4})\b/.exec(stripNul(text ?? "")) ?? [];
  return MODULE_BOARDS.includes(board) ? `p${board}-${sku}` : null;
}

/** The first part number that is a module's; carriers such as p2822 stand beside it in either order. */
function partIn(text: string): string | null {
  for (const [, board = "", sku = ""] of text.matchAll(/p(\d{4})-(\d{4}|all)/g)) {
    if (MODULE_BOARDS.includes(board)) return `p${board}-${sku === "all" ? "????" : sku}`;
    // TX1's device tree names the carrier with the module's number behind it.
    if (board === "2597" && sku === "2180") return "p2180-1000";
  }
  return null;
}

function compatiblePart(entries: readonly string[]): string | null {
  for (const entry of entries) {
    const part = partIn(entry) ?? COMPATIBLE_PARTS.get(entry) ?? null;
    if (part !== null) return part;
  }
  return null;
}

// Entries without a part number of a module, as L4T and mainline kernels write them.
const COMPATIBLE_PARTS: ReadonlyMap<string, string> = new Map(
  Object.entries({
    "nvidia,jetson-cv": "p2180-1000",
    "nvidia,p2371-2180": "p2180-1000",
    "nvidia,quill": "p3310-1000",
    "nvidia,p2771-0000": "p3310-1000",
    "nvidia,p2771-0888": "p3489-0888",
    "nvidia,lightning": "p3489-0888",
    "nvidia,storm": "p3489-0000",
    "nvidia,jetson-nano": "p3448-????",
    "nvidia,p3450-0000": "p3448-0000",
    "nvidia,galen-industrial": "p2888-0008",
    "nvidia,jetson-xavier-industrial": "p2888-0008",
    "nvidia,galen": "p2888-????",
    "nvidia,jetson-xavier": "p2888-????",
    "nvidia,p2972-0000": "p2888-????",
  }),
);

const MODEL_PARTS: ReadonlyMap<string, string> = new Map(
  Object.entries({
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
    "NVIDIA Orin NX Developer Kit": "p3767-????",
    "NVIDIA Jetson Orin Nano Developer Kit": "p3767-????",
    "NVIDIA Jetson AGX Thor Developer Kit": "p3834-0008",
  }),
);

// Families whose device tree does not name the module: AGX Xavier of 8 to 64 GB say p2888-0001, Xavier NX `p3668-all`.
// The smallest module that holds what the kernel reports, in GiB.
const BY_MEMORY: Readonly<Record<string, readonly [gib: number, sku: string][]>> = {
  p2888: [
    [9, "0006"],
    [17, "0001"],
    [34, "0004"],
    [66, "0005"],
  ],
  p3668: [
    [9, "????"],
    [17, "0003"],
  ],
  p3448: [
    [2.5, "0003"],
    [4.5, "????"],
  ],
};

/** Without EEPROM, memory tells modules apart that share a device tree. */
function settleByMemory(
  found: Found & Pick<ModuleIdentity, "soc" | "doubts">,
  evidence: ModuleEvidence,
): ModuleIdentity {
  const { partNumber } = found;
  const vague = partNumber === "p2888-0001" || partNumber.endsWith("????");
  const family = partNumber.slice(0, 5);
  const sizes =
    family === "p2888" || family === "p3668" || family === "p3448" ? BY_MEMORY[family] : null;
  if (!vague || !sizes || found.from === "eeprom" || found.from === "boardids") return found;
  const kib = evidence.memTotalKib;
  const gib = (kib ?? 0) / 2 ** 20;
  const sku = sizes.find(([most]) => gib < most)?.[1];
  if (kib === null || sku === undefined) {
    const why =
      kib === null
        ? "neither EEPROM nor memory was readable"
        : `no module has ${gib.toFixed(1)} GiB`;
    return {
      ...found,
      partNumber: `${family}-????`,
      doubts: [...found.doubts, `modules of ${family} share one device tree; ${why}`],
    };
  }
  const told = `told from ${gib.toFixed(1)} GiB of memory, because modules of ${family} share one device tree`;
  return { ...found, partNumber: `${family}-${sku}`, doubts: [...found.doubts, told] };
}

const SOC_BY_ENTRY: ReadonlyMap<string, ModuleIdentity["soc"]> = new Map(
  Object.entries({
    "nvidia,tegra210": "t210",
    "nvidia,tegra186": "t186",
    "nvidia,tegra194": "t194",
    "nvidia,tegra234": "t234",
    "nvidia,tegra23x": "t234",
    "nvidia,tegra264": "t264",
  }),
);

function socOf(entries: readonly string[]): ModuleIdentity["soc"] {
  for (const entry of entries) {
    const soc = SOC_BY_ENTRY.get(entry);
    if (soc) return soc;
  }
  return null;
}

const SOC_BY_BOARD: ReadonlyMap<string, ModuleIdentity["soc"]> = new Map(
  Object.entries({
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
  }),
);

function socOfPart(partNumber: string | null): ModuleIdentity["soc"] {
  return SOC_BY_BOARD.get((partNumber ?? "").slice(1, 5)) ?? null;
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
