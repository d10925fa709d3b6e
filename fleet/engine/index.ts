export {
  type BoardReadings,
  type BuildMachine,
  type BuildMachines,
  machineOfBoard,
  machinesOfModule,
} from "./build-machine.ts";
export { buildOptionsOf, type KeyedBuildOptions } from "./build-options.ts";
export { type BuildRequest, engineFacts } from "./build-request.ts";
export {
  type EngineFacts,
  EngineFactsSchema,
  type EngineKey,
  EnginePool,
  engineKey,
} from "./engine-key.ts";
export { coreKinds, ProcessorFacts, processorKey } from "./processor-key.ts";
export { readSealedEngine, type SealedEngine } from "./sealed-engine.ts";
export {
  readSimulatedBuild,
  SIMULATED_BUILD_FILE,
  SimulatedBuild,
} from "./simulated-build.ts";
