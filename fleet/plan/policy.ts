import type { AcceleratorChoice } from "../spec/index.ts";
import type { PlacedCandidate } from "./candidates.ts";

export interface Choice {
  chosen: PlacedCandidate | null;
  reason: string;
  /** Why the demand cannot be met, with the nearest possible; null when it can, or nothing was demanded. */
  shortfall: string | null;
}

/** From this share of operations on, a DLA does the work rather than pass it back and forth. */
const MOSTLY_ON_DLA = 0.9;

/**
 * Chooses among the candidates. With a demand: a DLA that surely meets it, because the GPU stays free and the
 * DLA needs a third to a fifth of the energy; else the GPU; else all together. Without: the fastest.
 */
export function choose(
  candidates: readonly PlacedCandidate[],
  accelerator: AcceleratorChoice,
  demandedFps: number,
): Choice {
  const open = candidates.filter(
    ({ candidate }) => accelerator === "auto" || candidate.accelerator === accelerator,
  );
  const fastest = fastestOf(open);
  if (fastest === null) {
    return {
      chosen: null,
      reason: `${accelerator} cannot run any layer of this model here`,
      shortfall: null,
    };
  }
  if (demandedFps === 0) return fastestChoice(fastest, accelerator);
  const meets = open.filter(({ candidate }) => candidate.fps.expected >= demandedFps);
  const surely = meets.filter(({ candidate }) => candidate.fps.low >= demandedFps);
  const dla = surely.find(
    ({ candidate }) =>
      candidate.accelerator.startsWith("dla") && candidate.dlaShare >= MOSTLY_ON_DLA,
  );
  const chosen = dla ?? byName(surely, "gpu") ?? byName(meets, "gpu") ?? meets[0];
  if (chosen) return { chosen, reason: reasonFor(chosen, demandedFps), shortfall: null };
  const { fps, accelerator: name, precision } = fastest.candidate;
  const shortfall =
    `${precision.toUpperCase()} on ${nameOf(name)} is estimated at ${fps.low.toFixed(0)} to ${fps.high.toFixed(0)} fps, ` +
    `the most this board gives; ${demandedFps.toFixed(0)} are asked for`;
  return { chosen: fastest, reason: "the fastest there is", shortfall };
}

function fastestOf(candidates: readonly PlacedCandidate[]): PlacedCandidate | null {
  return candidates.reduce<PlacedCandidate | null>(
    (best, one) =>
      best === null || one.candidate.fps.expected > best.candidate.fps.expected ? one : best,
    null,
  );
}

function fastestChoice(chosen: PlacedCandidate, accelerator: AcceleratorChoice): Choice {
  const { accelerator: name } = chosen.candidate;
  const reason =
    accelerator === "auto"
      ? `no demand was given; ${nameOf(name)} is the fastest`
      : `${nameOf(name)} was asked for`;
  return { chosen, reason, shortfall: null };
}

function byName(list: readonly PlacedCandidate[], name: string): PlacedCandidate | undefined {
  return list.find(({ candidate }) => candidate.accelerator === name);
}

function reasonFor({ candidate }: PlacedCandidate, demandedFps: number): string {
  const { fps, accelerator, dlaShare } = candidate;
  const rate = `${fps.low.toFixed(0)} to ${fps.high.toFixed(0)} fps where ${demandedFps.toFixed(0)} are asked for`;
  const sure = fps.low >= demandedFps ? "" : ", though not at the low end of the estimate";
  if (accelerator === "gpu") return `the GPU alone gives ${rate}${sure}`;
  if (accelerator === "split") return `only GPU and DLA together give ${rate}${sure}`;
  return `${(100 * dlaShare).toFixed(0)} % of the work runs on the DLA, which gives ${rate} and leaves the GPU free`;
}

export function nameOf(accelerator: string): string {
  if (accelerator === "split") return "GPU and DLA together";
  return accelerator === "gpu" ? "the GPU" : accelerator.toUpperCase();
}
