export { actedOn, canonicalJson, pipelineDigest, setDigestOf, sha256Digest } from "./digest.ts";
export { keyIdOf, openEnvelope, signEnvelope } from "./sign.ts";
