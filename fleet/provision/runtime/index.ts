export {
  assembleRuntime,
  type RuntimeFile,
  type RuntimeRelease,
  RuntimeShelf,
  type RuntimeTarget,
} from "./release.ts";
export { describeRuntime } from "./sources.ts";
export { UNIT_FILES } from "./units.ts";
