import { z } from "zod";
import { FleetError, isFleetError } from "../../../fleet/errors/index.ts";
import type { FleetLink } from "../../../fleet/hub/client/index.ts";
import { pipelineDigest } from "../../../fleet/release/index.ts";
import {
  BoardName,
  DetectSpec,
  ModelManifest,
  PipelineSpec,
  PlanSummary,
  UNSUPPORTED_PIPELINE_KEYS,
} from "../../../fleet/spec/index.ts";
import { waitRunning } from "../await/pipeline-running.ts";
import { waitUntil } from "../await/wait-until.ts";
import { diffInputs, diffState, type PropertyDiff } from "../diff.ts";
import type { FleetContext } from "../fleet-context.ts";
import {
  addPlan,
  concernsPlanOnly,
  logPlan,
  logWarnings,
  planOf,
  summaryIn,
} from "../plan/pipeline-plan.ts";
import { certifiedUntil, endingSoon } from "../release/certified-until.ts";
import { verifiedPart } from "../release/known-parts.ts";
import { Released } from "../release/parts.ts";
import { ownerOf, publish, withdraw } from "../release/publish.ts";
import { checkScope, ScopeInput, scopeOf } from "../release/scope.ts";
import { InitFailed } from "../rpc/errors.ts";
import type { Operation } from "../rpc/operation.ts";
import { type Properties, reveal, UNKNOWN } from "../rpc/values.ts";
import type { Known, Resource } from "./resource.ts";

/** A pipeline as a program declares it: with its device, and the model itself in place of its name. */
export const PipelineInputs = PipelineSpec.extend({
  device: z
    .strictObject({
      name: PipelineSpec.shape.name,
      board: BoardName,
      module: z.string().optional().meta({ description: "What the plan is made for." }),
      jetpack: z.string().optional().meta({ description: "What the plan is made for." }),
      libraryFaults: z
        .array(z.string())
        .optional()
        .meta({ description: "What the plan warns of: libraries that are not as it takes them." }),
      powerMode: z.string().optional().meta({ description: "What the plan is made for." }),
      simulated: z.boolean().optional().meta({ description: "Whether there is no real silicon." }),
      labels: z
        .record(z.string(), z.string())
        .optional()
        .meta({ description: "What the device is addressed by; scope must be of these." }),
    })
    .meta({ description: "The device that runs the pipeline." }),
  detect: DetectSpec.extend({
    model: ModelManifest.meta({ description: "Manifest of the model, an output of Model." }),
  }),
  scope: ScopeInput.optional(),
});
type PipelineInputs = z.infer<typeof PipelineInputs>;

export const PipelineState = z.object({
  specDigest: z.string().meta({ description: "Names this version of the pipeline and its model." }),
  released: Released.optional().meta({
    description:
      "The signed parts, by digest and number; absent until a version with parts releases it.",
  }),
  certifiedUntil: z.string().optional().meta({
    description: "Until when the hub may compose what the device runs; any `up` renews it in time.",
  }),
  state: z.string().meta({
    description:
      "running, starting, failed, stopped; absent or changed when it is not what was deployed.",
  }),
  plan: PlanSummary.optional(),
});

/** States in which a refresh leaves a pipeline that the hub does not hold as it was signed last. */
const DIFFERENT: ReadonlySet<unknown> = new Set(["absent", "changed"]);

const RULES = { replaceOn: ["name", "device.name"], deleteBeforeReplace: true };

