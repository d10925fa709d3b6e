import type { AcceleratorChoice } from "../spec/index.ts";
import { shareLeft } from "./admission.ts";
import type { PlacedCandidate } from "./candidates.ts";
import { askedText, type Demand } from "./demand.ts";
import type { Candidate, NamedUsage } from "./plan-schema.ts";

export interface Choice {
  chosen: PlacedCandidate | null;
  reason: string;
  /** How surely the chosen one meets the demand; sure where nothing was demanded. */
  certainty: Certainty;
}

/**
 * Of an estimate against a demand: at both ends of the 80 % interval, as expected, only if a source's bias explains it, or
 * not even then.
 */
export const CERTAINTIES = ["impossible", "possible", "likely", "sure"] as const;
export type Certainty = (typeof CERTAINTIES)[number];
/** Ranks are places in that list. */
export const LIKELY = CERTAINTIES.indexOf("likely");
export const SURE = CERTAINTIES.indexOf("sure");

/** From this share of operations on, a DLA does the work rather than pass it back and forth. */
const MOSTLY_ON_DLA = 0.9;

/**
 * The rule: what is sure goes before what is fast, and the GPU alone before what uses a DLA.
 *
 * Without a demand, the GPU alone, unless another way, of whose kind figures were published, beats its expected rate
 * even at the low end of its own estimate.
 * With one, a DLA that does most of the work and surely keeps up, as the GPU stays free and a DLA needs a third to a
 * fifth of the energy; else the way that meets the demand most surely, and of equals the GPU, then the one with the
 * highest low end. So a DLA never lowers what auto promises: neither the rate without a demand, expected or at the low
 * end, nor how surely a demand is met.
 */
export function choose(
  candidates: readonly PlacedCandidate[],
  accelerator: AcceleratorChoice,
  demand: Demand,
  beside: readonly NamedUsage[],
): Choice {
  const open = candidates.filter(
    ({ candidate }) => accelerator === "auto" || candidate.accelerator === accelerator,
  );
  if (open.length === 0) {
    const reason = `${accelerator} cannot run any layer of this model here`;
    return { chosen: null, reason, certainty: "impossible" };
  }
  const demanded = demand.fps > 0 || demand.latencyMs !== null;
  if (!demanded) return undemanded(open, accelerator);
  const judged = open.map((one) => ({ one, rank: rankOf(one.candidate, demand, beside) }));
  const top = Math.max(...judged.map(({ rank }) => rank));
  const equals = judged.filter(({ rank }) => rank === top).map(({ one }) => one);
  const certainty = CERTAINTIES[top] ?? "impossible";
  const chosen =
    certainty === "impossible" ? nearest(open, demand, beside) : preferred(equals, certainty);
  return { chosen, reason: reasonFor(chosen.candidate, demand, certainty), certainty };
}

function undemanded(open: readonly PlacedCandidate[], accelerator: AcceleratorChoice): Choice {
  const base = open.find(({ candidate }) => candidate.accelerator === "gpu") ?? safest(open);
  const known = open.filter(({ candidate }) => candidate.published);
  const surest = known.length > 0 ? safest(known) : base;
  const better = lowFps(surest.candidate) > (base.candidate.fps?.expected ?? Infinity);
  const chosen = better ? surest : base;
  const name = nameOf(chosen.candidate.accelerator);
  const why = better
    ? `even the low end of ${name} is above what the GPU alone is expected to give`
    : open.length === 1
      ? `there is only ${name}`
      : `no other way is surely faster than ${name}`;
  const reason = accelerator === "auto" ? `no demand was given; ${why}` : `${name} was asked for`;
  return { chosen, reason, certainty: "sure" };
}

function preferred(equals: readonly PlacedCandidate[], certainty: Certainty): PlacedCandidate {
  const dla = equals.find(
    ({ candidate }) =>
      candidate.accelerator.startsWith("dla") && (candidate.dlaShare ?? 0) >= MOSTLY_ON_DLA,
  );
  if (dla && certainty === "sure") return dla;
  return equals.find(({ candidate }) => candidate.accelerator === "gpu") ?? safest(equals);
}

