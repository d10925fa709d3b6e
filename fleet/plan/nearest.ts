import { shareLeft } from "./admission.ts";
import { type Demand, lookedAtFps } from "./demand.ts";
import type { Candidate, Interval, NamedUsage } from "./plan-schema.ts";
import { nameOf, range } from "./policy.ts";

/** The way with the highest rate that other pipelines leave it. */
export function fastestOf(
  ways: readonly Candidate[],
  beside: readonly NamedUsage[],
): Candidate | null {
  const rate = (one: Candidate): number => (one.fps?.expected ?? 0) * shareLeft(one, beside);
  return ways.reduce<Candidate | null>(
    (best, one) => (best === null || rate(one) > rate(best) ? one : best),
    null,
  );
}

/** The way whose single inference ends first. */
export function quickestOf(ways: readonly Candidate[]): Candidate | null {
  const ms = (one: Candidate): number => one.latencyMs?.expected ?? Infinity;
  return ways.reduce<Candidate | null>(
    (best, one) => (best === null || ms(one) < ms(best) ? one : best),
    null,
  );
}

/** `FP16 on the GPU is estimated at 26 to 55 fps`. */
export function rateOf(candidate: Candidate): string {
  return `${what(candidate)} is estimated at ${perSecond(candidate.fps)}`;
}

export function what({ precision, accelerator }: Candidate): string {
  return `${precision.toUpperCase()} on ${nameOf(accelerator)}`;
}

export function perSecond(fps: Interval | null): string {
  return fps ? `${range(fps)} fps` : "any rate";
}

export function milliseconds(latency: Interval | null): string {
  return latency ? `${range(latency)} ms` : "no time";
}

/** INT8 is not chosen unasked, since it needs calibration pictures. */
export function calibrationNote({ precision }: Candidate, asked: Candidate["precision"]): string {
  return precision === "int8" && asked !== "int8" ? ", once it is calibrated" : "";
}

/** How many of the cameras a rate surely serves, where they are all of one kind and no rate of its own was asked for. */
export function camerasServed(demand: Demand, surely: number): string {
  const { streams, fps, interval, parts } = demand;
  const [kind, ...others] = streams;
  if (!kind || others.length > 0 || kind.fps === 0) return "";
  if (fps !== lookedAtFps({ streams, interval, parts })) return "";
  const ofCamera = (surely * interval) / parts.average;
  const served = Math.floor(ofCamera / kind.fps);
  return served > 0
    ? `; ${camerasOf(served, kind.count)} surely`
    : `; one camera at up to ${ofCamera.toFixed(ofCamera < 10 ? 1 : 0)} fps fits surely`;
}

export function camerasOf(served: number, wanted: number): string {
  if (served <= 0) return wanted === 1 ? "no camera fits" : `none of the ${wanted} cameras fits`;
  return served === 1
    ? `1 of the ${wanted} cameras fits`
    : `${Math.min(served, wanted)} of the ${wanted} cameras fit`;
}
