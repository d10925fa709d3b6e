export { BOARDS, type Board, type PowerMode } from "./boards.ts";
export { type Identity, type IdentityFiles, identify, splitNul } from "./identify.ts";
export { jetpackOfL4t } from "./jetpack.ts";
export { parseTegraRelease, type TegraRelease } from "./nv-tegra-release.ts";
export {
  type ActivePowerMode,
  type NvpmodelConf,
  parseNvpmodelConf,
  parseNvpmodelQuery,
  parseNvpmodelStatus,
} from "./nvpmodel.ts";
export { parseTegrastats, type TegraStats } from "./tegrastats.ts";
