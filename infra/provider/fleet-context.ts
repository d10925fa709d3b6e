import { X509Certificate } from "node:crypto";
import { CONTRACT_VERSION, type Reported } from "../../fleet/contract/index.ts";
import { FleetError } from "../../fleet/errors/index.ts";
import { type FleetLink, HubClient, type HubInfo } from "../../fleet/hub/client/index.ts";
import type { RuntimeShelf } from "../../fleet/provision/runtime/index.ts";
import type { Roles } from "../../fleet/release/index.ts";
import { SshPool } from "../../fleet/ssh/index.ts";
import type { ProviderConfig, RootKey, SigningKey } from "./config.ts";
import { KeyedMutex } from "./keyed-mutex.ts";
import { certify } from "./release/certify.ts";
import { Together } from "./release/together.ts";

const NEVER = new AbortController().signal;

/** What all resources of one provider process share. */
export class FleetContext {
  readonly config: ProviderConfig;
  /** Signs sets and pipelines. */
  readonly key: SigningKey;
  /** What devices pin. */
  readonly root: RootKey;
  readonly ssh = new SshPool();
  /** One certification at a time: the resources of one `up` would only get in each other's way. */
  readonly #certifying = new KeyedMutex();
  /** One upload to the hub of each object at a time: who comes second finds it there. */
  readonly sending = new KeyedMutex();
  /** Releases for one device that were begun at the same time. */
  readonly releasing = new Together();
  readonly runtimes: RuntimeShelf;
  #mark: string | null = null;
  /** The user was told that the hub's certificate ends. */
  warnedOfEnd = false;

  constructor(config: ProviderConfig, key: SigningKey, root: RootKey, runtimes: RuntimeShelf) {
    this.config = config;
    this.key = key;
    this.root = root;
    this.runtimes = runtimes;
  }

  hub(signal: AbortSignal): HubClient {
    const { hubUrl, operatorCredentials } = this.config;
    return new HubClient({ httpUrl: hubUrl, identityFile: operatorCredentials, signal });
  }

  /**
   * Names the hub by the CA that it has for this fleet and that no other hub has, wherever it is reached. Null where the
   * operator's credentials cannot be read, as in a preview before there are any. Talks to nobody.
   */
  hubMark(): string | null {
    // Each pipeline asks, and what the credentials are is checked anew by each client.
    if (this.#mark !== null) return this.#mark;
    try {
      const { caPem } = this.hub(NEVER);
      this.#mark = new X509Certificate(caPem).fingerprint256.replaceAll(":", "").toLowerCase();
      return this.#mark;
    } catch {
      return null;
    }
  }

  /** The hub's facts, once it is sure that it is this fleet's and speaks this contract. */
  async hubInfo(signal: AbortSignal): Promise<HubInfo> {
    const info = await this.hub(signal).info();
    if (info.fleet !== this.config.fleet) {
      throw new FleetError(
        "HUB_REFUSED",
        `Expected the hub of fleet ${this.config.fleet} at ${this.config.hubUrl} but it serves ${info.fleet}`,
        { hint: "Correct hubUrl or fleet in the configuration of the provider." },
      );
    }
    if (info.contract !== CONTRACT_VERSION) {
      throw new FleetError(
        "HUB_REFUSED",
        `Expected a hub of contract version ${CONTRACT_VERSION} but it speaks version ${info.contract}`,
        { hint: "Use the same jetfleet version for the hub and the program." },
      );
    }
    return info;
  }

  /** The roles in force, certified anew where they have to be. `reported` says what a device remembers of them. */
  async certified(signal: AbortSignal, reported: Reported | null): Promise<Roles> {
    const { fleet, epoch = 0 } = this.config;
    return await this.#certifying.run("roles", () =>
      certify(this.hub(signal).deploy, {
        fleet,
        epoch,
        release: this.key,
        root: this.root,
        remembered: reported?.roles,
      }),
    );
  }

  /** Runs `work` with a session at the broker, and ends the session. */
  async withLink<T>(signal: AbortSignal, work: (link: FleetLink) => Promise<T>): Promise<T> {
    await this.hubInfo(signal);
    const link = await this.hub(signal).connectMqtt();
    try {
      return await work(link);
    } finally {
      await link.close().catch(() => {});
    }
  }

  close(): void {
    this.ssh.close();
  }
}
