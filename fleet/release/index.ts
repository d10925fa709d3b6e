export { actedOn, canonicalJson, pipelineDigest, setDigestOf, sha256Digest } from "./digest.ts";
export { type DocumentKind, type Opened, requireReadable, seal, unseal } from "./envelope.ts";
export { openFormer, signFormer } from "./former.ts";
export { keyIdOf, keyIdOfPem, newPrivateKeyPem, PublicKeyPem, publicPemOf } from "./keys.ts";
export { allModels, namedModels, type PipelineModels } from "./models.ts";
export { compareNumbers, isJump, MAX_JUMP, nextNumber, numberText } from "./part-number.ts";
export {
  inspectPart,
  modelsOf,
  type OpenedPart,
  openPart,
  type Part,
  PipelinePart,
  refOf,
  SetPart,
  sealPart,
} from "./parts.ts";
export {
  nextRoles,
  ONLINE_KEY_MS,
  ONLINE_KEY_NEAR_END_MS,
  openRoles,
  Roles,
  type RolesWish,
  sealRoles,
} from "./roles.ts";
export { type Addressee, isInScope, Scope, scopeText } from "./scope.ts";
export { bytesOf, parseJson, textOf } from "./text.ts";
