import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readFile, rename, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import type { VideoSpec } from "../../fleet/spec/index.ts";
import { programDir, pulumiPaths, STACK } from "../setup/pulumi-env.mjs";
import type { DemoModel } from "./model.ts";
import type { BoardReady } from "./parts.ts";
import { runPulumi, type Screen } from "./pulumi.ts";
import type { DemoPaths } from "./state.ts";

const QUICK_MS = 60_000;
const UP_DEADLINE_MS = 20 * 60_000;
const DESTROY_DEADLINE_MS = 10 * 60_000;

/** What the quickstart program needs to know of this machine's fleet. */
export interface StackFacts {
  fleet: string;
  hubUrl: string;
  paths: DemoPaths;
  boards: readonly BoardReady[];
  cameraUri: string;
  /** What the camera sends; null where nobody told. */
  video: VideoSpec | null;
  model: Pick<DemoModel, "source" | "labels">;
}

/** Pure: the stack's plain configuration. The camera's URI is not here: it may carry a password. */
export function stackConfig(project: string, facts: StackFacts): Record<string, string> {
  const { paths, model } = facts;
  const devices = facts.boards.map(({ name, board, host, sshPort, hostKey }) => ({
    name,
    board,
    address: host,
    port: sshPort,
    ssh: { user: "nvidia", privateKeyPath: paths.sshKey, hostKey },
  }));
  return {
    "jetfleet:hubUrl": facts.hubUrl,
    "jetfleet:fleet": facts.fleet,
    "jetfleet:operatorCredentials": paths.operatorFile,
    "jetfleet:signingKey": paths.signingKey,
    [`${project}:devices`]: JSON.stringify(devices),
    [`${project}:model`]: model.source,
    [`${project}:labels`]: JSON.stringify(model.labels),
    [`${project}:video`]: JSON.stringify(facts.video),
  };
}

export async function writeStackConfig(facts: StackFacts, signal: AbortSignal): Promise<void> {
  const project = await projectName();
  await ensureStack(facts.paths, project, signal);
  const pairs = Object.entries(stackConfig(project, facts)).flatMap(([key, value]) => [
    "--plaintext",
    `${key}=${value}`,
  ]);
  const doing = "writing the stack's configuration";
  await runPulumi({ args: ["config", "set-all", ...pairs], doing, deadlineMs: QUICK_MS, signal });
  await runPulumi({
    args: ["config", "set", "--secret", `${project}:cameraUri`],
    input: facts.cameraUri,
    doing,
    deadlineMs: QUICK_MS,
    signal,
  });
}

/** What is deployed already is not previewed once more: the demo's second run should be quick. */
export async function up(paths: DemoPaths, out: Screen, signal: AbortSignal): Promise<void> {
  const again = await hasDeployment(paths);
  const args = ["up", "--yes", ...(again ? ["--skip-preview"] : []), ...quiet()];
  await runPulumi({ args, doing: "deploying", visible: out, deadlineMs: UP_DEADLINE_MS, signal });
}

/** The model that the stack's configuration names; null when nothing is deployed. */
export async function configuredModel(
  paths: DemoPaths,
  signal: AbortSignal,
): Promise<string | null> {
  if (!(await hasDeployment(paths))) return null;
  const args = ["config", "get", `${await projectName()}:model`];
  const doing = "reading the stack's configuration";
  return (await runPulumi({ args, doing, deadlineMs: QUICK_MS, signal })).trim();
}

export async function destroy(signal: AbortSignal): Promise<void> {
  await runPulumi({
    args: ["destroy", "--yes", "--skip-preview", ...quiet()],
    doing: "destroying what was deployed",
    visible: "stdout",
    deadlineMs: DESTROY_DEADLINE_MS,
    signal,
  });
}

/** In a log the dots of passing time are noise. */
function quiet(): string[] {
  return process.stdout.isTTY ? [] : ["--suppress-progress"];
}

/** True when Pulumi's state may list something that is deployed. */
export async function hasDeployment(paths: DemoPaths): Promise<boolean> {
  const file = stateFile(paths, await projectName());
  const text = await readFile(file, "utf8").catch(() => "");
  return text.includes('"urn:pulumi:') && /jetfleet:index:/.test(text);
}

/**
 * Makes stack and configuration file when absent. The engine writes a new stack's salt beside Pulumi.yaml, so the
 * stack is made in a folder of its own and the program's folder stays as it was committed.
 */
async function ensureStack(paths: DemoPaths, project: string, signal: AbortSignal): Promise<void> {
  const { configFile, backend } = pulumiPaths(paths.state);
  if (existsSync(stateFile(paths, project)) && existsSync(configFile)) return;
  await mkdir(backend, { recursive: true, mode: 0o700 });
  const folder = await mkdtemp(path.join(path.dirname(configFile), "stack-"));
  try {
    await writeFile(path.join(folder, "Pulumi.yaml"), `name: ${project}\nruntime: nodejs\n`);
    await runPulumi({
      args: ["stack", "select", STACK, "--create", "--non-interactive"],
      cwd: folder,
      doing: "making the stack",
      deadlineMs: QUICK_MS,
      signal,
    });
    const salt = path.join(folder, `Pulumi.${STACK}.yaml`);
    if (!existsSync(configFile)) {
      if (existsSync(salt)) await rename(salt, configFile);
      else await writeFile(configFile, "", { mode: 0o600 });
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Where a `file://` back end keeps a stack. */
function stateFile(paths: DemoPaths, project: string): string {
  const { backend } = pulumiPaths(paths.state);
  return path.join(backend, ".pulumi", "stacks", project, `${STACK}.json`);
}

async function projectName(): Promise<string> {
  const text = await readFile(path.join(programDir, "Pulumi.yaml"), "utf8").catch(() => "");
  return /^name:\s*([\w.-]+)/m.exec(text)?.[1] ?? "quickstart";
}
