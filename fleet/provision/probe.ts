import { basename } from "node:path";
import { z } from "zod";
import { identify } from "../boards/index.ts";
import { type BoardName, type DeviceContainer, DeviceOwner } from "../spec/index.ts";
import type { SshSession } from "../ssh/index.ts";
import { parseAnswers, SAY } from "./answers.ts";
import { askBoard } from "./ask-board.ts";
import { type CardFacts, READ_CARD, tellCardFacts } from "./card-facts.ts";
import { type ContainerFacts, readContainer, tellContainer } from "./container-facts.ts";
import { type ControlFacts, READ_CONTROLS, tellControls } from "./controls.ts";
import { type InstalledIdentity, parseInstalledIdentity } from "./installed-identity.ts";
import {
  BASE,
  CLOCKS_UNIT,
  CONFIG,
  CURRENT,
  IDENTITY,
  OWNER,
  RUNNER_SOCKET,
  UNFINISHED,
  UNIT,
} from "./layout.ts";
import { judgeLibraries, type LibraryFacts, READ_PACKAGES } from "./libraries.ts";
import { type ModuleFacts, READ_MODULE, tellModule } from "./module.ts";
import type { Operation } from "./operation.ts";
import { READ_RIGHTS } from "./rights.ts";
import { UNIT_PATHS, unitFiles } from "./runtime/index.ts";

/** What is found on a board: its identity, and what of ours is there. */
export interface BoardProbe
  extends ModuleFacts,
    LibraryFacts,
    ControlFacts,
    CardFacts,
    ContainerFacts {
  board: BoardName | "unknown";
  model: string;
  l4t: string | null;
  jetpack: string | null;
  machine: string;
  simulated: boolean;
  freeBytes: number;
  /** Digest and files of the release that `current` points to; null when there is none. */
  runtime: InstalledRuntime | null;
  /** Configuration of the agent; null when there is none or it is damaged. */
  agentConfig: InstalledConfig | null;
  /** Whose the board is; null when nobody says so. */
  owner: DeviceOwner | "unreadable" | null;
  /** The device's certificate; null when there is none that can be used, with its key. */
  identity: InstalledIdentity | null;
  /** Of all units; that they have nobody to run as, or not the files that are theirs, counts as changed. */
  unit: "ours" | "changed" | "missing";
  /** An `up` began to change the board and did not come as far as the agent's start. */
  unfinished: boolean;
  enabled: boolean;
  /** As systemctl is-active says. */
  active: string;
}

/** Of a device whose program says nothing of it. */
export const ENGINE_QUOTA_BYTES = 2 * 2 ** 30;

export const InstalledRuntime = z.object({
  runtimeDigest: z.string(),
  files: z.record(z.string(), z.string()),
});
export type InstalledRuntime = z.infer<typeof InstalledRuntime>;

const InstalledConfig = z.object({
  fleet: z.string(),
  device: z.string(),
  board: z.string(),
  hubUrl: z.string(),
  mqttUrl: z.string(),
  fleetPublicKey: z.string(),
  labels: z.record(z.string(), z.string()).default({}),
  engineQuotaBytes: z.number().default(ENGINE_QUOTA_BYTES),
});
export type InstalledConfig = z.infer<typeof InstalledConfig>;

/** What `container` says is asked about, beside what is there. */
export function probeScript(container: DeviceContainer | null): string {
  return `${SCRIPT}\n${readContainer(container)}\n`;
}

export const SCRIPT = `
${SAY}
file compatible /proc/device-tree/compatible
file model /proc/device-tree/model
file tegraRelease /etc/nv_tegra_release
say cards sh -c 'cat /proc/driver/nvidia/gpus/*/information'
file simulated /etc/jetfleet-simulated
file runtime ${CURRENT}/release.json
file config ${CONFIG}
file owner ${OWNER}
${UNIT_PATHS.map((path) => `file ${unitAnswer(path)} ${path}`).join("\n")}
file unfinished ${UNFINISHED}
${READ_RIGHTS}
say identityKey head -n 1 ${IDENTITY}
say identity sed -n '/BEGIN CERTIFICATE/,/END CERTIFICATE/p' ${IDENTITY}
${READ_CONTROLS}
${READ_MODULE}
${READ_PACKAGES}
${READ_CARD}
say machine uname -m
say enabled systemctl is-enabled ${UNIT}
say socketEnabled systemctl is-enabled ${RUNNER_SOCKET}
say clocksEnabled systemctl is-enabled ${CLOCKS_UNIT}
say active systemctl is-active ${UNIT}
folder=${BASE}; [ -d "$folder" ] || folder=/opt; [ -d "$folder" ] || folder=/
say free df -Pk "$folder"
`;

