export { type EngineFacts, EngineFactsSchema, type EngineKey, engineKey } from "./engine-key.ts";
export { readSealedEngine, type SealedEngine } from "./sealed-engine.ts";
