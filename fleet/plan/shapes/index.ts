export { type Dim, type Dims, type Fact, known, product } from "./fact.ts";
export { axisSizes } from "./indexing.ts";
export { inferShapes, opName, type ShapedGraph, type ShapeOptions } from "./infer.ts";
export { sliceAxes } from "./layout.ts";
export type { LiveNode, TakenBranch } from "./live-node.ts";
export { scalesOf } from "./resize.ts";
export { kernelOf, type Window, windowOf } from "./window.ts";
