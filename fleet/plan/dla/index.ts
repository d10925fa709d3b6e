export { type BufferNeed, bufferNeed } from "./conv-buffer.ts";
export { DLA_RULES, judge, type Objection } from "./judge.ts";
export { type DlaContext, type DlaPrecision, type DlaRule, RULE_SOURCES } from "./rule.ts";
export {
  type Device,
  maxLoadables,
  type PlacedGraph,
  type Placement,
  placeOnDla,
  placeOnGpu,
  type Segment,
} from "./segments.ts";
