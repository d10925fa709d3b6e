import { randomUUID } from "node:crypto";
import { type PipelineModels, pipelineDigest } from "../../../fleet/release/index.ts";
import { PipelineSpec, UNSUPPORTED_PIPELINE_KEYS } from "../../../fleet/spec/index.ts";
import { isOnline } from "../await/device-online.ts";
import { waitRunning } from "../await/pipeline-running.ts";
import { diffInputs, diffState, type PropertyDiff } from "../diff.ts";
import type { FleetContext } from "../fleet-context.ts";
import { foretellEngine } from "../plan/foretell-engine.ts";
import {
  addPlan,
  concernsPlanOnly,
  logPlan,
  logWarnings,
  planOf,
  summaryIn,
} from "../plan/pipeline-plan.ts";
import { certifiedUntil, endingSoon } from "../release/certified-until.ts";
import { hubGoal } from "../release/hub-mark.ts";
import { ownerOf, publish } from "../release/publish.ts";
import { checkScope, scopeOf } from "../release/scope.ts";
import { InitFailed } from "../rpc/errors.ts";
import type { Operation } from "../rpc/operation.ts";
import { type Properties, reveal, UNKNOWN } from "../rpc/values.ts";
import { unreachablePolicy } from "../unreachable.ts";
import { checkAnalytics } from "./pipeline-analytics.ts";
import { checkDecoder, logDecoder } from "./pipeline-decoder.ts";
import { deletePipeline } from "./pipeline-delete.ts";
import {
  lastReleased,
  ownerIn,
  PipelineInputs,
  parseInputs,
  shownInputs,
} from "./pipeline-inputs.ts";
import { readPipeline } from "./pipeline-read.ts";
import { checkSecondary } from "./pipeline-secondary.ts";
import type { Known, Resource } from "./resource.ts";

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
  drifts: true,
  timeoutsMs: { create: 120_000, update: 120_000, delete: 60_000, read: 30_000 },

  goals: (context) => Promise.resolve({ state: "running", ...hubGoal(context) }),

  refine: (inputs, _checked, urn) =>
    Promise.resolve([
      ...addPlan(urn, inputs),
      ...checkScope(inputs),
      ...checkAnalytics(inputs),
      ...checkSecondary(inputs),
      ...checkDecoder(inputs),
    ]),

  diff(known, news) {
    const changes = changedInputs(known, news).map((change) => ({
      ...change,
      replace: RULES.replaceOn.includes(change.path),
    }));
    return {
      changes: [...changes, ...drift(known, news), ...endingSoon(known.state)],
      deleteBeforeReplace: RULES.deleteBeforeReplace,
    };
  },

  previewCreate(inputs, log) {
    const { name, device } = reveal(inputs) as { name?: unknown; device?: { name?: unknown } };
    const known = typeof name === "string" && typeof device?.name === "string";
    logPlan(inputs["plan"], log);
    logDecoder(inputs, log);
    const unknown = { specDigest: UNKNOWN, released: UNKNOWN, certifiedUntil: UNKNOWN };
    const state = { ...shownInputs(inputs), ...unknown, state: "running" };
    return { id: known ? `${String(device?.name)}/${name}` : "", state };
  },

  previewUpdate(known, news, log) {
    const same = changedInputs(known, news).every(({ path }) => concernsBudgetOnly(path));
    logPlan(news["plan"], log);
    return {
      ...shownInputs(news),
      specDigest: same ? (known.state["specDigest"] ?? UNKNOWN) : UNKNOWN,
      released: changesNothing(known, news) ? (known.state["released"] ?? UNKNOWN) : UNKNOWN,
      certifiedUntil: UNKNOWN,
      state: "running",
      ...planOf(news, known),
    };
  },

  foretell: (context, inputs, log) => foretellEngine((signal) => context.hub(signal), inputs, log),

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
function drift(known: Known, { hub }: Properties): PropertyDiff[] {
  return [...diffState(known.state, { state: "running", hub }), ...unreleased(known)];
}

