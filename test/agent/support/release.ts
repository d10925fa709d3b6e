import type { PipelineVersion } from "../../../agent/update/pipeline-version.ts";
import { CONTRACT_VERSION, type DesiredMessage } from "../../../fleet/contract/index.ts";
import { type Chosen, sealComposition } from "../../../fleet/deploy/index.ts";
import {
  canonicalJson,
  newPrivateKeyPem,
  ONLINE_KEY_MS,
  openRoles,
  PipelinePart,
  publicPemOf,
  type Roles,
  SetPart,
  sealPart,
  sealRoles,
  sha256Digest,
} from "../../../fleet/release/index.ts";
import { BOARD, DEVICE, FLEET } from "./desired.ts";

interface Signed extends Chosen {
  content: string;
  n: number;
}

export interface Wish {
  generation: number;
  artifactUrl: string;
  versions: readonly PipelineVersion[];
  /** What the device asked, when it has no memory. */
  answers?: string | undefined;
}

/** The operator's keys and the hub's: signs a version of a pipeline once, and composes what was signed. */
export class TestRelease {
  readonly rootKey = newPrivateKeyPem();
  readonly releaseKey = newPrivateKeyPem();
  readonly onlineKey = newPrivateKeyPem();
  readonly #signed = new Map<string, Signed>();
  readonly #onlineUntilMs = Date.now() + ONLINE_KEY_MS;

  get rootPublicKeyPem(): string {
    return publicPemOf(this.rootKey);
  }

  /** The message on `desired`. Only versions whose content changed since the last time get another number. */
  compose({ versions, ...composition }: Wish, nowMs = Date.now()): DesiredMessage {
    const envelope = sealRoles(this.#roles(), this.rootKey);
    const roles = { envelope, ...openRoles(envelope, this.rootPublicKeyPem) };
    const chosen = versions.map((version) => this.#chosen(version));
    const whole = { fleet: FLEET, device: DEVICE, chosen, ...composition };
    return sealComposition(whole, roles, this.onlineKey, nowMs);
  }

  /** As when an operator releases the very same version once more. */
  signAgain(pipeline: string): void {
    const signed = this.#signed.get(pipeline);
    if (signed) this.#signed.set(pipeline, { ...signed, content: "" });
  }

  #roles(): Roles {
    return {
      kind: "roles",
      contract: CONTRACT_VERSION,
      fleet: FLEET,
      epoch: 0,
      number: 1,
      issuedAtMs: 1,
      release: [publicPemOf(this.releaseKey)],
      online: {
        publicKey: publicPemOf(this.onlineKey),
        notAfterMs: this.#onlineUntilMs,
      },
    };
  }

  #chosen({ spec, model }: PipelineVersion): Chosen {
    const { name } = spec;
    const content = canonicalJson({ spec, model });
    const known = this.#signed.get(name);
    if (known?.content === content) return known;
    const n = (known?.n ?? 0) + 1;
    const head = {
      contract: CONTRACT_VERSION,
      fleet: FLEET,
      scope: { to: "devices", devices: [DEVICE] },
      number: { epoch: 0, n },
    };
    const setPart = SetPart.parse({ kind: "set", ...head, name, models: [model] });
    const set = sealPart(setPart, this.releaseKey);
    const part = PipelinePart.parse({
      ...{ kind: "pipeline", ...head, name, board: BOARD },
      ...{ set: sha256Digest(set.payload), spec },
    });
    const pipeline = sealPart(part, this.releaseKey);
    const signed = { name, digest: sha256Digest(pipeline.payload), set, pipeline, content, n };
    this.#signed.set(name, signed);
    return signed;
  }
}
