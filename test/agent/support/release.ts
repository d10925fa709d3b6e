import type { PipelineVersion } from "../../../agent/update/pipeline-version.ts";
import type { DesiredMessage } from "../../../fleet/contract/index.ts";
import { type Chosen, sealComposition } from "../../../fleet/deploy/index.ts";
import {
  allModels,
  canonicalJson,
  newPrivateKeyPem,
  ONLINE_KEY_MS,
  openRoles,
  publicPemOf,
  type Roles,
  sealRoles,
} from "../../../fleet/release/index.ts";
import type { PlanSummary } from "../../../fleet/spec/index.ts";
import { chosenOf, rolesOf } from "../../fleet/support/signed-fleet.ts";
import { BOARD, DEVICE, FLEET } from "./desired.ts";

interface Signed extends Chosen {
  content: string;
  n: number;
}

export interface Wish {
  generation: number;
  artifactUrl: string;
  versions: readonly PipelineVersion[];
  /** By pipeline, as it comes with the deployment. */
  plans?: Readonly<Record<string, PlanSummary>>;
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
  compose({ versions, plans = {}, ...composition }: Wish, nowMs = Date.now()): DesiredMessage {
    const envelope = sealRoles(this.#roles(), this.rootKey);
    const roles = { envelope, ...openRoles(envelope, this.rootPublicKeyPem) };
    const chosen = versions.map((version) => {
      return { ...this.#chosen(version), plan: plans[version.spec.name] };
    });
    const whole = { fleet: FLEET, device: DEVICE, chosen, ...composition };
    return sealComposition(whole, roles, this.onlineKey, nowMs);
  }

  /** As when an operator releases the very same version once more. */
  signAgain(pipeline: string): void {
    const signed = this.#signed.get(pipeline);
    if (signed) this.#signed.set(pipeline, { ...signed, content: "" });
  }

  #roles(): Roles {
    const release = [publicPemOf(this.releaseKey)];
    const online = { publicKey: publicPemOf(this.onlineKey), notAfterMs: this.#onlineUntilMs };
    return rolesOf({ fleet: FLEET, issuedAtMs: 1, release, online });
  }

  #chosen(version: PipelineVersion): Chosen {
    const { spec } = version;
    const { name } = spec;
    const content = canonicalJson(version);
    const known = this.#signed.get(name);
    if (known?.content === content) return known;
    const n = (known?.n ?? 0) + 1;
    const head = { fleet: FLEET, scope: { to: "devices" as const, devices: [DEVICE] } };
    const chosen = chosenOf(name, n, {
      key: this.releaseKey,
      set: { ...head, models: allModels(version) },
      pipeline: { ...head, board: BOARD, spec },
    });
    const signed = { ...chosen, content, n };
    this.#signed.set(name, signed);
    return signed;
  }
}