/** `container`: what a program asks for, null when nothing, undefined when whatever is there is as it should be. */
export async function probeBoard(
  connection: SshSession,
  signal: AbortSignal,
  container?: DeviceContainer | null,
): Promise<BoardProbe> {
  const label = "reading the board's facts";
  const output = await askBoard(connection, probeScript(container ?? null), { label, signal });
  return parseProbe(output, container);
}

/** What may have been changed since a probe. */
export async function readControls(
  connection: SshSession,
  signal: AbortSignal,
): Promise<ControlFacts> {
  const script = `${SAY}\n${READ_CONTROLS}`;
  const label = "reading how the board is set";
  const answers = parseAnswers(await askBoard(connection, script, { label, signal }));
  return tellControls((name) => answers.get(name) ?? null);
}

export function warnOfModule({ module, moduleDoubts }: BoardProbe, { log }: Operation): void {
  const said = module === null ? "which module it is, is not certain" : `its module is ${module}`;
  for (const doubt of moduleDoubts) log("warning", `${said}: ${doubt}`);
}

export function parseProbe(output: string, asked?: DeviceContainer | null): BoardProbe {
  const answers = parseAnswers(output);
  const text = (name: string) => answers.get(name) ?? null;
  const word = (name: string) => (text(name) ?? "").trim();
  const identity = identify({
    compatible: text("compatible"),
    model: text("model"),
    tegraRelease: text("tegraRelease"),
    cards: text("cards"),
  });
  const libraries = judgeLibraries(text, identity.jetpack);
  const card = tellCardFacts(text, identity.board);
  const container = tellContainer(text, asked ?? null);
  return {
    ...identity,
    ...tellModule(text, identity.board),
    ...libraries,
    ...card,
    tensorrt: libraries.tensorrt ?? card.cardTensorrt,
    ...tellControls(text),
    ...container,
    machine: word("machine"),
    simulated: text("simulated") !== null,
    freeBytes: freeBytesOf(word("free")),
    runtime: parseJson(InstalledRuntime, text("runtime")),
    agentConfig: parseJson(InstalledConfig, text("config")),
    owner: text("owner") === null ? null : (parseJson(DeviceOwner, text("owner")) ?? "unreadable"),
    identity: /BEGIN [A-Z ]*PRIVATE KEY/.test(word("identityKey"))
      ? parseInstalledIdentity(text("identity") ?? "")
      : null,
    unit: judgeUnits(text, asked === undefined ? container.container : asked),
    unfinished: text("unfinished") !== null,
    enabled: ["enabled", "socketEnabled", "clocksEnabled"].every((one) => word(one) === "enabled"),
    active: word("active") || "unknown",
  };
}

function judgeUnits(
  answer: (name: string) => string | null,
  container: DeviceContainer | null,
): BoardProbe["unit"] {
  const found = Object.entries(unitFiles(container)).map(
    ([path, wanted]) => [answer(unitAnswer(path)), wanted] as const,
  );
  if (found.every(([text]) => text === null)) return "missing";
  const isLacking = Boolean(answer("missingUser")) || Boolean(answer("foreignFile"));
  return !isLacking && found.every(([text, wanted]) => text === wanted) ? "ours" : "changed";
}

function unitAnswer(path: string): string {
  return `unit:${basename(path)}`;
}

function parseJson<T>(schema: z.ZodType<T>, text: string | null): T | null {
  try {
    return schema.safeParse(JSON.parse(text ?? "null")).data ?? null;
  } catch {
    return null;
  }
}

/** "Available" of the last line that `df -Pk` prints (POSIX: 1024-byte blocks, fourth column). */
function freeBytesOf(df: string): number {
  const available = Number(df.split("\n").at(-1)?.split(/\s+/)[3]);
  return Number.isFinite(available) ? available * 1024 : Number.MAX_SAFE_INTEGER;
}
