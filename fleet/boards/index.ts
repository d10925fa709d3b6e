export { BOARDS, type Board, type DeviceTree } from "./boards.ts";
export { CARD_FIELDS, type CardField, cardQuery, withoutName } from "./card-fields.ts";
export { cardHint } from "./card-hints.ts";
export { CARD_SENTENCES, type CardLine, parseCardLine, tellsFigures } from "./card-lines.ts";
export { jetpackOfL4t } from "./catalog/jetpack-release.ts";
export { parseFanProfile } from "./fan-profile.ts";
export {
  familyOfPart,
  type Identity,
  type IdentityFiles,
  identify,
  parseCards,
} from "./identify.ts";
export {
  identifyModule,
  type ModuleEvidence,
  type ModuleIdentity,
  splitNul,
} from "./module-identity.ts";
export { parseTegraRelease, type TegraRelease } from "./nv-tegra-release.ts";
export {
  type ActivePowerMode,
  type NvpmodelConf,
  parseNvpmodelConf,
  parseNvpmodelQuery,
  parseNvpmodelStatus,
} from "./nvpmodel.ts";
export { type PowerModeBlock, type PowerModeFile, parsePowerModeFile } from "./nvpmodel-conf.ts";
export {
  type InstalledPackage,
  judgePackages,
  needsSocSpecificPackages,
  type PackageFinding,
  parsePackages,
} from "./packages.ts";
export {
  clockRuns,
  GPU_NODE_NAMES,
  parseClock,
  parseGpuLoad,
  parseGpuMemory,
  parseRails,
  parseRuntimeStatus,
  poweredPercent,
  railMilliwatts,
  SYSFS,
  wholeBoardPower,
  zoneCelsius,
} from "./sysfs.ts";
export { parseTegrastats, type TegraStats } from "./tegrastats.ts";
export { parseTegrastatsLine, type TegrastatsLine } from "./tegrastats-line.ts";
