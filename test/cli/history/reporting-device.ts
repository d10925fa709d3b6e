import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { EventJournal } from "../../../agent/report/event-journal.ts";
import { HeadSigner } from "../../../agent/report/head-signer.ts";
import { HubLink } from "../../../agent/report/hub-link.ts";
import { createLog } from "../../../agent/report/log.ts";
import { PresenceCounter } from "../../../agent/report/presence.ts";
import { Reporter } from "../../../agent/report/reporter.ts";
import { CONTRACT_VERSION, type Reported } from "../../../fleet/contract/index.ts";
import { Connector } from "../../../fleet/transfer/connector.ts";
import { IdentityFile } from "../../../fleet/transfer/identity/identity-file.ts";
import { TrustedClock } from "../../../fleet/transfer/identity/trusted-clock.ts";
import type { HubProcess } from "../../hub/running-hub.ts";

/** The agent's own journal, reporter and link, without the rest of it. */
export class ReportingDevice {
  readonly journal: EventJournal;
  readonly #folder: string;
  readonly #link: HubLink;
  readonly #reporter: Reporter;
  readonly #name: string;
  readonly #heads: HeadSigner;

  private constructor(hub: HubProcess, name: string, folder: string, journal: EventJournal) {
    this.#name = name;
    const identity = new IdentityFile(hub.identityFile(name));
    this.#heads = new HeadSigner(identity);
    this.#folder = folder;
    this.journal = journal;
    const log = createLog({ write: () => {} });
    this.#link = new HubLink({
      config: {
        fleet: "demo",
        device: name,
        mqttUrl: hub.record.mqttUrl,
      },
      connector: new Connector(identity, new TrustedClock()),
      presence: new PresenceCounter(folder, "boot"),
      log,
      onDesired: () => {},
      onConnected: () => this.#reporter.connected(),
    });
    this.#reporter = new Reporter({
      link: this.#link,
      journal,
      log,
      reported: () => this.#reported(),
    });
    this.#link.start();
  }

  /** The certificate of `name` must be there. */
  static async start(hub: HubProcess, name: string): Promise<ReportingDevice> {
    const folder = mkdtempSync(join(tmpdir(), "jetfleet-reporting-"));
    const journal = new EventJournal(folder);
    await journal.open();
    return new ReportingDevice(hub, name, folder, journal);
  }

  get connected(): boolean {
    return this.#link.connected;
  }

  /** Everything that happened was acknowledged. */
  get settled(): boolean {
    return this.journal.size === 0;
  }

  event(message: string): void {
    this.#reporter.event({ kind: "test", message });
  }

  async stop(): Promise<void> {
    await this.#reporter.flush();
    await this.#link.stop();
    rmSync(this.#folder, { recursive: true });
  }

  #reported(): Reported {
    return {
      contract: CONTRACT_VERSION,
      device: this.#name,
      agentVersion: "0.1.0",
      bootId: "boot",
      atMs: Date.now(),
      generation: 0,
      update: { state: "idle", sinceMs: 0 },
      setDigest: null,
      board: {
        board: "tx2",
        model: "",
        jetpack: null,
        l4t: null,
        powerMode: null,
        simulated: true,
        machine: "",
        node: "",
      },
      pipelines: [],
      ...(this.journal.head && { journal: this.#heads.sign(this.journal.head) }),
      error: null,
    };
  }
}
