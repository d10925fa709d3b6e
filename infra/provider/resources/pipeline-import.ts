import { z } from "zod";
import { FleetError } from "../../../fleet/errors/index.ts";
import {
  modelsOf,
  openPart,
  type PipelineModels,
  type PipelinePart,
  pipelineDigest,
  refOf,
  type Scope,
} from "../../../fleet/release/index.ts";
import { Name } from "../../../fleet/spec/index.ts";
import type { FleetContext } from "../fleet-context.ts";
import { hubGoal } from "../release/hub-mark.ts";
import type { ScopeInput } from "../release/scope.ts";
import type { Operation } from "../rpc/operation.ts";
import { type Properties, Secret } from "../rpc/values.ts";
import { shownInputs } from "./pipeline-inputs.ts";
import type { Known } from "./resource.ts";

/** `<device>/<name>` */
const Id = z.tuple([Name, Name]);

/** A pipeline by its id alone: as its signed parts at the hub declare it. null: the hub has none of that name. */
export async function importPipeline(
  context: FleetContext,
  operation: Operation,
  id: string,
): Promise<Known | null> {
  const parsed = Id.safeParse(id.split("/"));
  if (!parsed.success) {
    throw new FleetError("USAGE", `Expected an id such as door/entrance but got ${id}`, {
      hint: "Import a Pipeline by the names of its device and of itself, with a / between them.",
    });
  }
  const [device, name] = parsed.data;
  const { signal } = operation;
  await context.hubInfo(signal);
  const { release } = await context.certified(signal, null);
  const { answer } = await context.hub(signal).deploy.pipeline(device, name);
  if (answer.chosen === null) return null;
  const part = openPart(answer.chosen.pipeline, release);
  const set = openPart(answer.chosen.set, release);
  if (part.document.kind !== "pipeline" || set.document.kind !== "set") return null;
  const { spec, scope, board } = part.document;
  const models = modelsOf(part.document, set.document);
  const hub = hubGoal(context);
  const declared = inputsOf({ spec, models, device: { name: device, board }, scope });
  const state = await context.withLink(signal, async (link) => {
    const reported = await link.readRetained(device, "reported");
    return reported?.pipelines.find((one) => one.name === name)?.state ?? "absent";
  });
  const owner = answer.choice?.owner ?? null;
  if (owner !== null) {
    operation.log(
      "warning",
      `${id} is of ${owner.program} as yet; take it out of there without deleting it: \`pulumi state delete '${owner.resource}'\``,
    );
  }
  return {
    id,
    inputs: { ...declared, state: "running", ...hub },
    state: {
      ...{ ...shownInputs(declared), ...hub, state },
      specDigest: pipelineDigest(spec, models),
      released: plain({ part: refOf(part), set: refOf(set) }),
      // Its id stays with who has it now, until an update here makes another.
      ...(owner !== null && { owner: { program: owner.program, resource: owner.resource } }),
    },
  };
}

function inputsOf({
  spec,
  models: { model, secondaryModels = {} },
  device,
  scope,
}: {
  spec: PipelinePart["spec"];
  models: PipelineModels;
  device: { name: string; board: string };
  scope: Scope;
}): Properties {
  const { detect, secondary, sources, ...rest } = spec;
  const isAlone = scope.to === "devices" && scope.devices.join() === device.name;
  return {
    ...plain(rest),
    device,
    detect: { ...plain(detect), model: plain(model) },
    ...(secondary && {
      secondary: Object.fromEntries(
        Object.entries(secondary).map(([key, one]) => [
          key,
          plain({ ...one, model: secondaryModels[key] }),
        ]),
      ),
    }),
    // As a program would give them.
    sources: Object.fromEntries(
      Object.entries(sources).map(([key, source]) => [
        key,
        { ...plain(source), uri: new Secret(source.uri) },
      ]),
    ),
    ...(!isAlone && { scope: plain(scope satisfies ScopeInput) }),
  };
}

/** What came out of JSON has nothing in it that a property could not hold. */
function plain(value: object): Properties {
  return JSON.parse(JSON.stringify(value)) as Properties;
}
