import { shareLeft, streamMib } from "./admission.ts";
import { allowedText, askedText, type Demand, demandedMpix } from "./demand.ts";
import {
  calibrationNote,
  camerasOf,
  camerasServed,
  fastestOf,
  milliseconds,
  perSecond,
  quickestOf,
  rateOf,
  what,
} from "./nearest.ts";
import type { Admission, Candidate, Diagnostic, NamedUsage } from "./plan-schema.ts";
import { type Choice, LIKELY, latencyRank, rateRank } from "./policy.ts";

export interface ShortfallQuestion {
  demand: Demand;
  beside: readonly NamedUsage[];
  /** Title of the module. */
  module: string;
  /** Every way in every precision that is fast on the board; only asked for when something is missing. */
  everyWay: () => readonly Candidate[];
  /** Title of another module that surely meets the demand. */
  otherModule: () => string | null;
}

/** What of the demand the chosen way misses, or meets only at the good end of its estimate, and what comes nearest. */
export function shortfalls(
  { chosen, certainty }: Choice,
  question: ShortfallQuestion,
): Diagnostic[] {
  if (!chosen || certainty === "sure" || certainty === "likely") return [];
  const { candidate } = chosen;
  const { demand, beside } = question;
  const alone = rateRank(candidate, demand, []) >= LIKELY;
  const together = rateRank(candidate, demand, beside) >= LIKELY;
  const found = [
    ...(latencyRank(candidate, demand) < LIKELY ? [tooSlow(candidate, question)] : []),
    ...(alone ? [] : [tooFew(candidate, question)]),
    ...(alone && !together ? [tooMuchTogether(candidate, question)] : []),
  ];
  const severity = certainty === "impossible" ? "error" : "warning";
  const other = question.otherModule();
  const instead = other ? `, or another board: ${other} surely gives it` : "";
  return found.map(({ rule, message, remedy }) => ({
    severity,
    rule,
    nodes: [],
    message,
    remedy: `${remedy}${instead}`,
  }));
}

/** Less than this much more is not worth another precision. */
const WORTH_NAMING = 1.1;

interface Shortfall {
  rule: string;
  message: string;
  remedy: string;
}

function tooSlow(candidate: Candidate, { demand, module, everyWay }: ShortfallQuestion): Shortfall {
  const quickest = quickestOf(everyWay()) ?? candidate;
  const better = (quickest.latencyMs?.expected ?? 0) < (candidate.latencyMs?.expected ?? 0);
  const nearest = better
    ? `; the fastest it has is ${milliseconds(quickest.latencyMs)} in ${what(quickest)}${calibrationNote(quickest, candidate.precision)}`
    : ", the fastest it has";
  return {
    rule: "demand.latency",
    message: `${module}: one inference of ${what(candidate)} is estimated at ${milliseconds(candidate.latencyMs)}${nearest}; you allow ${allowedText(demand)}`,
    remedy: `${fewerParts(demand)}a smaller model or input`,
  };
}

function tooFew(candidate: Candidate, question: ShortfallQuestion): Shortfall {
  const { demand, module, beside, everyWay } = question;
  const most = fastestOf(everyWay(), beside) ?? candidate;
  const better = (most.fps?.expected ?? 0) > WORTH_NAMING * (candidate.fps?.expected ?? 0);
  const nearest = better
    ? `; the most it gives is ${perSecond(most.fps)} in ${what(most)}${calibrationNote(most, candidate.precision)}`
    : ", the most it gives";
  const served = camerasServed(demand, (better ? most : candidate).fps?.low ?? 0);
  return {
    rule: "demand.throughput",
    message: `${module}: ${rateOf(candidate)}${nearest}; you ask for ${askedText(demand)}${served}`,
    remedy: `fewer cameras, ${fewerParts(demand)}a lower frame rate, a longer interval of detection, a smaller model or input`,
  };
}

function fewerParts({ parts }: Demand): string {
  return parts.most > 1 ? "fewer regions, " : "";
}

function tooMuchTogether(candidate: Candidate, { demand, beside }: ShortfallQuestion): Shortfall {
  const left = shareLeft(candidate, beside);
  const { fps } = candidate;
  const rest = fps && { expected: 0, low: left * fps.low, high: left * fps.high };
  const others = beside.filter((one) => busyOf(one) > 0).map(({ name }) => name);
  const withoutGpu = shareLeft({ ...candidate, busy: { ...candidate.busy, gpu: 0 } }, beside);
  return {
    rule: withoutGpu > left ? "demand.gpu" : "demand.dla",
    message: `beside ${others.join(", ")}, ${what(candidate)} is left with ${perSecond(rest)} of its ${perSecond(fps)}; you ask for ${askedText(demand)}${camerasServed(demand, rest?.low ?? 0)}`,
    remedy: "another device for one of the pipelines, a lower frame rate",
  };
}

function busyOf({ gpuBusy, dla0Busy, dla1Busy }: NamedUsage): number {
  return (gpuBusy ?? 0) + (dla0Busy ?? 0) + (dla1Busy ?? 0);
}

/** Decoder or memory that this pipeline and the others together would take too much of. */
export function overloads(admissions: readonly Admission[], demand: Demand): Diagnostic[] {
  return admissions
    .filter(({ fits, resource }) => fits === false && ["decoder", "memory"].includes(resource))
    .map((admission): Diagnostic => {
      const { resource, used, own, beside, available, unit } = admission;
      const others = beside.map((one) => `${one.name} ${one.used.toFixed(0)}`).join(", ");
      const parts = others === "" ? "" : `: this pipeline ${own.toFixed(0)}, ${others}`;
      return {
        severity: "error",
        rule: `demand.${resource}`,
        nodes: [],
        message: `${resource} would need ${used.toFixed(0)} ${unit} of ${available?.toFixed(0) ?? "unknown"}${parts}${camerasLeft(admission, demand)}`,
        remedy:
          resource === "decoder"
            ? "fewer or smaller cameras, or a lower frame rate"
            : "fewer cameras, a smaller model, or another device for one of the pipelines",
      };
    });
}

/** How many of the cameras the rest of a resource carries, where they are all of one kind. */
function camerasLeft({ resource, used, own, available }: Admission, { streams }: Demand): string {
  const [kind, ...others] = streams;
  if (!kind || others.length > 0 || available === null) return "";
  const each = resource === "decoder" ? demandedMpix([{ ...kind, count: 1 }]) : streamMib(kind);
  const model = own - kind.count * each;
  const served = Math.floor((available - (used - own) - model) / each + 1e-9);
  return `; ${camerasOf(served, kind.count)}`;
}
