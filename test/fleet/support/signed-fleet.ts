import {
  CONTRACT_VERSION,
  type DesiredMessage,
  type SignedEnvelope,
} from "../../../fleet/contract/index.ts";
import {
  type Chosen,
  type Clock,
  type Composition,
  type Identity,
  sealComposition,
} from "../../../fleet/deploy/index.ts";
import {
  newPrivateKeyPem,
  ONLINE_KEY_MS,
  openPart,
  openRoles,
  PipelinePart,
  publicPemOf,
  type Roles,
  SetPart,
  sealPart,
  sealRoles,
  sha256Digest,
} from "../../../fleet/release/index.ts";

export const NOW_MS = Date.UTC(2027, 0, 15);
export const DAY_MS = 24 * 3_600_000;
export const CLOCK: Clock = { systemMs: NOW_MS, builtAtMs: NOW_MS - 100 * DAY_MS };

export const KEYS = {
  root: newPrivateKeyPem(),
  release: newPrivateKeyPem(),
  online: newPrivateKeyPem(),
};
export const IDENTITY: Identity = {
  fleet: "demo",
  device: "door",
  labels: { site: "basel" },
  rootPublicKeyPem: publicPemOf(KEYS.root),
  board: "agx-xavier",
};

export function rolesOf(change: Partial<Roles> = {}): Roles {
  return {
    kind: "roles",
    contract: CONTRACT_VERSION,
    fleet: "demo",
    epoch: 0,
    number: 1,
    issuedAtMs: NOW_MS - DAY_MS,
    release: [publicPemOf(KEYS.release)],
    online: { publicKey: publicPemOf(KEYS.online), notAfterMs: NOW_MS + ONLINE_KEY_MS },
    ...change,
  };
}

export function setOf(name: string, n = 1, change: Partial<SetPart> = {}): SetPart {
  return SetPart.parse({
    kind: "set",
    contract: CONTRACT_VERSION,
    fleet: "demo",
    scope: { to: "devices", devices: ["door"] },
    name,
    number: { epoch: 0, n },
    models: [
      {
        name: "people",
        digest: sha256Digest(`weights of ${name} ${n}`),
        sizeBytes: 7,
        labels: ["person"],
        decoder: "yolox",
      },
    ],
    ...change,
  });
}

export function pipelineOf(
  name: string,
  n: number,
  set: SignedEnvelope,
  change: Partial<PipelinePart> = {},
): PipelinePart {
  return PipelinePart.parse({
    kind: "pipeline",
    contract: CONTRACT_VERSION,
    fleet: "demo",
    scope: { to: "devices", devices: ["door"] },
    name,
    number: { epoch: 0, n },
    board: "agx-xavier",
    set: sha256Digest(set.payload),
    spec: {
      name,
      sources: { cam: { uri: "rtsp://10.0.9.1/stream1" } },
      detect: { model: "people", minScore: 0.4 },
    },
    ...change,
  });
}

export interface ChosenChange {
  set?: Partial<SetPart>;
  pipeline?: Partial<PipelinePart>;
  key?: string;
}

/** A pipeline with its set, sealed by the release key, both with the number `n`. */
export function chosenOf(name: string, n = 1, change: ChosenChange = {}): Chosen {
  const key = change.key ?? KEYS.release;
  const set = sealPart(setOf(name, n, change.set), key);
  const pipeline = sealPart(pipelineOf(name, n, set, change.pipeline), key);
  return { name, digest: sha256Digest(pipeline.payload), set, pipeline };
}

/** A part of `chosenOf`, as it is once opened. */
export function opened(envelope: SignedEnvelope) {
  return openPart(envelope, [publicPemOf(KEYS.release)]);
}

export interface MessageChange {
  composition?: Partial<Composition>;
  roles?: Partial<Roles>;
  rootKey?: string;
  onlineKey?: string;
  nowMs?: number;
}

/** What a hub publishes for `door`: generation `generation` of these pipelines. */
export function messageOf(
  generation: number,
  chosen: readonly Chosen[],
  change: MessageChange = {},
): DesiredMessage {
  const rootKey = change.rootKey ?? KEYS.root;
  const envelope = sealRoles(rolesOf(change.roles), rootKey);
  const roles = { envelope, ...openRoles(envelope, publicPemOf(rootKey)) };
  const composition = {
    fleet: "demo",
    device: "door",
    generation,
    artifactUrl: "http://hub:1/",
    chosen,
    ...change.composition,
  };
  return sealComposition(
    composition,
    roles,
    change.onlineKey ?? KEYS.online,
    change.nowMs ?? NOW_MS,
  );
}

export function bytes(message: unknown): Buffer {
  return Buffer.from(JSON.stringify(message), "utf8");
}