/** What misses the demand least: in as few points as can be, then by the point that was named. */
function nearest(
  open: readonly PlacedCandidate[],
  demand: Demand,
  beside: readonly NamedUsage[],
): PlacedCandidate {
  const met = ({ candidate }: PlacedCandidate): number =>
    rateRank(candidate, demand, beside) + latencyRank(candidate, demand);
  const most = Math.max(...open.map(met));
  const best = open.filter((one) => met(one) === most);
  const slow = best.every(({ candidate }) => latencyRank(candidate, demand) === 0);
  if (!slow) return safest(best);
  return best.reduce((first, one) =>
    (one.candidate.latencyMs?.high ?? 0) < (first.candidate.latencyMs?.high ?? 0) ? one : first,
  );
}

function safest(list: readonly PlacedCandidate[]): PlacedCandidate {
  return list.reduce((best, one) => (lowFps(one.candidate) > lowFps(best.candidate) ? one : best));
}

function lowFps({ fps }: Candidate): number {
  return fps?.low ?? Infinity;
}

/** Place in `CERTAINTIES` that a way has against the demand beside other pipelines. */
export function rankOf(
  candidate: Candidate,
  demand: Demand,
  beside: readonly NamedUsage[],
): number {
  return Math.min(rateRank(candidate, demand, beside), latencyRank(candidate, demand));
}

export function rateRank(
  candidate: Candidate,
  { fps }: Demand,
  beside: readonly NamedUsage[],
): number {
  const rate = candidate.fps;
  if (fps === 0 || rate === null) return SURE;
  const wanted = fps / Math.max(shareLeft(candidate, beside), 1e-9);
  const most = candidate.mostFps ?? rate.high;
  return [most, rate.expected, rate.low].filter((one) => one >= wanted).length;
}

export function latencyRank(candidate: Candidate, { latencyMs }: Demand): number {
  const latency = candidate.latencyMs;
  if (latencyMs === null || latency === null) return SURE;
  const least = candidate.leastMs ?? latency.low;
  return [least, latency.expected, latency.high].filter((one) => one <= latencyMs).length;
}

function reasonFor(candidate: Candidate, demand: Demand, certainty: Certainty): string {
  if (certainty === "impossible") return "it comes nearest";
  const { fps, latencyMs, accelerator } = candidate;
  const dlaShare = candidate.dlaShare ?? 0;
  const parts = [
    ...(fps && demand.fps > 0 ? [`${range(fps)} fps where ${askedFor(demand)} are asked for`] : []),
    ...(latencyMs && demand.latencyMs !== null
      ? [`${range(latencyMs)} ms where ${demand.latencyMs.toFixed(0)} are allowed`]
      : []),
  ];
  const given = parts.join(" and ") || "what is asked for";
  const doubt = { sure: "", likely: ", though not surely", possible: ", though hardly" }[certainty];
  if (accelerator === "gpu") return `the GPU alone gives ${given}${doubt}`;
  if (accelerator === "split") return `only GPU and DLA together give ${given}${doubt}`;
  const free = dlaShare >= MOSTLY_ON_DLA ? " and leaves the GPU free" : "";
  return `${(100 * dlaShare).toFixed(0)} % of the work runs on the DLA, which gives ${given}${doubt}${free}`;
}

function askedFor(demand: Demand): string {
  return demand.parts.most > 1 ? `${askedText(demand)},` : demand.fps.toFixed(0);
}

/** Bounds of an estimate in as many digits as they deserve. */
export function range({ low, high }: { low: number; high: number }): string {
  const digits = low < 10 ? 1 : 0;
  return `${low.toFixed(digits)} to ${high.toFixed(digits)}`;
}

export function nameOf(accelerator: string): string {
  if (accelerator === "split") return "GPU and DLA together";
  return accelerator === "gpu" ? "the GPU" : accelerator.toUpperCase();
}
