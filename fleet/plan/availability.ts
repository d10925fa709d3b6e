import { best, dlaEnded, type Module, releasesFor, SOCS } from "../boards/catalog/index.ts";
import type { AcceleratorChoice, PrecisionChoice } from "../spec/index.ts";
import { fastestOf, perSecond, rateOf } from "./nearest.ts";
import type { Candidate, Diagnostic } from "./plan-schema.ts";
import type { Choice } from "./policy.ts";

/** What was asked of which module. */
export interface Asked {
  module: Module;
  jetpack: string | null;
  accelerator: AcceleratorChoice;
  precision: PrecisionChoice;
  fps: number;
}

/** A precision that the GPU is not fast in, with what it does instead. */
export function precisionDiagnostics(
  { module, precision, fps }: Asked,
  choice: Choice,
): Diagnostic[] {
  const soc = SOCS[module.soc];
  if (precision !== "int8" || best(soc.fastInt8) !== false) return [];
  const sm = `sm_${soc.computeCapability.replace(".", "")}`;
  const message = `INT8 on ${module.title}: ${sm} has no fast INT8${insteadOf(choice, fps)}`;
  return [refusal("gpu.int8", message, "ask for fp16")];
}

/** What the precision that was chosen instead gives. */
export function insteadOf({ chosen }: Choice, fps: number): string {
  if (chosen === null) return "";
  const { candidate } = chosen;
  return `; ${candidate.precision.toUpperCase()} is estimated at ${perSecond(candidate.fps)}${asksFor(fps)}`;
}

/** An accelerator that cannot run the model here, why, and what comes nearest. */
export function availabilityDiagnostics(
  asked: Asked,
  { chosen, reason }: Choice,
  everyWay: () => readonly Candidate[],
): Diagnostic[] {
  if (chosen !== null) return [];
  const nearest = nearestTo(asked, everyWay());
  const instead = nearest ? `; ${rateOf(nearest)}${asksFor(asked.fps)}` : "";
  return [
    refusal(
      "accelerator.unavailable",
      `${unavailability(asked) ?? reason}${instead}`,
      "ask for auto, or for what is named here",
    ),
  ];
}

/** The same accelerator in another precision where there is one, else the fastest in the precision asked for. */
function nearestTo(
  { accelerator, precision }: Asked,
  ways: readonly Candidate[],
): Candidate | null {
  const same = ways.filter((one) => one.accelerator === accelerator && one.precision !== "int8");
  const kept = ways.filter((one) => one.precision === (precision === "auto" ? "fp16" : precision));
  return fastestOf(same.length > 0 ? same : kept.length > 0 ? kept : ways, []);
}

function asksFor(fps: number): string {
  return fps > 0 ? `, you ask for ${Number(fps.toFixed(1))}` : "";
}

export function refusal(rule: string, message: string, remedy: string): Diagnostic {
  return { severity: "error", rule, nodes: [], message, remedy };
}

/** Why no DLA can be used at all; null when the model or the speed decides. */
function unavailability({ module, jetpack, accelerator, precision }: Asked): string | null {
  const name = accelerator === "split" ? "a split" : accelerator.toUpperCase();
  const cores = best(module.dlaCores);
  if (cores === 0) return `${name} on ${module.title}: it has no DLA`;
  if (accelerator === "dla1" && cores === 1) return `DLA1 on ${module.title}: it has one DLA`;
  const ended = softwareWithoutDla(module, jetpack);
  if (ended) return `${name} on ${module.title}: ${ended}`;
  if (precision === "fp32") return `${name} in FP32: a DLA computes in FP16 and INT8 only`;
  const unknown = unknownDla(module);
  return unknown && `${name} on ${module.title}: ${unknown}`;
}

/** Says why a board's DLA is not among the ways, when nobody asked for it. */
export function dlaNotes({ module, jetpack }: Asked): Diagnostic[] {
  if (best(module.dlaCores) === 0) return [];
  const ended = softwareWithoutDla(module, jetpack);
  const message = ended ?? unknownDla(module);
  const rule = ended ? "dla.software" : "dla.unknown";
  return message ? [{ severity: "info", rule, nodes: [], message, remedy: null }] : [];
}

function softwareWithoutDla(module: Module, jetpack: string | null): string | null {
  if (jetpack === null || !dlaEnded(jetpack)) return null;
  const versions = releasesFor(module)
    .flatMap((release) => release.versions)
    .filter((version) => !dlaEnded(version));
  const last = versions[versions.length - 1];
  return `JetPack ${jetpack} has no software for the DLA${last ? `, ${last} is the last that has` : ""}`;
}

function unknownDla(module: Module): string | null {
  const known = best(module.dlaTops) !== null && best(SOCS[module.soc].dlaGeneration) !== null;
  return known ? null : "how fast its DLA is is not known, so no way that uses it can be estimated";
}
