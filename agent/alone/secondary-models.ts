import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { AloneOrder } from "../../fleet/alone/index.ts";
import { SECONDARY_MIN_SCORE } from "../../fleet/spec/index.ts";
import type { NativeAddon, NativeSecondary } from "../../native/binding/api.ts";
import { type EngineWish, engineFor, readModel } from "./model-engine.ts";
import type { Libraries } from "./places.ts";

/** Nothing is merged of a crop. */
const NMS_IOU = 1;

/**
 * The secondary models of an order, each where its detector runs, with an engine of its own where the backend runs nothing
 * else. Throws MODEL_INVALID for a file that cannot be read.
 */
export async function secondaryModels(
  { secondary = {}, threads }: Pick<AloneOrder, "secondary" | "threads">,
  addon: NativeAddon,
  libraries: Libraries,
  wish: Omit<EngineWish, "model">,
): Promise<NativeSecondary[]> {
  const { backendPath, runtimePath } = libraries;
  const all: NativeSecondary[] = [];
  // One engine after the other: a board has no memory for two builds.
  for (const [name, { model, minScore = SECONDARY_MIN_SCORE, ...rest }] of Object.entries(
    secondary,
  )) {
    const file = await readModel(model.path);
    const folder = join(wish.folder, name);
    mkdirSync(folder);
    const engine = await engineFor(addon, libraries, { ...wish, folder, model: file });
    all.push({
      ...{ ...rest, name, minScore },
      model: {
        ...{ id: file.digest, path: engine.path, labels: model.labels, decoder: model.decoder },
        ...{ input: model.input, minScore, nmsIou: NMS_IOU, threads, backendPath, runtimePath },
        ...(wish.accelerator !== "cpu" && { lanes: [{ accelerator: wish.accelerator }] }),
      },
    });
  }
  return all;
}
