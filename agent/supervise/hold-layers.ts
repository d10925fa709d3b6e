import { readFileSync } from "node:fs";
import { findModule } from "../../fleet/boards/catalog/index.ts";
import {
  type BuiltLayer,
  builtLayersOf,
  inspectedLayers,
  layersBesidePlan,
  planFor,
  readModel,
} from "../../fleet/plan/index.ts";
import type { NativeAddon, NativeBenchTimes, NativeBuildReport } from "../../native/binding/api.ts";
import type { BuildOptions, HeldLayers, LayerPlan } from "./ipc/build.ts";

/** Long enough for a mean of each layer, and short beside any build. */
const WARM_UP_MS = 200;
const MEASURED_MS = 500;

type Addon = Pick<NativeAddon, "benchModel">;

/**
 * An engine that was just built beside its plan, layer by layer, by the library's inspector and profiler; by what the build
 * itself reported where the engine cannot be run. The plan is the same pure function's as the operator's, asked the same.
 * Nothing that goes wrong here is held against the engine.
 */
export async function holdLayers(
  addon: Addon,
  options: BuildOptions & { plan: LayerPlan },
  files: { model: string; engine: string },
  report: NativeBuildReport,
): Promise<HeldLayers> {
  try {
    const { accelerator, module: id, jetpack, powerMode, precision, isAlike } = options.plan;
    const module = findModule(id);
    if (!module) return { layers: null, untold: `no module ${id} is known here` };
    const { times, untold } = await profile(addon, options, files.engine);
    const planned = planFor(readModel(readFileSync(files.model)), module, {
      ...{ accelerator, precision },
      ...(jetpack !== undefined && { jetpack }),
      ...(powerMode !== undefined && { powerMode }),
    });
    const layers = layersBesidePlan(
      planned,
      builtLayers(times, report),
      isAlike ? (times?.layerTimes ?? []) : [],
      accelerator === "gpu" ? "gpu" : "dla",
    );
    return { layers, untold };
  } catch (error) {
    return { layers: null, untold: String(error) };
  }
}

async function profile(
  addon: Addon,
  { backendPath, runtimePath, accelerator, engineKey, threads }: BuildOptions,
  path: string,
): Promise<{ times: NativeBenchTimes | null; untold: string | null }> {
  try {
    const times = await addon.benchModel({
      ...{ path, backendPath, runtimePath, accelerator, engineKey, threads },
      ...{ batch: 0, warmUpMs: WARM_UP_MS, durationMs: MEASURED_MS, layers: true },
    });
    return { times, untold: null };
  } catch (error) {
    return { times: null, untold: String(error) };
  }
}

/** As the inspector has them; else as the builder said before, which knows no precision. */
function builtLayers(times: NativeBenchTimes | null, report: NativeBuildReport): BuiltLayer[] {
  const inspected = inspectedLayers(times?.inspection ?? "");
  return inspected.length > 0 ? inspected : builtLayersOf(JSON.stringify(report));
}
