export { kittiName, kittiText } from "./kitti.ts";
export { AloneLine, type StartedLine, type Trouble } from "./lines.ts";
export { AloneAccelerator, AloneOrder } from "./order.ts";
export { PipelineFile, parsePipelineFile } from "./pipeline-file.ts";
export { Counter, rateOf, type Tally } from "./tally.ts";
