import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { NativeAddon } from "../../native/binding/api.ts";
import { makeBuildFolder, removeBuildFolder } from "./build-folder.ts";

type Asked = Omit<Parameters<NativeAddon["compileKernels"]>[0], "folder">;

/** Kernels that a backend compiled in a folder of this process, each file in base64. Throws what the addon does. */
export async function compileKernels(
  addon: Pick<NativeAddon, "compileKernels">,
  { backendPath, runtimePath, computeCapability }: Asked,
): Promise<string[]> {
  const folder = makeBuildFolder();
  try {
    await addon.compileKernels({ backendPath, runtimePath, folder, computeCapability });
    return readdirSync(folder)
      .sort()
      .map((name) => readFileSync(join(folder, name)).toString("base64"));
  } finally {
    removeBuildFolder(folder);
  }
}
