export { type ComparisonRow, cellText, compareModules, vpiBackendsText } from "./compare.ts";
export {
  dlaEnded,
  JETPACK_RELEASES,
  type JetpackRelease,
  jetpackRelease,
} from "./jetpack-release.ts";
export { MODULE_ROWS, type Module, type ModuleRow } from "./module.ts";
export { moduleByName, type NamedModule } from "./module-names.ts";
export { findModule, MODULES, moduleOfPart } from "./modules.ts";
export type { PowerModeFacts, PowerModeLimits, PowerModes } from "./power-mode.ts";
export { type GpuArch, SOCS, type Soc, type SocId } from "./soc.ts";
export { best, type Fact, SOURCES, type Sourced, type SourceKey } from "./sourced.ts";
export {
  deepstreamOf,
  gpuShare,
  newestJetpack,
  releasesFor,
  supports,
  usableDlaCores,
  VPI_ALGORITHMS,
  type VpiBackend,
  vpiBackends,
} from "./support.ts";
export { compareVersions } from "./versions.ts";
