export { IdentityScore } from "./identity.ts";
export { type FrameMatch, matchFrame, type Pair } from "./match.ts";
export { type Box, COUNTING_RULE, counts, type TrueObject } from "./rule.ts";
export {
  type Counts,
  type Figures,
  type OutputFigures,
  type RunFigures,
  RunScore,
} from "./run-score.ts";
