import type { TrialAnswer, TrialOrder } from "../../fleet/bench/index.ts";
import { addonIn, type BenchPlaces, errorOf, onnxRuntime } from "../bench/run-bench.ts";
import { backendObjects } from "../supervise/backend-objects.ts";
import { chooseBackend } from "../supervise/choose-backend.ts";
import { loadAddon } from "../supervise/load-addon.ts";

/**
 * Tries a model as an update on a board does: bound to its decoder, run on real pictures, its answers held against
 * what the decoder takes them for. On the processor, whatever the board has.
 */
export async function tryModel(order: TrialOrder, places: BenchPlaces): Promise<TrialAnswer> {
  try {
    const { folders } = places;
    const backend = chooseBackend({
      ...{ accelerator: "cpu", objects: backendObjects(folders), folders, tensorrt: null },
    });
    const { model, labelCount, ...options } = order;
    const trial = await loadAddon(addonIn(folders)).testModel({
      ...options,
      path: model,
      labels: Array.from({ length: labelCount }, (_, at) => String(at)),
      backendPath: backend.backendPath,
      runtimePath: onnxRuntime(places, backend),
      ...{ minScore: 0.25, nmsIou: 0.45, threads: 1 },
    });
    const { decoder, reason, input, loadMs, warmMs } = trial;
    return { type: "tried", decoder, reason, input, loadMs, warmMs };
  } catch (error) {
    const { code, message } = errorOf(error);
    return { type: "refused", code, message };
  }
}
