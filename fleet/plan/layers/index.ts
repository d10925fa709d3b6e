export { type Counted, countedOf, OPEN } from "./cost.ts";
export type { Layer, LayerKind, LayerTensor } from "./layer.ts";
export { type MappedGraph, mapGraph, type Refusal } from "./map-graph.ts";
export { OPERATORS, parserOpset } from "./operators.ts";
export { holdsFor, trtNumber, type VersionRange, versionText } from "./trt-version.ts";
