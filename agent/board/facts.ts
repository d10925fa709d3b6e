import { execFile } from "node:child_process";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { identify, parseNvpmodelQuery } from "../../fleet/boards/index.ts";
import type { BoardFacts } from "../../fleet/contract/index.ts";
import { readSimulatedBuild, SIMULATED_BUILD_FILE } from "../../fleet/engine/index.ts";

const run = promisify(execFile);

/** A folder for each card, with its `information`. */
const CARDS = "/proc/driver/nvidia/gpus";

/** Present on simulated boards only, with one line that says so. */
const SIMULATED_MARKER = "/etc/jetfleet-simulated";

/** What can be found out of the board this agent runs on; on any other machine the board is "unknown". */
export async function readBoardFacts(): Promise<BoardFacts> {
  const [compatible, model, tegraRelease, cards, marker, powerMode, machine] = await Promise.all([
    textOf("/proc/device-tree/compatible"),
    textOf("/proc/device-tree/model"),
    textOf("/etc/nv_tegra_release"),
    readCards(),
    textOf(SIMULATED_MARKER),
    readPowerMode(),
    outputOf("uname", ["-m"]),
  ]);
  const identity = identify({ compatible, model, tegraRelease, cards });
  return {
    board: identity.board,
    model: identity.model,
    jetpack: identity.jetpack,
    l4t: identity.l4t,
    powerMode,
    simulated: marker !== null,
    machine: machine?.trim() ?? process.arch,
    node: process.version,
  };
}

/** What the driver of NVIDIA's cards tells of each; null without it. */
async function readCards(): Promise<string | null> {
  try {
    const folders = await readdir(CARDS);
    const texts = await Promise.all(folders.map((one) => textOf(join(CARDS, one, "information"))));
    return texts.join("\n");
  } catch {
    return null;
  }
}

/** How long builds of engines are made to last; null: no longer than they do. Only a simulated board has a say in it. */
export async function readSimulatedBuildMs({ simulated }: BoardFacts): Promise<number | null> {
  const told = simulated ? readSimulatedBuild(await textOf(SIMULATED_BUILD_FILE)) : null;
  return told && told.seconds * 1000;
}

export async function readPowerMode(): Promise<string | null> {
  const output = await outputOf("nvpmodel", ["-q"]);
  return output === null ? null : (parseNvpmodelQuery(output)?.name ?? null);
}

/** Of a small file of the board, or null where it cannot be read. */
export async function textOf(path: string): Promise<string | null> {
  try {
    return await readFile(path, "utf8");
  } catch {
    return null;
  }
}

/** Standard output of a tool of the board, or null where there is no such tool or it does not answer. */
export async function outputOf(command: string, args: string[]): Promise<string | null> {
  try {
    const { stdout } = await run(command, args, { timeout: 5000, maxBuffer: 2 ** 20 });
    return stdout;
  } catch {
    return null;
  }
}
