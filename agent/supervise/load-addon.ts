import { createRequire } from "node:module";
import type { NativeAddon } from "../../native/binding/api.ts";

/** Opens the native runtime. Throws an Error with code NATIVE_LOAD. */
export function loadAddon(path: string): NativeAddon {
  try {
    return createRequire(path)(path) as NativeAddon;
  } catch (error) {
    const message = `Cannot load ${path}: ${error instanceof Error ? error.message : String(error)}`;
    throw Object.assign(new Error(message), { code: "NATIVE_LOAD" });
  }
}
