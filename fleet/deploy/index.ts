export { type Clock, trustedNow } from "./clock.ts";
export {
  type Chosen,
  type Composition,
  composeDesired,
  DESIRED_LIFE_MS,
  sealComposition,
} from "./compose.ts";
export { judge, MAX_MESSAGE_BYTES } from "./judge.ts";
export { emptyMemory, MAX_REMEMBERED, Memory, partKey, rememberedPart } from "./memory.ts";
export { type ShownDesired, showDesired } from "./shown.ts";
export type { Accepted, Identity, RefusedPipeline, Verdict, WantedPipeline } from "./verdict.ts";
