import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { TrialAnswer } from "../../../fleet/bench/index.ts";
import { cacheFolder, KeptAnswers } from "../kept-answers.ts";
import { triedWith } from "./trial-process.ts";

/** Answers on disk, of a kilobyte each, so that a model that did not change costs no process. */
export class KeptTrials extends KeptAnswers<TrialAnswer> {
  constructor(folder = () => cacheFolder("trials"), fingerprint = trialFingerprint) {
    super({ schema: TrialAnswer, folder, fingerprint, capacity: 4000, maxBytes: 2 ** 16 });
  }
}

/** Digest of the code that tries models. Throws where some of it is not built. */
function trialFingerprint(): string {
  const hash = createHash("sha256");
  for (const path of triedWith()) hash.update(readFileSync(path)).update("\0");
  return hash.digest("hex");
}