export const pipelineResource: Resource = {
  type: "jetfleet:index:Pipeline",
  rules: {
    schema: PipelineInputs,
    unsupported: UNSUPPORTED_PIPELINE_KEYS,
    // A camera's URI may hold its password.
    secrets: ["sources.*.uri"],
  },
  timeoutsMs: { create: 120_000, update: 120_000, delete: 60_000, read: 30_000 },

  goals: () => Promise.resolve({ state: "running" }),

  refine: (inputs, _checked, urn) =>
    Promise.resolve([...addPlan(urn, inputs), ...checkScope(inputs)]),

  diff(known, news) {
    const changes = changedInputs(known, news).map((change) => ({
      ...change,
      replace: RULES.replaceOn.includes(change.path),
    }));
    return {
      changes: [...changes, ...drift(known), ...endingSoon(known.state)],
      deleteBeforeReplace: RULES.deleteBeforeReplace,
    };
  },

  previewCreate(inputs, log) {
    const { name, device } = reveal(inputs) as { name?: unknown; device?: { name?: unknown } };
    const known = typeof name === "string" && typeof device?.name === "string";
    logPlan(inputs["plan"], log);
    const unknown = { specDigest: UNKNOWN, released: UNKNOWN, certifiedUntil: UNKNOWN };
    const state = { ...inputs, ...unknown, state: "running" };
    return { id: known ? `${String(device?.name)}/${name}` : "", state };
  },

  previewUpdate(known, news, log) {
    const same = changedInputs(known, news).every(({ path }) => concernsBudgetOnly(path));
    logPlan(news["plan"], log);
    return {
      ...news,
      specDigest: same ? (known.state["specDigest"] ?? UNKNOWN) : UNKNOWN,
      released: changesNothing(known, news) ? (known.state["released"] ?? UNKNOWN) : UNKNOWN,
      certifiedUntil: UNKNOWN,
      state: "running",
      ...planOf(news, known),
    };
  },

  async create(context, operation, inputs) {
    const { name, device } = parseInputs(inputs);
    return { id: `${device.name}/${name}`, state: await deploy(context, operation, inputs) };
  },

  async update(context, operation, known, news) {
    if (changesNothing(known, news)) return await renew(context, operation, known, news);
    return await deploy(context, operation, news, known);
  },

  read: readPipeline,
  delete: deletePipeline,
};

/** What is not as it was deployed. */
function drift(known: Known): PropertyDiff[] {
  return [...diffState(known.state, { state: "running" }), ...unreleased(known)];
}

function changesNothing(known: Known, news: Properties): boolean {
  return changedInputs(known, news).length === 0 && drift(known).length === 0;
}

/** The pipeline is left alone. */
async function renew(
  context: FleetContext,
  operation: Operation,
  known: Known,
  news: Properties,
): Promise<Properties> {
  await context.hubInfo(operation.signal);
  const roles = await context.certified(operation.signal, null);
  const until = certifiedUntil(context, operation, roles);
  return { ...known.state, ...news, ...planOf(news, known), ...until };
}

/** Deployed by the former version, under a signature over the whole device: it is yet to be released by itself. */
function unreleased({ state }: Known): PropertyDiff[] {
  if (lastReleased(state) !== null) return [];
  return [{ path: "released", kind: "add", replace: false, inputDiff: false }];
}

function lastReleased(state: Properties): Released | null {
  return Released.safeParse(reveal(state["released"] ?? null)).data ?? null;
}

function changedInputs(known: Known, news: Properties): PropertyDiff[] {
  return diffInputs(known.inputs, news, RULES).filter(({ path }) => !concernsPlanOnly(path));
}

