import { existsSync } from "node:fs";
import { join } from "node:path";
import { buildLanguages } from "../engine/build.mjs";
import { engineNeedsPip } from "../engine/resolve.mjs";
import { ENGINE_VERSION } from "../engine/versions.mjs";
import { findOnPath } from "../lookup.mjs";
import { languagesDir } from "../paths.mjs";
import { putInPlace } from "../put-in-place.mjs";

/** @type {import("./step.mjs").Step} */
export const pulumiLanguages = {
  name: "pulumi-languages",
  why: "Pulumi's generators of SDKs for Python and Go and its Python language host, built from Go modules.",
  touches: "engine/ of the cache",
  estimateSeconds: 240,
  onlyFor: "languages",
  needs: () => (engineNeedsPip() ? ["debian-packages", "pulumi-engine"] : ["pulumi-engine"]),
  // One build at a time: they share Go's caches.
  lockFile: ({ cache }) => join(cache, "locks", "pulumi-engine.lock"),
  check() {
    const own = ["python", "go"].map((language) => findOnPath(`pulumi-language-${language}`));
    if (own.every((path) => path !== undefined)) return { ok: true, note: "your own" };
    const folder = languagesDir(ENGINE_VERSION);
    return existsSync(join(folder, "generators", "pulumi-language-go"))
      ? { ok: true, note: `${ENGINE_VERSION} in the cache` }
      : { ok: false, reason: "not built yet" };
  },
  async run(context) {
    await putInPlace(languagesDir(ENGINE_VERSION), (work) => buildLanguages(work, context));
  },
};
