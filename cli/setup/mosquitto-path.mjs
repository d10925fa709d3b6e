import { join } from "node:path";
import { findOnPath, isExecutable } from "./lookup.mjs";
import { cacheDir } from "./paths.mjs";

/** Where set-up puts what starts the broker that it unpacked. @param {string} folder */
export function wrapperIn(folder) {
  return join(folder, "bin", "mosquitto");
}

/**
 * The user's own, else the one in the cache; undefined when there is neither.
 * @returns {string | undefined}
 */
export function mosquittoPath() {
  const own = findOnPath("mosquitto") ?? "/usr/sbin/mosquitto";
  return [own, wrapperIn(join(cacheDir(), "mosquitto"))].find(isExecutable);
}
