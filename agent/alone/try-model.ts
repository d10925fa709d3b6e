import type { TrialAnswer, TrialOrder } from "../../fleet/bench/index.ts";
import { addonIn, librariesFor, type Places } from "./places.ts";
import { troubleOf } from "./trouble.ts";

/**
 * Tries a model as an update on a board does: bound to its decoder, run on real pictures, its answers held against
 * what the decoder takes them for. On the processor, whatever the board has.
 */
export async function tryModel(order: TrialOrder, places: Places): Promise<TrialAnswer> {
  try {
    const { model, labelCount, ...options } = order;
    const { backendPath, runtimePath } = await librariesFor("cpu", places);
    const trial = await addonIn(places).testModel({
      ...options,
      path: model,
      labels: Array.from({ length: labelCount }, (_, at) => String(at)),
      ...{ backendPath, runtimePath, minScore: 0.25, nmsIou: 0.45, threads: 1 },
    });
    const { decoder, reason, input, loadMs, warmMs } = trial;
    return { type: "tried", decoder, reason, input, loadMs, warmMs };
  } catch (error) {
    const { code, message } = troubleOf(error);
    return { type: "refused", code, message };
  }
}
