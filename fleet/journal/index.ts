export {
  type Anchor,
  type Arrival,
  arrive,
  type Break,
  beginningBehind,
  broken,
  type ChainState,
} from "./chain.ts";
export { undeclared, withDropped } from "./dropped.ts";
export { type HeadWord, headText } from "./head-text.ts";
export { hashOfText, type Link, readEvent } from "./link.ts";
export { type Entry, type Finding, JournalVerifier, type Verdict } from "./verify.ts";
