export {
  AGENT_UNIT,
  assembleRuntime,
  type RuntimeFile,
  type RuntimeRelease,
  RuntimeShelf,
  type RuntimeTarget,
} from "./release.ts";