/** What is judged by and planned with, but not acted on: its change leaves the pipeline running as it is. */
function concernsBudgetOnly(path: string): boolean {
  return /^budget([.[]|$)/.test(path) || /^sources(\.[^.[]+|\["[^"]*"\])\.video([.[]|$)/.test(path);
}

/** The pipeline as declared, without what check adds to the inputs. */
function parseInputs(inputs: Properties): PipelineInputs {
  return z.object(PipelineInputs.shape).parse(reveal(inputs));
}

async function deploy(
  context: FleetContext,
  operation: Operation,
  inputs: Properties,
  known?: Known,
): Promise<Properties> {
  const plan = planOf(inputs, known);
  const summary = summaryIn(plan);
  logWarnings(summary, (message, severity = "info") => operation.log(severity, message));
  const parsed = parseInputs(inputs);
  const { device, spec, manifest } = splitInputs(parsed);
  const { board } = parsed.device;
  const scope = scopeOf(parsed.scope, device);
  const draft = { fleet: context.config.fleet, device, scope, board, spec, manifest };
  const specDigest = pipelineDigest(spec, manifest);
  return await context.withLink(operation.signal, async (link) => {
    const { errorBeforeAtMs, roles, ...released } = await publish(context, operation.signal, link, {
      draft,
      plan: summary,
      owner: ownerOf(operation.urn),
      last: known === undefined ? null : lastReleased(known.state),
      differenceSeen: DIFFERENT.has(known?.state["state"]),
    });
    const until = certifiedUntil(context, operation, roles);
    const state = { ...inputs, specDigest, released, ...until, ...plan };
    try {
      await waitRunning(operation, link, {
        device,
        pipeline: spec.name,
        part: released.part.digest,
        specDigest,
        errorBeforeAtMs,
        plan: summary,
      });
    } catch (error) {
      const begun = { ...state, state: "starting" };
      throw new InitFailed(`${device}/${spec.name}`, begun, inputs, error);
    }
    return { ...state, state: "running" };
  });
}

function splitInputs({ device, detect, scope: _, ...rest }: PipelineInputs): {
  device: string;
  spec: PipelineSpec;
  manifest: ModelManifest;
} {
  const { model, ...thresholds } = detect;
  const spec = PipelineSpec.parse({ ...rest, detect: { ...thresholds, model: model.name } });
  return { device: device.name, spec, manifest: model };
}

async function readPipeline(
  context: FleetContext,
  operation: Operation,
  known: Known,
): Promise<Known> {
  if (Object.keys(known.inputs).length === 0) {
    throw new FleetError("SPEC_UNSUPPORTED", "Pipelines cannot be imported", {
      hint: "Declare the pipeline in the program and run `up`; one of the same name is taken over.",
    });
  }
  const { device, name } = parseInputs(known.inputs);
  const keep = (reason: string) => {
    operation.log("warning", `${known.id} keeps its last known state: ${reason}`);
    return known;
  };
  try {
    await context.hubInfo(operation.signal);
    return await context.withLink(operation.signal, async (link) => {
      const deployed = await chosenPart(context, operation, device.name, name);
      const last = lastReleased(known.state);
      if (last === null && deployed === "former") return known;
      if (deployed === null || last === null) return withState(known, "absent");
      if (deployed !== last.part.digest) return withState(known, "changed");
      const presence = await link.readRetained(device.name, "presence");
      if (!presence?.online) return keep(`${device.name} is offline`);
      const reported = await link.readRetained(device.name, "reported");
      const running = reported?.pipelines.find((one) => one.name === name);
      if (running && running.specDigest !== known.state["specDigest"]) {
        return withState(known, "changed");
      }
      return withState(known, running?.state ?? "absent");
    });
  } catch (error) {
    if (!isFleetError(error, "HUB_UNREACHABLE")) throw error;
    return keep(error.message);
  }
}

/** Digest of the part that the hub has chosen; `former` for one of a document of the former version. */
async function chosenPart(
  context: FleetContext,
  operation: Operation,
  device: string,
  name: string,
): Promise<string | null> {
  const roles = await context.certified(operation.signal, null);
  const { answer } = await context.hub(operation.signal).deploy.pipeline(device, name);
  if (answer.chosen === null) return answer.former ? "former" : null;
  const question = { fleet: context.config.fleet, device, name, releaseKeys: roles.release };
  return verifiedPart("pipeline", answer.chosen.pipeline, question)?.digest ?? null;
}

function withState(known: Known, state: string): Known {
  return { ...known, state: { ...known.state, state } };
}

async function deletePipeline(
  context: FleetContext,
  operation: Operation,
  known: Known,
): Promise<void> {
  const { device, name } = parseInputs(known.inputs);
  await context.withLink(operation.signal, async (link) => {
    const { signal, urn } = operation;
    if (!(await withdraw(context, signal, device.name, name, ownerOf(urn)))) return;
    const presence = await link.readRetained(device.name, "presence");
    if (!presence?.online) {
      operation.log("warning", `${device.name} is offline; it will stop ${name} when it is back`);
      return;
    }
    await waitStopped(operation, link, device.name, name);
  });
}

async function waitStopped(
  operation: Operation,
  link: FleetLink,
  device: string,
  name: string,
): Promise<void> {
  let listed = true;
  await waitUntil({
    operation,
    link,
    goal: `pipeline ${name} to stop on ${device}`,
    code: "PIPELINE_NOT_RUNNING",
    judge: () =>
      listed
        ? { verdict: "waiting", reason: `${device} is stopping it` }
        : { verdict: "done", text: "stopped" },
    observe: (changed) =>
      link.subscribe(device, "reported", (reported) => {
        listed = reported.pipelines.some((one) => one.name === name && one.state !== "stopped");
        changed();
      }),
  });
}
