import {
  dlaEnded,
  JETPACK_RELEASES,
  type JetpackRelease,
  jetpackRelease,
} from "./jetpack-release.ts";
import type { Module } from "./module.ts";
import type { PowerModeFacts } from "./power-mode.ts";
import { SOCS } from "./soc.ts";
import { best } from "./sourced.ts";
import { compareVersions } from "./versions.ts";

/** JetPack releases that support a module, oldest first; a PC has none. */
export function releasesFor(module: Module): JetpackRelease[] {
  const first = best(module.firstJetpack);
  const last = best(module.lastJetpack);
  return JETPACK_RELEASES.filter(
    ({ versions, socs }) =>
      socs.includes(module.soc) &&
      (first === null || compareVersions(versions[versions.length - 1] ?? "", first) >= 0) &&
      (last === null || compareVersions(versions[0] ?? "", last, last.split(".").length) <= 0),
  );
}

/** Whether a JetPack version supports a module; null when the tables do not know. */
export function supports(module: Module, jetpack: string): boolean | null {
  const release = jetpackRelease(jetpack);
  if (release === null) return null;
  if (!releasesFor(module).includes(release)) return false;
  const first = best(module.firstJetpack);
  return first === null || compareVersions(jetpack, first) >= 0;
}

/** DeepStream of a release on a module. */
export function deepstreamOf(
  module: Module,
  { deepstream, deepstreamSocs }: JetpackRelease,
): string {
  return deepstreamSocs && !deepstreamSocs.includes(module.soc) ? "none yet" : deepstream;
}

/** Newest JetPack version of a module, or null when it runs none or the tables do not know. */
export function newestJetpack(module: Module): string | null {
  const releases = releasesFor(module);
  const versions = releases[releases.length - 1]?.versions ?? [];
  return versions[versions.length - 1] ?? null;
}

/** DLA cores that software of this release can use. */
export function usableDlaCores(module: Module, jetpack: string | null): number {
  if (jetpack !== null && dlaEnded(jetpack)) return 0;
  return best(module.dlaCores) ?? 0;
}

export type VpiBackend = "cpu" | "cuda" | "vic" | "pva";

/** VPI back ends of a module under a JetPack release; empty when the release has no VPI. */
export function vpiBackends(module: Module, release: JetpackRelease): VpiBackend[] {
  if (release.vpi === null) return [];
  const { pva, vic } = SOCS[module.soc];
  const has = (text: string | null): boolean => text !== null && text !== "none";
  const ownPva = best(module.rows.visionAccelerator) ?? best(pva);
  return [
    "cpu",
    "cuda",
    ...(has(best(vic)) ? (["vic"] as const) : []),
    ...(has(ownPva) ? (["pva"] as const) : []),
  ];
}

/** What each VPI back end can do for a video pipeline (source: VPI's table of algorithms and back ends). */
export const VPI_ALGORITHMS: Readonly<Record<string, readonly VpiBackend[]>> = {
  "resize (rescale)": ["cpu", "cuda", "vic"],
  "format conversion": ["cpu", "cuda", "vic"],
  "remap (lens distortion)": ["cpu", "cuda", "vic"],
  "box and Gaussian filter": ["cpu", "cuda", "pva"],
  "Gaussian pyramid": ["cpu", "cuda", "pva"],
  convolution: ["cpu", "cuda", "pva"],
  "stereo disparity": ["cpu", "cuda", "pva"],
  "KLT tracker": ["cpu", "cuda", "pva"],
  "Harris corners": ["cpu", "cuda", "pva"],
};

/**
 * The share of the GPU that a power mode leaves on. TPC_PG_MASK has a bit for every cluster of two SMs that is off;
 * what is off in MAXN, too, the module does not have.
 */
export function gpuShare(module: Module, mode: PowerModeFacts | null): number {
  const cores = best(module.cudaCores);
  const base = module.powerModes.modes.find(({ name }) => name.startsWith("MAXN"))?.tpcPgMask;
  const mask = mode?.tpcPgMask;
  if (cores === null || base === undefined || mask === undefined) return 1;
  const clusters = cores / SOCS[module.soc].cudaCoresPerSm / 2;
  return Math.max(0, 1 - bits(mask & ~base) / clusters);
}

function bits(mask: number): number {
  let count = 0;
  for (let rest = mask; rest > 0; rest = Math.floor(rest / 2)) count += rest % 2;
  return count;
}
