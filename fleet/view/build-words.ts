import type { EngineBuild } from "../contract/index.ts";
import type { PlanSummary } from "../spec/index.ts";

type Band = { low: number; high: number };

/**
 * Milliseconds until an engine is built, by the plan's band; null where the plan says nothing of it: it is made for
 * TensorRT, and an engine for the processor is none of its. Zero and less: it takes longer than was planned.
 */
export function buildRemaining(
  { accelerator, elapsedMs }: Pick<EngineBuild, "accelerator" | "elapsedMs">,
  plan: Pick<PlanSummary, "buildMinutes"> | null,
): Band | null {
  const band = plan?.buildMinutes;
  if (!band || accelerator === "cpu") return null;
  return { low: band.low * 60_000 - elapsedMs, high: band.high * 60_000 - elapsedMs };
}

/** How far a build is, in a line: `building people for cpu: 40 %, timing kernels, 12 s so far`. */
export function buildWords(
  build: EngineBuild,
  plan: Pick<PlanSummary, "buildMinutes"> | null = null,
): string {
  const { model, accelerator, phase, elapsedMs, waitsFor } = build;
  const parts = [percent(build), phase, `${span(elapsedMs)} so far`, ...remaining(build, plan)];
  const going = `building ${model} for ${accelerator}: ${parts.join(", ")}`;
  return waitsFor === null ? going : `${going}; it waits: ${waitsFor.message}`;
}

/** The same in a word or two, for tables. */
export function buildShort(build: Pick<EngineBuild, "progress" | "waitsFor">): string {
  return build.waitsFor === null
    ? `building ${percent(build)}`
    : `building ${percent(build)}, waits`;
}

function remaining(build: EngineBuild, plan: Pick<PlanSummary, "buildMinutes"> | null): string[] {
  const left = buildRemaining(build, plan);
  if (left === null) return [];
  if (left.high <= 0) return ["longer than planned"];
  return [`${span(Math.max(0, left.low))} to ${span(left.high)} to go by the plan`];
}

function percent({ progress }: Pick<EngineBuild, "progress">): string {
  return `${Math.floor(100 * progress)} %`;
}

function span(ms: number): string {
  const seconds = Math.round(ms / 1000);
  return seconds < 120 ? `${seconds} s` : `${Math.round(seconds / 60)} min`;
}
