import type { SelfTestFigures } from "../../fleet/contract/index.ts";
import {
  figuresOf,
  goldenPictures,
  SELF_TEST_MIN_SCORE,
  SELF_TEST_NMS_IOU,
} from "../../fleet/engine/index.ts";
import type { NativeAddon, NativeModelOptions } from "../../native/binding/api.ts";
import type { BuildOptions } from "./ipc/build.ts";
import type { GoldenFigures, GoldenSubject } from "./ipc/golden.ts";
import { type RunnerError, toRunnerError } from "./ipc/messages.ts";

/** What an engine, or a model as it is, finds in the golden pictures of the model. Throws what the addon does. */
export async function runGolden(
  addon: Pick<NativeAddon, "detectImage">,
  { model, accelerator, decoder, labelCount, ...subject }: GoldenSubject,
): Promise<SelfTestFigures> {
  const options: NativeModelOptions = {
    ...subject,
    decoder,
    labels: Array.from({ length: labelCount }, (_, at) => String(at)),
    minScore: SELF_TEST_MIN_SCORE,
    nmsIou: SELF_TEST_NMS_IOU,
    ...(accelerator !== "cpu" && { lanes: [{ accelerator }] }),
  };
  const found = [];
  for (const picture of goldenPictures(model)) {
    found.push(await addon.detectImage(options, picture));
  }
  return figuresOf(decoder, found);
}

/**
 * What an engine that was just built finds, beside what its model does. That it cannot be tried says nothing of the
 * build: the number of labels, which no engine knows, may be wrong.
 */
export async function tryBuilt(
  addon: Pick<NativeAddon, "detectImage">,
  { golden, modelDigest, backendPath, runtimePath, accelerator, threads }: BuildOptions,
  built: { model: string; engine: string; digest: string },
): Promise<{ golden: GoldenFigures | null; untried: RunnerError | null }> {
  if (golden === null) return { golden: null, untried: null };
  const { reference, ...outputs } = golden;
  const common = { model: modelDigest, ...outputs };
  try {
    const engine = await runGolden(addon, {
      ...{ ...common, path: built.engine, digest: built.digest },
      ...{ backendPath, runtimePath, accelerator, threads },
    });
    const asItIs = { ...common, path: built.model, digest: modelDigest, accelerator: "cpu" };
    const right = reference && (await runGolden(addon, { ...asItIs, ...reference }));
    return { golden: { engine, reference: right }, untried: null };
  } catch (error) {
    return { golden: null, untried: toRunnerError(error) };
  }
}
