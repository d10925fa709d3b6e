import type { KeptEngine, Reported } from "../../../fleet/contract/index.ts";
import { builderOf, buildNeeds, expectedBuildMs } from "../../../fleet/engine/index.ts";
import type { ModelManifest, PlanSummary } from "../../../fleet/spec/index.ts";
import { megabytes } from "../../../fleet/transfer/transfer-text.ts";

/** What the hub holds of a device's own word: a report, none yet, or why nobody can say. */
export type Told = Reported | null | { unknown: string };

export interface EngineQuestion {
  device: string;
  model: Pick<ModelManifest, "name" | "digest" | "sizeBytes" | "calibration" | "float32Nodes">;
  plan: Pick<PlanSummary, "accelerator" | "precision" | "buildMinutes"> | undefined;
  told: Told;
  /** Of the fleet, as far as they were asked. */
  others: readonly { device: string; reported: Reported }[];
  /** Devices that were not asked, beside these. */
  unasked: number;
}

export interface EngineForecast {
  state: "there" | "elsewhere" | "to-build" | "unbuildable" | "unknown";
  text: string;
}

/**
 * Whether the engine that a pipeline needs is there, or must be built, where, in how long and in how much memory. What a
 * device did not say is not known, and neither "there" nor "to be built".
 */
export function forecastEngine(question: EngineQuestion): EngineForecast {
  const { device, model, told } = question;
  const what = `engine of ${model.name} for ${device}`;
  if (told === null) {
    return { state: "to-build", text: `${what}: ${first(question)}; nothing was ever built there` };
  }
  if ("unknown" in told) return unknown(what, told.unknown);
  const form = formOf(question, told);
  if (form === null) return unknown(what, "its agent does not say what engines it can use");
  const besides = partOfKey(model, form);
  if (besides !== null) return unknown(what, `a report does not tell ${besides} of engines`);
  const own = engineOf(told, model.digest, form);
  if (own?.outcome === "unbuildable") {
    const { code = "", message = "" } = own.error ?? {};
    const text = `${what}: found before that none can be built: ${code}: ${message}`;
    return { state: "unbuildable", text };
  }
  if (own !== undefined) {
    const text = `${what}: ${device} has one with this key (${form}, ${about(own)}); none is built`;
    return { state: "there", text };
  }
  const other = question.others.find(({ reported }) => hasSame(reported, told, form, model.digest));
  const must = `${what}: must be built (${form}), ${cost(question, told, form)}`;
  if (other === undefined) return { state: "to-build", text: `${must}${whoseNot(question)}` };
  const text = `${what}: ${other.device} has one with this key (${form}); otherwise ${cost(question, told, form)}`;
  return { state: "elsewhere", text };
}

function unknown(what: string, why: string): EngineForecast {
  return { state: "unknown", text: `${what}: whether one is there is not known: ${why}` };
}

/** What of the model, beside its file, is in the key of an engine of that form; null: nothing. */
function partOfKey({ calibration, float32Nodes }: EngineQuestion["model"], form: string) {
  if (calibration !== undefined && form.endsWith(" int8")) return "the calibration";
  const isMixed = form !== "cpu" && !form.endsWith(" fp32");
  return float32Nodes !== undefined && isMixed ? "the float32 nodes" : null;
}

/** On a device that is yet to be installed. */
function first(question: EngineQuestion): string {
  return `must be built, ${cost(question, null, "")}`;
}

/** The planned accelerator where the device builds for it, else the processor; null: the device does not say. */
function formOf({ plan }: EngineQuestion, { engineHosts }: Reported): string | null {
  if (engineHosts === undefined) return null;
  const kind = plan?.accelerator?.startsWith("dla") ? "dla" : "gpu";
  const planned = `${kind} ${plan?.precision ?? ""}`;
  if (engineHosts[planned] !== undefined) return planned;
  return engineHosts["cpu"] === undefined ? null : "cpu";
}

function engineOf({ engines = [] }: Reported, model: string, form: string): KeptEngine | undefined {
  return engines.find(
    (one) =>
      one.model === model && one.accelerator === form && one.current && one.outcome !== "unknown",
  );
}

/** The key is the model's digest and what is left of it. */
function hasSame(other: Reported, own: Reported, form: string, model: string): boolean {
  const [a, b] = [other, own].map(({ engineHosts }) => engineHosts?.[form]);
  return a !== undefined && a === b && engineOf(other, model, form)?.outcome === "built";
}

function about({ sizeBytes, seconds }: KeptEngine): string {
  const size = sizeBytes === undefined ? "" : `${megabytes(sizeBytes)}, `;
  return `${size}built in ${seconds.toFixed(1)} s`;
}

function cost({ model, plan }: EngineQuestion, told: Reported | null, form: string): string {
  const { memoryBytes } = buildNeeds(model.sizeBytes, builderOf(form));
  const memory = `with ${megabytes(memoryBytes)} of free memory`;
  const former = told === null ? null : expectedBuildMs(model.sizeBytes, form, told.engines ?? []);
  if (former !== null) {
    const [low, high] = [former.low, former.high].map((ms) => (ms / 1000).toPrecision(2));
    return `in ${low} to ${high} s by its former builds, ${memory}`;
  }
  const band = plan?.buildMinutes;
  const planned = band ? `${band.low} to ${band.high} min` : "a time that is not known";
  if (form !== "cpu") return `in ${planned}${band ? " by the plan" : ""}, ${memory}`;
  const silicon = band ? ` (the plan's ${planned} are of the board's silicon)` : "";
  return `in a time that is not known, as it is the first there${silicon}, ${memory}`;
}

function whoseNot({ others, unasked }: EngineQuestion): string {
  const asked = `none of ${others.length} other devices that were asked has one`;
  if (others.length === 0 && unasked === 0) return "";
  return unasked === 0 ? `; ${asked}` : `; ${asked}, ${unasked} were not asked`;
}
