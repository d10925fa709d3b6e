import type { HubClient, Owner } from "../../fleet/hub/client/index.ts";
import {
  keyIdOfPem,
  newPrivateKeyPem,
  publicPemOf,
  type Roles,
} from "../../fleet/release/index.ts";
import type { ModelManifest, PipelineSpec, PlanSummary } from "../../fleet/spec/index.ts";
import type { RootKey, SigningKey } from "../../infra/provider/config.ts";
import { type Certification, certify } from "../../infra/provider/release/certify.ts";
import {
  type Draft,
  type Sealed,
  sealDraft,
  type Taken,
} from "../../infra/provider/release/parts.ts";

export const MANIFEST: ModelManifest = {
  name: "people",
  digest: `sha256:${"3".repeat(64)}`,
  sizeBytes: 1,
  labels: ["person"],
  decoder: "yolox",
};

export function specOf(name: string, minScore = 0.4): PipelineSpec {
  return {
    name,
    sources: { cam: { uri: "rtsp://cam/1", transport: "tcp", loop: false } },
    detect: { model: MANIFEST.name, minScore, nmsIou: 0.45 },
    sinks: { mqtt: {} },
  };
}

export function newKey(): SigningKey & RootKey & { privateKeyPem: string } {
  const privateKeyPem = newPrivateKeyPem();
  const publicKeyPem = publicPemOf(privateKeyPem);
  return { privateKeyPem, publicKeyPem, keyId: keyIdOfPem(publicKeyPem) };
}

/** Version `n` of a pipeline, `entrance` unless said otherwise, signed for its device alone. */
export function sealVersion(
  key: SigningKey,
  change: Partial<Draft> & { device: string },
  n = 1,
): Sealed {
  const draft = {
    fleet: "demo",
    scope: { to: "devices" as const, devices: [change.device] },
    board: "agx-xavier" as const,
    spec: specOf("entrance"),
    manifest: MANIFEST,
  };
  const below: Taken[] = n > 1 ? [{ number: { epoch: 0, n: n - 1 }, digest: null }] : [];
  return sealDraft({ ...draft, ...change }, { pipeline: below, set: below }, 0, key);
}

/** Releases pipelines as a program does, over the hub's own interface and with a key of its own. */
export class Releaser {
  readonly key = newKey();
  readonly hub: HubClient;
  readonly owner: Owner;

  constructor(hub: HubClient, program = "shop/test") {
    this.hub = hub;
    this.owner = { program, resource: `urn:${program}` };
  }

  certify(change: Partial<Certification> = {}): Promise<Roles> {
    const { key } = this;
    const wish = {
      fleet: "demo",
      epoch: 0,
      remembered: undefined,
      release: key,
      root: key,
      ...change,
    };
    return certify(this.hub.deploy, wish);
  }

  seal(change: Partial<Draft> & { device: string }, n = 1): Sealed {
    return sealVersion(this.key, change, n);
  }

  async send({ envelopes }: Sealed): Promise<void> {
    await this.hub.deploy.putPart(envelopes.set);
    await this.hub.deploy.putPart(envelopes.pipeline);
  }

  /** Sends the parts and chooses them, by the tag that is in force unless another is given. */
  async choose(device: string, sealed: Sealed, plan?: PlanSummary, tag?: string): Promise<void> {
    const name = (JSON.parse(sealed.envelopes.pipeline.payload) as { name: string }).name;
    await this.send(sealed);
    const inForce = tag ?? (await this.hub.deploy.pipeline(device, name)).tag;
    const choice = { part: sealed.part.digest, owner: this.owner, ...(plan && { plan }) };
    await this.hub.deploy.choose(device, name, choice, inForce);
  }
}
