import type { EngineBuild } from "../contract/index.ts";
import type { PlanSummary } from "../spec/index.ts";

type Band = { low: number; high: number };

type Planned = Pick<PlanSummary, "buildMinutes"> | null;

/**
 * Milliseconds until an engine is built: as long as a simulated board is made to take, by the device's former builds, or
 * by the plan's band, which is of TensorRT and says nothing of an engine for the processor. Null: nobody knows. Zero and
 * less: it takes longer than that.
 */
export function buildRemaining(build: EngineBuild, plan: Planned): Band | null {
  const { accelerator, elapsedMs, expectedMs, simulatedMs } = build;
  if (simulatedMs !== undefined) return less({ low: simulatedMs, high: simulatedMs }, elapsedMs);
  if (expectedMs !== undefined) return less(expectedMs, elapsedMs);
  const band = plan?.buildMinutes;
  if (!band || accelerator === "cpu") return null;
  return less({ low: band.low * 60_000, high: band.high * 60_000 }, elapsedMs);
}

function less({ low, high }: Band, elapsedMs: number): Band {
  return { low: low - elapsedMs, high: high - elapsedMs };
}

/** How far a build is, in a line: `building people for cpu: 40 %, timing kernels, 12 s so far`. */
export function buildWords(build: EngineBuild, plan: Planned = null): string {
  const { model, accelerator, phase, elapsedMs, waitsFor } = build;
  const parts = [percent(build), phase, `${span(elapsedMs)} so far`, remaining(build, plan)];
  const going = `building ${model} for ${accelerator}: ${parts.join(", ")}${ofSilicon(build, plan)}`;
  return waitsFor === null ? going : `${going}; it waits: ${waitsFor.message}`;
}

/** The same in a word or two, for tables. */
export function buildShort(build: Pick<EngineBuild, "progress" | "waitsFor">): string {
  return build.waitsFor === null
    ? `building ${percent(build)}`
    : `building ${percent(build)}, waits`;
}

function remaining(build: EngineBuild, plan: Planned): string {
  const left = buildRemaining(build, plan);
  const { expectedMs, simulatedMs } = build;
  if (left === null) return "time to go unknown";
  if (simulatedMs !== undefined) {
    return `${span(Math.max(0, left.high))} to go, as it is simulated to last ${span(simulatedMs)}`;
  }
  const [by, than] = expectedMs === undefined ? ["the plan", "planned"] : BY_FORMER;
  if (left.high <= 0) return `longer than ${than}`;
  return `${span(Math.max(0, left.low))} to ${span(left.high)} to go by ${by}`;
}

const BY_FORMER = ["this device's former builds", "its former builds"] as const;

/** What the plan says of silicon that this build is not for. */
function ofSilicon({ accelerator }: EngineBuild, plan: Planned): string {
  const band = plan?.buildMinutes;
  if (!band || accelerator !== "cpu") return "";
  const [low, high] = [band.low, band.high].map((minutes) => span(minutes * 60_000));
  return ` (planned for the board's silicon: ${low} to ${high})`;
}

function percent({ progress }: Pick<EngineBuild, "progress">): string {
  return `${Math.floor(100 * progress)} %`;
}

function span(ms: number): string {
  const seconds = Math.round(ms / 1000);
  return seconds < 120 ? `${seconds} s` : `${Math.round(seconds / 60)} min`;
}
