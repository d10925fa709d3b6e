export { saidByPiece } from "./container-piece.ts";
export {
  assembleRuntime,
  digestFile,
  type RuntimeFile,
  type RuntimeRelease,
  RuntimeShelf,
  type RuntimeTarget,
} from "./release.ts";
export { describeRuntime } from "./sources.ts";
export { UNIT_PATHS, unitFiles } from "./units.ts";
