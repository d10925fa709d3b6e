export { type Clock, trustedNow } from "./clock.ts";
export {
  type Chosen,
  type Composition,
  composeDesired,
  DESIRED_LIFE_MS,
  sealComposition,
} from "./compose.ts";
export {
  type Accepted,
  type Identity,
  judge,
  judgeKept,
  MAX_MESSAGE_BYTES,
  type RefusedPipeline,
  type Verdict,
  type WantedPipeline,
} from "./judge.ts";
export { emptyMemory, MAX_REMEMBERED, Memory, partKey, rememberedPart } from "./memory.ts";