function changesNothing(known: Known, news: Properties): boolean {
  return changedInputs(known, news).length === 0 && drift(known, news).length === 0;
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
  return shownInputs({ ...known.state, ...news, ...planOf(news, known), ...until });
}

/** Deployed by the former version, under a signature over the whole device: it is yet to be released by itself. */
function unreleased({ state }: Known): PropertyDiff[] {
  if (lastReleased(state) !== null) return [];
  return [{ path: "released", kind: "add", replace: false, inputDiff: false }];
}

function changedInputs(known: Known, news: Properties): PropertyDiff[] {
  return diffInputs(known.inputs, news, RULES).filter(
    // Where it is to be is told by where it is.
    ({ path }) => !concernsPlanOnly(path) && path !== "hub",
  );
}

/** What is judged by and planned with, but not acted on: its change leaves the pipeline running as it is. */
function concernsBudgetOnly(path: string): boolean {
  return /^budget([.[]|$)/.test(path) || /^sources(\.[^.[]+|\["[^"]*"\])\.video([.[]|$)/.test(path);
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
  const { device, spec, model, secondaryModels } = splitInputs(parsed);
  const { board } = parsed.device;
  const scope = scopeOf(parsed.scope, device);
  const draft = { fleet: context.config.fleet, device, scope, board, spec };
  const specDigest = pipelineDigest(spec, { model, secondaryModels });
  return await context.withLink(operation.signal, async (link) => {
    const former = known === undefined ? null : ownerIn(known.state);
    const owner = { ...ownerOf(operation.urn), id: former?.id ?? randomUUID() };
    const { errorBeforeAtMs, roles, ...released } = await publish(context, operation.signal, link, {
      draft: { ...draft, manifest: model, secondaryModels },
      plan: summary,
      owner,
      formerOwner: former,
      last: known === undefined ? null : lastReleased(known.state),
      differenceSeen: known !== undefined && isDifferenceSeen(known, context),
    });
    const until = certifiedUntil(context, operation, roles);
    const state = {
      ...{ ...shownInputs(inputs), specDigest, released, owner },
      ...{ ...hubGoal(context), ...until, ...plan },
    };
    if (
      unreachablePolicy(context, inputs["device"]) === "skip" &&
      !(await isOnline(link, device))
    ) {
      const why = `${device} is offline and will hear of ${spec.name} when it is back`;
      operation.log("warning", `${why}; the next \`up\` waits for it`);
      return { ...state, state: "unreachable" };
    }
    try {
      await waitRunning(operation, link, {
        device,
        pipeline: spec.name,
        part: released.part.digest,
        specDigest,
        errorBeforeAtMs,
        plan: summary,
        budget: spec.budget,
      });
    } catch (error) {
      const begun = { ...state, state: "starting" };
      throw new InitFailed(`${device}/${spec.name}`, begun, inputs, error);
    }
    return { ...state, state: "running" };
  });
}

/** A refresh has seen that the hub has it otherwise, or it is another hub. */
function isDifferenceSeen({ state }: Known, context: FleetContext): boolean {
  const { hub } = state;
  return DIFFERENT.has(state["state"]) || (hub !== undefined && hub !== context.hubMark());
}

interface SplitInputs extends PipelineModels {
  device: string;
  spec: PipelineSpec;
}

/** The specification, which names models, and these. */
function splitInputs({
  device,
  detect,
  secondary,
  scope: _,
  ...rest
}: PipelineInputs): SplitInputs {
  const { model } = detect;
  const seconds = Object.entries(secondary ?? {});
  const named = Object.fromEntries(
    seconds.map(([name, one]) => [name, { ...one, model: one.model.name }]),
  );
  const spec = PipelineSpec.parse({
    ...rest,
    detect: { ...detect, model: model.name },
    ...(secondary && { secondary: named }),
  });
  const models = Object.fromEntries(seconds.map(([name, one]) => [name, one.model]));
  return { device: device.name, spec, model, ...(secondary && { secondaryModels: models }) };
}
