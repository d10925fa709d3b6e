export {
  type BoardReadings,
  type BuildMachine,
  type BuildMachines,
  type CardReadings,
  machineOfBoard,
  machineOfCard,
  machinesOfModule,
} from "./build-machine.ts";
export { type BuilderKind, builderOf, buildNeeds, librariesBytes } from "./build-needs.ts";
export { buildOptionsOf, type KeyedBuildOptions } from "./build-options.ts";
export { type BuildRequest, engineFacts } from "./build-request.ts";
export { type CalibrationTable, readCalibrationTable } from "./calibration-table.ts";
export {
  type EngineFacts,
  EngineFactsSchema,
  type EngineKey,
  EnginePool,
  engineKey,
} from "./engine-key.ts";
export { expectedBuildMs } from "./expected-time.ts";
export { goldenPictures, type Picture } from "./golden-pictures.ts";
export { type KernelFile, readKernelFile } from "./kernel-file.ts";
export { coreKinds, ProcessorFacts, processorKey } from "./processor-key.ts";
export { readSealedEngine, type SealedEngine } from "./sealed-engine.ts";
export {
  type Agreement,
  candidatesOf,
  compareFigures,
  figuresOf,
  OF_ITS_MODEL,
  SAME_ENGINE,
  SELF_TEST_MIN_SCORE,
  SELF_TEST_NMS_IOU,
  type Tolerance,
} from "./self-test.ts";
export {
  readSimulatedBuild,
  SIMULATED_BUILD_FILE,
  SimulatedBuild,
} from "./simulated-build.ts";
