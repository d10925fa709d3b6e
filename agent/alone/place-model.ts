import type { AloneAccelerator } from "../../fleet/alone/index.ts";
import type { BenchAccelerator } from "../../fleet/bench/index.ts";
import type { NativeAddon } from "../../native/binding/api.ts";
import { type Libraries, librariesFor, type Places } from "./places.ts";

export interface Placed {
  accelerator: BenchAccelerator;
  /** Of "auto"; null where the accelerator was named. */
  why: string | null;
  libraries: Libraries;
}

/** Where a model is to run here. Throws NATIVE_LOAD when what was named cannot be had. */
export async function placeModel(
  wanted: AloneAccelerator,
  addon: NativeAddon,
  places: Places,
): Promise<Placed> {
  if (wanted !== "auto") {
    return { accelerator: wanted, why: null, libraries: await librariesFor(wanted, places) };
  }
  const gpu = await findGpu(addon, places);
  if ("libraries" in gpu) return { accelerator: "gpu", why: gpu.name, libraries: gpu.libraries };
  return { accelerator: "cpu", why: gpu.none, libraries: await librariesFor("cpu", places) };
}

async function findGpu(
  addon: NativeAddon,
  places: Places,
): Promise<{ name: string; libraries: Libraries } | { none: string }> {
  try {
    const libraries = await librariesFor("gpu", places);
    const { gpu, noGpu } = await addon.describeBackend(libraries);
    return gpu === null ? { none: noGpu ?? "no GPU was found" } : { name: gpu.name, libraries };
  } catch (error) {
    return { none: error instanceof Error ? error.message : String(error) };
  }
}
