import { BOARDS, type Board } from "../../boards/index.ts";
import { IMAGES, type PlayedBoard, type PlayedJetson, SIMULATED_NOTE } from "./images.ts";
import { powerModesOf } from "./power-modes.ts";

/** Files that make a folder look like a unit of `board` named `name`: path in the root → text. */
export function identityFiles(name: string, boardName: PlayedBoard): Map<string, string> {
  const board = BOARDS[boardName];
  const { tegraRelease } = IMAGES[boardName];
  return new Map([
    ...(tegraRelease === null
      ? []
      : ([["/etc/nv_tegra_release", `${tegraRelease}\n`]] satisfies [string, string][])),
    ...(boardName === "x86"
      ? []
      : ([["/etc/nvpmodel.conf", nvpmodelConf(boardName)]] satisfies [string, string][])),
    ["/etc/hostname", `${name}\n`],
    ["/etc/hosts", `127.0.0.1 localhost\n127.0.1.1 ${name}\n::1 localhost ip6-localhost\n`],
    ["/etc/nsswitch.conf", "passwd: files\ngroup: files\nshadow: files\nhosts: files dns\n"],
    ["/etc/shells", "/bin/sh\n/bin/bash\n"],
    [SIMULATED_NOTE, simulatedNote(name, board)],
    ["/etc/motd", `This is a simulated ${board.title} (${SIMULATED_NOTE}).\n`],
  ]);
}

/** Entries of /proc/device-tree: name → content with the device-tree's NULs. */
export function deviceTree(boardName: PlayedBoard): Map<string, string> {
  const { tree } = BOARDS[boardName];
  if (tree === null) return new Map();
  return new Map([
    ["model", `${tree.model}\0`],
    ["compatible", tree.compatible.map((entry) => `${entry}\0`).join("")],
    ["nvidia,boardids", `${tree.boardIds}\0`],
    ["nvidia,dtsfilename", `${tree.dtsFilename}.dts\0`],
    ["serial-number", "simulated\0"],
  ]);
}

function nvpmodelConf(boardName: PlayedJetson): string {
  const { modes, defaultId } = powerModesOf(boardName);
  const blocks = modes.map(
    (mode) =>
      `< POWER_MODEL ID=${mode.id} NAME=${mode.name} >\n` +
      `CPU_ONLINE COUNT ${mode.cpusOnline}\nCPU MAX_FREQ ${mode.cpuMaxMhz * 1000}\nGPU MAX_FREQ ${mode.gpuMaxMhz * 1_000_000}\n`,
  );
  return `# simulated: names and ids as on a unit, limits shortened\n${blocks.join("\n")}\n< PM_CONFIG DEFAULT=${defaultId} >\n`;
}

function simulatedNote(name: string, board: Board): string {
  return (
    `${name} is a simulated ${board.title}: identity files and tools answer as captured from units, programs run on ` +
    "this machine's own CPU and memory. GPU load is always 0; temperatures and power are derived from CPU load, not measured.\n"
  );
}
