import type { PlanDiffersData } from "../contract/index.ts";
import { perSecond } from "./estimate/engine.ts";
import { groupBy } from "./lists.ts";
import type { Candidate, Diagnostic, Interval } from "./plan-schema.ts";
import type { Ways } from "./ways.ts";

/** What a device told of where it and a plan are not at one. */
export interface Observation {
  device: string;
  data: PlanDiffersData;
}

/** What is planned for; nothing is taken over from other silicon, software, mode or model. */
export interface Planned {
  digest: string | null;
  module: string;
  jetpack: string | null;
  powerMode: string;
}

/** Those that are about this very question. */
export function observedOf(told: readonly Observation[], planned: Planned): Observation[] {
  return told.filter(
    ({ data }) =>
      data.model === planned.digest &&
      data.module === planned.module &&
      (data.jetpack ?? null) === planned.jetpack &&
      data.powerMode === planned.powerMode,
  );
}

/**
 * The ways to run a model with intervals that reach to what was measured. The expected value stays: devices that are within
 * the interval tell nothing, so that those which do are no sample.
 */
export function reachingObserved(ways: Ways, observed: readonly Observation[]): Ways {
  if (observed.length === 0) return ways;
  const reach = (one: Candidate): Candidate => reaching(one, observed, ways.batch);
  return {
    ...ways,
    candidates: ways.candidates.map((one) => ({ ...one, candidate: reach(one.candidate) })),
    everyWay: () => ways.everyWay().map(reach),
  };
}

function reaching(
  candidate: Candidate,
  observed: readonly Observation[],
  batch: number,
): Candidate {
  const { accelerator, latencyMs: planned } = candidate;
  const values = measured(observed, "inferenceMs", candidate);
  // Of a split, several inferences are under way at once, so that its rate does not follow.
  if (!planned || values.length === 0 || accelerator === "split") return candidate;
  const latencyMs = hull(planned, values);
  return {
    ...candidate,
    latencyMs,
    fps: perSecond(latencyMs, batch),
    mostFps: Math.max(candidate.mostFps ?? 0, (1000 * batch) / latencyMs.low),
    leastMs: Math.min(candidate.leastMs ?? Infinity, latencyMs.low),
  };
}

/** The minutes of a build, reaching to what builds of the way that was chosen took. */
export function buildReaching(
  minutes: Interval | null,
  chosen: Candidate | null,
  observed: readonly Observation[],
): Interval | null {
  const values = chosen === null ? [] : measured(observed, "buildMinutes", chosen);
  return minutes === null || values.length === 0 ? minutes : hull(minutes, values);
}

function measured(
  observed: readonly Observation[],
  what: PlanDiffersData["what"],
  { accelerator, precision }: Candidate,
): number[] {
  return observed.flatMap(({ data }) => {
    const isIt =
      data.what === what &&
      kindOf(data.accelerator) === kindOf(accelerator) &&
      data.precision === precision;
    const value = Number(data.measured);
    return isIt && Number.isFinite(value) && value > 0 ? [value] : [];
  });
}

/** The cores of a DLA are alike. */
function kindOf(accelerator: string | undefined): string | undefined {
  return accelerator?.replace(/^dla[01]$/, "dla");
}

function hull({ expected, low, high }: Interval, values: readonly number[]): Interval {
  return { expected, low: Math.min(low, ...values), high: Math.max(high, ...values) };
}

/** What devices contradict of the way that was chosen, one line for each thing and the devices that say it. */
export function observedDiagnostics(
  chosen: Candidate | null,
  observed: readonly Observation[],
): Diagnostic[] {
  if (chosen === null) return [];
  const said = observed.flatMap(({ device, data }) => {
    const isIt =
      kindOf(data.accelerator) === kindOf(chosen.accelerator) &&
      data.precision === chosen.precision;
    return isIt ? saidOf(device, data) : [];
  });
  return [...groupBy(said, ({ rule, node, text }) => `${rule} ${node} ${text}`).values()].flatMap(
    (group): Diagnostic[] => {
      const [first] = group;
      if (!first) return [];
      const devices = [...new Set(group.map(({ device }) => device))].sort().join(", ");
      const { rule, node, text } = first;
      const nodes = node === null ? [] : [node];
      const message = `${text}, says ${devices}`;
      return [{ severity: "info", rule, nodes, message, remedy: null }];
    },
  );
}

interface Said {
  device: string;
  rule: string;
  node: string | null;
  text: string;
}

function saidOf(device: string, { what, planned, measured: found, layers }: PlanDiffersData) {
  if (what !== "layers") {
    const text = `contradicted: ${what} ${planned} is ${found}`;
    return [{ device, rule: `observed.${what}`, node: null, text }];
  }
  const each = (layers?.differences ?? []).map((one): Said => {
    const text = `contradicted: ${one.what} of ${one.layer} planned ${one.planned} is ${one.measured}`;
    return { device, rule: `observed.${one.what}`, node: one.layer, text };
  });
  const more = layers?.more ?? 0;
  const rest = `contradicted: ${more} layers more, which its event does not name`;
  return more === 0 ? each : [...each, { device, rule: "observed.more", node: null, text: rest }];
}

/** What the figures rest on beside the estimate. */
export function observedBasis(observed: readonly Observation[]): string[] {
  if (observed.length === 0) return [];
  const devices = [...new Set(observed.map(({ device }) => device))].sort();
  return [
    `intervals reach to what ${devices.join(", ")} measured of this model on this silicon; devices within the plan tell nothing`,
  ];
}
