import { FleetError } from "../../../fleet/errors/index.ts";
import { openPart } from "../../../fleet/release/index.ts";
import { Digest } from "../../../fleet/spec/index.ts";
import type { FleetContext } from "../fleet-context.ts";
import { hubGoal } from "../release/hub-mark.ts";
import type { Operation } from "../rpc/operation.ts";
import type { Properties } from "../rpc/values.ts";
import type { Known } from "./resource.ts";

/**
 * A model by the digest of its file, as a signed set at the hub names it. Where the file lies is the program's to say.
 * null: the hub has no such file.
 */
export async function importModel(
  context: FleetContext,
  operation: Operation,
  id: string,
): Promise<Known | null> {
  const digest = Digest.safeParse(id);
  if (!digest.success) {
    throw new FleetError("USAGE", `Expected the digest of a model's file but got ${id}`, {
      hint: "Import a Model by sha256: and what `sha256sum FILE.onnx` prints.",
    });
  }
  const { signal } = operation;
  await context.hubInfo(signal);
  const hub = context.hub(signal);
  if (!(await hub.hasObject(digest.data))) return null;
  const { release } = await context.certified(signal, null);
  const envelope = await hub.deploy.setOf(digest.data);
  const part = envelope && openPart(envelope, release).document;
  const models = part?.kind === "set" ? part.models : [];
  const manifest = models.find((model) => model.digest === digest.data);
  if (manifest === undefined) {
    throw new FleetError("USAGE", `Expected a pipeline's set that names the labels of ${id}`, {
      hint:
        "No pipeline has used the model yet. Declare it without `import` and run `up`: a file that the hub has is not " +
        "sent again.",
    });
  }
  const { calibration: table, decoderLibrary: decoderObjects, ...known } = manifest;
  const { name, sizeBytes, labels, decoder, input, anchors, float32Nodes } = known;
  // What came out of JSON has nothing in it that a property could not hold.
  const outputs = { labels, decoder, input, anchors };
  const files = { table, decoderObjects };
  const told = { name, digest: digest.data, sizeBytes, ...outputs, ...files, float32Nodes };
  const inputs = JSON.parse(JSON.stringify(told)) as Properties;
  const goals = { stored: true, ...hubGoal(context) };
  return {
    id: digest.data,
    inputs: { ...inputs, ...goals },
    state: { ...inputs, manifest: JSON.parse(JSON.stringify(manifest)) as Properties, ...goals },
  };
}
