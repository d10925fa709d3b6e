import {
  type Desired,
  type DesiredMessage,
  FORMER_CONTRACT,
  FormerDesired,
} from "../contract/index.ts";
import { FleetError } from "../errors/index.ts";
import { namedModels, openFormer, parseJson, sha256Digest } from "../release/index.ts";
import { type Memory, rememberedPart } from "./memory.ts";
import type { Identity, RefusedPipeline, Verdict, WantedPipeline } from "./verdict.ts";

/**
 * A message that is no composition. The document of the former version that is in force is still retained when the
 * agent was just exchanged: it asks for nothing new. Any other of that version is not obeyed any more.
 */
export function judgeFormer(message: unknown, memory: Memory, identity: Identity): Verdict {
  const former = openDocument(message, identity);
  if (former.generation <= memory.formerGeneration && memory.digest === null) {
    return { verdict: "same" };
  }
  throw unreadable();
}

export interface KeptFormer {
  pipelines: WantedPipeline[];
  refused: RefusedPipeline[];
}

/**
 * The pipelines that a composition keeps from a document of the former version. One that was released as a part
 * since then never goes back to it.
 */
export function keptFormer(
  message: DesiredMessage,
  desired: Desired,
  memory: Memory,
  identity: Identity,
): KeptFormer {
  if (desired.former === undefined) return { pipelines: [], refused: [] };
  const { digest, keep } = desired.former;
  if (message.former === undefined || sha256Digest(message.former.payload) !== digest) {
    throw new FleetError("PART_MISSING", `Expected document ${digest} but it is not there`);
  }
  const former = openDocument(message.former, identity);
  if (former.generation < memory.formerGeneration) {
    throw new FleetError(
      "PART_STALE",
      `Expected generation ${memory.formerGeneration} of the former version but got ${former.generation}`,
    );
  }
  const isReleased = (name: string) => rememberedPart(memory, "pipeline", name) !== null;
  return {
    pipelines: keep.filter((name) => !isReleased(name)).map((name) => wantedOf(former, name)),
    refused: keep.filter(isReleased).map((pipeline) => {
      const message = `Expected a part of pipeline ${pipeline}, as was accepted before, but got it of the former version`;
      return { pipeline, part: null, error: new FleetError("PART_STALE", message) };
    }),
  };
}

function wantedOf(former: FormerDesired, name: string): WantedPipeline {
  const spec = former.pipelines.find((one) => one.name === name);
  const models = spec && namedModels(spec, former.models);
  if (spec && models && !("missing" in models)) return { spec, ...models, part: null, set: null };
  throw new FleetError(
    "PART_MISSING",
    `Expected pipeline ${name} with its model in the document of the former version but it is not there`,
  );
}

/** Contract 1 was signed by the key that is now the root. */
function openDocument(message: unknown, identity: Identity): FormerDesired {
  const { fleet, device, rootPublicKeyPem } = identity;
  const value = parseJson(openFormer(message, rootPublicKeyPem));
  const parsed = FormerDesired.safeParse(value);
  if (!parsed.success) {
    throw new FleetError("DESIRED_INVALID", "Expected a document of the former version");
  }
  if (parsed.data.fleet === fleet && parsed.data.device === device) return parsed.data;
  throw new FleetError(
    "DESIRED_MISDIRECTED",
    `Expected a document for ${fleet}/${device} but got one for ${parsed.data.fleet}/${parsed.data.device}`,
  );
}

function unreadable(): FleetError {
  return new FleetError(
    "VERSION_UNREADABLE",
    `I cannot read version ${FORMER_CONTRACT} of a desired document any more`,
    { hint: "Run `up` with the version of jetfleet that installed the agent." },
  );
}
