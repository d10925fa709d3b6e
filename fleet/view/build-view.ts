import type { PipelineStats, Reported } from "../contract/index.ts";
import type { DeviceFacts, FleetFacts, Heard } from "./facts.ts";
import { type HeardEvent, HUB } from "./past.ts";
import { type History, STATS_FRESH_MS } from "./plan/history.ts";
import { planOf } from "./plan/of-pipeline.ts";
import { problemsOf } from "./problems.ts";
import {
  type DeviceView,
  type EventView,
  type FleetView,
  type PipelineView,
  VIEW_SCHEMA_VERSION,
} from "./view.ts";

/** An update of a dozen pipelines tells some hundred. */
const EVENTS_SHOWN = 100;

export interface ViewContext {
  fleet: string;
  hub: FleetView["hub"];
  /** Time of day, against which stamps of others are held. */
  nowMs: number;
  /** By the clock that `Heard.atMs` is of. */
  monotonicMs: number;
  /** When we began to listen, by the same: whoever should have spoken by now and has not is silent. */
  listeningSinceMs: number;
}

export function buildView(facts: FleetFacts, context: ViewContext): FleetView {
  const devices = [...facts.devices.values()]
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .map((device) => deviceView(device, facts.events.get(device.name) ?? [], context));
  const problems = devices.flatMap((device) => problemsOf(device, context.nowMs));
  return {
    schemaVersion: VIEW_SCHEMA_VERSION,
    fleet: context.fleet,
    generatedAtMs: context.nowMs,
    hub: context.hub,
    healthy: context.hub.connected && problems.every(({ severity }) => severity !== "error"),
    devices,
    problems,
    hubEvents: eventViews(facts.events.get(HUB) ?? []),
  };
}

function eventViews(events: readonly HeardEvent[]): EventView[] {
  return events.slice(0, EVENTS_SHOWN).map(({ atMs, kind, message, pipeline, data }) => ({
    atMs,
    kind,
    message,
    ...(pipeline === undefined ? {} : { pipeline }),
    ...(data === undefined ? {} : { data }),
  }));
}

function deviceView(
  device: DeviceFacts,
  events: readonly HeardEvent[],
  context: ViewContext,
): DeviceView {
  const reported = device.reported?.message ?? null;
  const statsAgeMs = ageOf(device.stats, (stats) => stats.atMs, context);
  const fresh = statsAgeMs !== null && statsAgeMs <= STATS_FRESH_MS ? device.stats : null;
  const presence = presenceOf(device, fresh !== null, context);
  return {
    name: device.name,
    presence,
    presenceSinceMs: device.presence?.message.atMs ?? null,
    copy: device.presence?.message.copy ?? null,
    board: reported?.board ?? null,
    simulated: reported?.board.simulated ?? null,
    agentVersion: reported?.agentVersion ?? null,
    labels: reported?.labels ?? null,
    desiredGeneration: device.desired?.message.generation ?? null,
    desiredSinceMs: device.desired?.message.issuedAtMs ?? null,
    desiredUntilMs: device.desired?.message.expiresAtMs ?? null,
    generation: reported?.generation ?? null,
    setDigest: reported?.setDigest ?? null,
    update: reported?.update ?? null,
    reportedAgeMs: ageOf(device.reported, (message) => message.atMs, context),
    statsAgeMs,
    figures: fresh?.message.board ?? null,
    error: reported?.error ?? null,
    pipelines: pipelineViews(device, fresh !== null).map((pipeline) => asKnown(pipeline, presence)),
    events: eventViews(events),
    past: device.past,
  };
}

/** Offline (its will), silent (connected but no figures) and unknown (nothing heard, or no link) are three things. */
function presenceOf(
  device: DeviceFacts,
  fresh: boolean,
  context: ViewContext,
): DeviceView["presence"] {
  if (!context.hub.connected || !device.presence) return "unknown";
  if (!device.presence.message.online) return "offline";
  const patient = context.monotonicMs - context.listeningSinceMs < STATS_FRESH_MS;
  return fresh || patient ? "online" : "silent";
}

/** What a device reported that is away now is no word on what its pipelines do. */
function asKnown(pipeline: PipelineView, presence: DeviceView["presence"]): PipelineView {
  if (presence === "online" || pipeline.state === "pending") return pipeline;
  return { ...pipeline, state: "unknown", sinceMs: null };
}

/** What is added to a pipeline from elsewhere. */
type Added = "plan" | "budget" | "comparison" | "update";

/** What is reported, and what is desired but not reported yet. */
function pipelineViews(device: DeviceFacts, fresh: boolean): PipelineView[] {
  const stats = fresh ? (device.stats?.message.pipelines ?? []) : [];
  const history: History = fresh ? device.history : new Map();
  const { pipelines: reported = [], updates = [] } = device.reported?.message ?? {};
  const names = new Set(reported.map(({ name }) => name));
  const desired = device.desired?.message.pipelines ?? [];
  const pending = desired.map(({ spec }) => spec).filter(({ name }) => !names.has(name));
  const plan = (name: string, runs: Reported["pipelines"][number] | null) =>
    planOf(name, runs, {
      desired: device.desired?.message ?? null,
      board: device.reported?.message.board ?? null,
      seconds: history.get(name) ?? [],
    });
  const update = (name: string): Pick<PipelineView, "update"> => ({
    update: updates.find(({ pipeline }) => pipeline === name) ?? null,
  });
  return [
    ...reported.map((pipeline) => ({
      ...reportedPipeline(pipeline, stats),
      ...update(pipeline.name),
      ...plan(pipeline.name, pipeline),
    })),
    ...pending.map(({ name }) => ({
      ...pendingPipeline(name),
      ...update(name),
      ...plan(name, null),
    })),
  ].sort((a, b) => (a.name < b.name ? -1 : 1));
}

function reportedPipeline(
  pipeline: Reported["pipelines"][number],
  stats: readonly PipelineStats[],
): Omit<PipelineView, Added> {
  const { name, state, sinceMs, model, engine = null, restarts, sources, error } = pipeline;
  const figures = stats.find((one) => one.name === name) ?? null;
  const rest = { restarts, ...(sources && { sources }), error, stats: figures };
  return { name, state, sinceMs, model, engine, ...rest };
}

function pendingPipeline(name: string): Omit<PipelineView, Added> {
  return {
    name,
    state: "pending",
    sinceMs: null,
    model: null,
    engine: null,
    restarts: 0,
    error: null,
    stats: null,
  };
}

function ageOf<Message>(
  heard: Heard<Message> | null,
  stampOf: (message: Message) => number,
  { nowMs, monotonicMs }: ViewContext,
): number | null {
  if (heard === null) return null;
  if (heard.atMs !== null) return monotonicMs - heard.atMs;
  return Math.max(0, nowMs - stampOf(heard.message));
}
