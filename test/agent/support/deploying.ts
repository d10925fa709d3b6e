import { readdirSync, readFileSync } from "node:fs";
import { expect } from "vitest";
import type { PipelineVersion } from "../../../agent/update/pipeline-version.ts";
import { type FleetEvent, type Reported, UpdateEventData } from "../../../fleet/contract/index.ts";
import { sha256Digest } from "../../../fleet/release/index.ts";
import type { BudgetSpec, ModelManifest, PipelineSpec } from "../../../fleet/spec/index.ts";
import { modelOf, pipelineOf } from "./desired.ts";
import type { AgentWorld } from "./world.ts";

/** A pipeline on a model of its own, with these bytes. */
export interface Wanted {
  bytes: string;
  /** `entrance` unless said. */
  name?: string;
  uri?: string;
  /** URIs of sources beside that one, by name. */
  others?: Record<string, string>;
  /** The hub does not hold the object. */
  missing?: boolean;
  detect?: Partial<PipelineSpec["detect"]>;
  /** Text of its calibration table. */
  calibration?: string;
  budget?: BudgetSpec;
  /** Bytes of its secondary models, which are classifiers, by their names in the pipeline. */
  secondary?: Record<string, string>;
}

/** The states of an update that goes through. */
export const GOOD = [
  "fetching",
  "verifying",
  "building",
  "testing",
  "swapping",
  "watching",
  "committed",
] as const;

export function versionFor(wanted: Wanted): PipelineVersion {
  const { bytes, name, uri, others = {}, detect, budget, calibration, secondary } = wanted;
  const table = calibration && {
    digest: sha256Digest(calibration),
    sizeBytes: Buffer.byteLength(calibration),
  };
  const model = { ...modelOf(name ?? "m", bytes), ...(table && { calibration: table }) };
  const spec = pipelineOf(name ?? "entrance", model.name, uri, others);
  const changed = {
    ...spec,
    detect: { ...spec.detect, ...detect },
    ...(budget && { budget }),
    ...(secondary && {
      secondary: Object.fromEntries(
        Object.keys(secondary).map((key) => [key, { model: key, minHeight: 0.05 }]),
      ),
    }),
  };
  return { spec: changed, model, ...(secondary && { secondaryModels: classifiersOf(secondary) }) };
}

function classifiersOf(secondary: Record<string, string>): Record<string, ModelManifest> {
  return Object.fromEntries(
    Object.entries(secondary).map(([key, bytes]) => [
      key,
      { ...modelOf(key, bytes), labels: ["red", "blue"], decoder: "classification" as const },
    ]),
  );
}

/** Publishes a composition of these pipelines; resolves with the digests of their models. */
export async function deployTo(
  world: AgentWorld,
  generation: number,
  ...wanted: Wanted[]
): Promise<string[]> {
  for (const { bytes, calibration, missing, secondary = {} } of wanted) {
    for (const second of Object.values(secondary)) world.objects.put(second);
    if (!missing) world.objects.put(bytes);
    if (calibration) world.objects.put(calibration);
  }
  const versions = wanted.map(versionFor);
  await world.deploy(generation, ...versions);
  return versions.map(({ model }) => model.digest);
}

export const settled = (generation: number, state: string) => (reported: Reported) =>
  reported.generation === generation && reported.update.state === state;

/** The first report since message number `from` that all pipelines of this generation are in force and run. */
export function runningAt(world: AgentWorld, generation: number, from = 0): Promise<Reported> {
  const ready = settled(generation, "committed");
  return world.reported((reported) => ready(reported) && allRun(reported), from);
}

export function allRun({ pipelines }: Reported): boolean {
  return pipelines.length > 0 && pipelines.every(({ state }) => state === "running");
}

/** What the journal said of updates since message number `from`, of one pipeline or of all. */
export function updateEvents(world: AgentWorld, from: number, of?: string): UpdateEventData[] {
  return world.broker.received
    .slice(from)
    .filter(({ topic }) => topic.endsWith("/events"))
    .map(({ payload }) => payload as FleetEvent)
    .filter(({ kind, pipeline }) => kind === "update" && (of ?? pipeline) === pipeline)
    .map(({ data }) => UpdateEventData.parse(data));
}

/** The same, once the journal told this state of an update: what happens and how things are arrive in no order. */
export async function updateEventsTo(
  state: string,
  world: AgentWorld,
  from: number,
  of?: string,
): Promise<UpdateEventData[]> {
  const tells = ({ kind, pipeline, data }: FleetEvent) =>
    kind === "update" && (of ?? pipeline) === pipeline && data?.["state"] === state;
  await world.broker.waitFor<FleetEvent>("/events", tells, from);
  return updateEvents(world, from, of);
}

/** That its first version was taken may come again, when a power cut came before the acknowledgement; nothing else may. */
export function expectUntouched(world: AgentWorld, from: number, pipeline: string): void {
  const later = updateEvents(world, from, pipeline).filter(({ generation }) => generation > 1);
  expect(later).toEqual([]);
}

export const hex = (digest = ""): string => digest.slice("sha256:".length);

/** Processes whose parent is `pid`. */
export function runnersOf(pid: number): number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .filter((name) => parentOf(Number(name)) === pid)
    .map(Number);
}

export async function gone(pids: number[]): Promise<void> {
  await expect
    .poll(() => pids.filter((pid) => parentOf(pid) !== null), { timeout: 8000 })
    .toEqual([]);
}

function parentOf(pid: number): number | null {
  try {
    const status = readFileSync(`/proc/${pid}/status`, "utf8");
    return /^State:\s+Z/m.test(status) ? null : Number(/^PPid:\s+(\d+)/m.exec(status)?.[1]);
  } catch {
    return null;
  }
}
