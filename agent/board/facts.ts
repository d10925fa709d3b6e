import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { identify } from "../../fleet/boards/index.ts";
import type { BoardFacts, CardFound } from "../../fleet/contract/index.ts";
import { readSimulatedBuild, SIMULATED_BUILD_FILE } from "../../fleet/engine/index.ts";
import { outputOf, textOf } from "./ask.ts";
import { clocksOf, readClocks } from "./clocks.ts";

/** A folder for each card, with its `information`. */
const CARDS = "/proc/driver/nvidia/gpus";

/** What the installer of an enrolled PC found of its card (`fleet/provision/tell-card.ts`); absent of others. */
export const CARD_FACTS = "/opt/jetfleet/card-facts";

/** Present on simulated boards only, with one line that says so. */
const SIMULATED_MARKER = "/etc/jetfleet-simulated";

/** What can be found out of the board this agent runs on; on any other machine the board is "unknown". */
export async function readBoardFacts(): Promise<BoardFacts> {
  const [compatible, model, tegraRelease, cards, marker, clocks, machine, found] =
    await Promise.all([
      textOf("/proc/device-tree/compatible"),
      textOf("/proc/device-tree/model"),
      textOf("/etc/nv_tegra_release"),
      readCards(),
      textOf(SIMULATED_MARKER),
      readClocks(),
      outputOf("uname", ["-m"]),
      textOf(CARD_FACTS),
    ]);
  const identity = identify({ compatible, model, tegraRelease, cards });
  return {
    board: identity.board,
    model: identity.model,
    jetpack: identity.jetpack,
    l4t: identity.l4t,
    powerMode: clocks.powerMode,
    clocks: clocksOf(clocks),
    fanProfile: clocks.fanProfile,
    ...(found !== null && { card: parseCardFound(found) }),
    simulated: marker !== null,
    machine: machine?.trim() ?? process.arch,
    node: process.version,
  };
}

/** Lines of a word and what is so; a word alone is not known. */
export function parseCardFound(text: string): CardFound {
  const lines = text.split("\n").map((line) => line.split(/ (.*)/s));
  const value = (key: string) => lines.find(([word]) => word === key)?.[1]?.slice(0, 64) || null;
  const findings = lines.flatMap(([word, says]) =>
    word === "finding" && says ? [says.slice(0, 600)] : [],
  );
  return {
    ...{ driver: value("driver"), cuda: value("cuda") },
    ...{ tensorrt: value("tensorrt"), tensorrtRtx: value("tensorrtRtx") },
    findings: findings.slice(0, 8),
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
