import { shareLeft } from "./admission.ts";
import type { Demand } from "./demand.ts";
import type { Admission, Candidate, Diagnostic, Interval, NamedUsage } from "./plan-schema.ts";
import { type Choice, latencyRank, nameOf, range, rateRank } from "./policy.ts";

/** What of the demand the chosen way misses, or meets only at the good end of its estimate, and what comes nearest. */
export function shortfalls(
  { chosen, certainty }: Choice,
  demand: Demand,
  beside: readonly NamedUsage[],
  board: string,
): Diagnostic[] {
  if (!chosen || certainty === "sure" || certainty === "likely") return [];
  const { candidate } = chosen;
  const severity = certainty === "impossible" ? "error" : "warning";
  return [
    ...(latencyRank(candidate, demand) < 2 ? [tooSlow(candidate, demand, board, severity)] : []),
    ...(rateRank(candidate, demand, []) < 2
      ? [tooFew(candidate, demand, board, severity)]
      : rateRank(candidate, demand, beside) < 2
        ? [tooMuchTogether(candidate, demand, beside, severity)]
        : []),
  ];
}

type Severity = Diagnostic["severity"];

function tooSlow(
  candidate: Candidate,
  { latencyMs }: Demand,
  board: string,
  severity: Severity,
): Diagnostic {
  return {
    severity,
    rule: "demand.latency",
    nodes: [],
    message: `one inference in ${what(candidate)} of ${board} is estimated at ${ms(candidate.latencyMs)}, you allow ${latencyMs?.toFixed(0) ?? "any"} ms`,
    remedy: "a smaller model or input",
  };
}

function tooFew(
  candidate: Candidate,
  { fps }: Demand,
  board: string,
  severity: Severity,
): Diagnostic {
  return {
    severity,
    rule: "demand.throughput",
    nodes: [],
    message: `${what(candidate)} of ${board} is estimated at ${rate(candidate)}, the most it gives; you ask for ${fps.toFixed(0)}`,
    remedy: "fewer streams, a lower frame rate, or a smaller model or input",
  };
}

function tooMuchTogether(
  candidate: Candidate,
  { fps }: Demand,
  beside: readonly NamedUsage[],
  severity: Severity,
): Diagnostic {
  const { busy } = candidate;
  const taken = (of: (one: NamedUsage) => number | null): number =>
    beside.reduce((sum, one) => sum + (of(one) ?? 0), 0);
  const onGpu = busy.gpu > 0 && taken(({ gpuBusy }) => gpuBusy) > 0;
  const others = beside
    .filter(({ gpuBusy, dla0Busy, dla1Busy }) => (gpuBusy ?? 0) + (dla0Busy ?? 0) + (dla1Busy ?? 0))
    .map(({ name }) => name)
    .join(", ");
  const left = shareLeft(candidate, beside);
  const rest = candidate.fps && { low: left * candidate.fps.low, high: left * candidate.fps.high };
  return {
    severity,
    rule: onGpu ? "demand.gpu" : "demand.dla",
    nodes: [],
    message: `beside ${others}, ${what(candidate)} is left with ${rest ? range(rest) : "0"} fps of its ${rate(candidate)}; you ask for ${fps.toFixed(0)}`,
    remedy: "another device for one of the pipelines, or a lower frame rate",
  };
}

function what({ precision, accelerator }: Candidate): string {
  return `${precision.toUpperCase()} on ${nameOf(accelerator)}`;
}

function rate({ fps }: Candidate): string {
  return fps ? `${range(fps)} fps` : "any rate";
}

function ms(interval: Interval | null): string {
  return interval ? `${range(interval)} ms` : "no time";
}

/** Decoder or memory that this pipeline and the others together would take too much of. */
export function overloads(admissions: readonly Admission[]): Diagnostic[] {
  return admissions
    .filter(({ fits, resource }) => fits === false && ["decoder", "memory"].includes(resource))
    .map(({ resource, used, own, beside, available, unit }): Diagnostic => {
      const others = beside.map((one) => `${one.name} ${one.used.toFixed(0)}`).join(", ");
      const parts = others === "" ? "" : `: this pipeline ${own.toFixed(0)}, ${others}`;
      return {
        severity: "error",
        rule: `demand.${resource}`,
        nodes: [],
        message: `${resource} would need ${used.toFixed(0)} ${unit} of ${available?.toFixed(0) ?? "unknown"}${parts}`,
        remedy: null,
      };
    });
}
