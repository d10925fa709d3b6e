import path from "node:path";
import type { SecureContextOptions, Server } from "node:tls";
import { asFleetError, isFleetError } from "../../errors/index.ts";
import type { FileLayer } from "../../transfer/files/file-layer.ts";
import type { Identity } from "../../transfer/identity/identity.ts";
import { renewAtMs } from "../../transfer/identity/renewal.ts";
import type { Log } from "../log.ts";
import { Authority } from "./authority.ts";
import { CertificateRegister } from "./certificate-register.ts";
import { Gate } from "./gate.ts";
import { Issuer } from "./issuer.ts";
import { ensureOperatorFile, type OperatorWish } from "./operator-file.ts";
import { type ServerWish, serverIdentity } from "./server-identity.ts";

/** Renewals are looked for this often at least: a laptop that slept is late by no more. */
const LONGEST_WAIT_MS = 24 * 3600 * 1000;
const RETRY_MS = 5000;
/** A certificate of seconds, as in tests, must not make a busy loop. */
const SHORTEST_WAIT_MS = 200;

export interface IdentityOptions {
  dir: string;
  fleet: string;
  operatorFile: string;
  names: readonly string[];
  /** How long certificates are good. */
  lifeMs: number;
  log: Log;
  layer?: FileLayer | undefined;
}

/** All that the hub knows of who is who: its CA, its own certificate, those in force, and the operator's file. */
export class HubIdentity {
  readonly register: CertificateRegister;
  readonly issuer: Issuer;
  readonly gate: Gate;
  readonly #authority: Authority;
  readonly #server: ServerWish;
  readonly #operator: OperatorWish;
  readonly #log: Log;
  readonly #servers: Server[] = [];
  #current: Identity;
  /** Something could not be made, and is tried again soon. */
  #isBehind = false;
  #timer: NodeJS.Timeout | undefined;

  private constructor(parts: {
    authority: Authority;
    register: CertificateRegister;
    issuer: Issuer;
    server: ServerWish;
    operator: OperatorWish;
    current: Identity;
    log: Log;
  }) {
    this.register = parts.register;
    this.issuer = parts.issuer;
    this.gate = new Gate(parts.server.fleet, parts.register, parts.log);
    this.#authority = parts.authority;
    this.#server = parts.server;
    this.#operator = parts.operator;
    this.#current = parts.current;
    this.#log = parts.log;
  }

  static async open(options: IdentityOptions): Promise<HubIdentity> {
    const { dir, fleet, operatorFile, names, lifeMs, log, layer } = options;
    const authority = await Authority.open(path.join(dir, "ca", "ca.pem"), fleet, layer);
    const { fault } = authority;
    if (fault !== null) log("nothing can be certified", { reason: fault.message });
    const register = await CertificateRegister.open(dir, log, layer);
    const issuer = new Issuer(authority, register, fleet, lifeMs);
    const file = path.join(dir, "ca", "server.pem");
    const server = { file, fleet, names, lifeMs, log, layer };
    const current = await serverIdentity(authority, server);
    const operator = { file: operatorFile, fleet, authority, register, issuer, layer };
    const parts = { authority, register, issuer, server, operator, current, log };
    const identity = new HubIdentity(parts);
    await identity.#ensureOperatorFile();
    return identity;
  }

  /** For the servers; what they show later comes by `keepFresh`. */
  get tls(): SecureContextOptions {
    const { keyPem, certificatePem, caPem } = this.#current;
    return { key: keyPem, cert: certificatePem, ca: caPem };
  }

  /** The fleet's CA, as peers are judged by it. */
  get caPem(): string {
    return this.#current.caPem;
  }

  /** Renews the hub's and the operator's certificates in time; connections that stand are not touched. */
  keepFresh(...servers: Server[]): void {
    this.#servers.push(...servers);
    this.#plan(this.#waitMs());
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.register.stop();
  }

  /** A file that cannot be read or written is told, and tried again; another's file is a mistake of who started the hub. */
  async #ensureOperatorFile(): Promise<void> {
    try {
      await ensureOperatorFile(this.#operator);
      this.#isBehind = false;
    } catch (error) {
      if (isFleetError(error, "USAGE")) throw error;
      this.#isBehind = true;
      const doing = "making the operator's certificate";
      this.#log("the operator's file is not made", { reason: asFleetError(error, doing).message });
    }
  }

  #plan(waitMs: number): void {
    this.#timer = setTimeout(() => {
      this.#renew().then(
        () => this.#plan(this.#waitMs()),
        (error: unknown) => {
          const reason = asFleetError(error, "renewing the hub's certificates").message;
          this.#log("certificates could not be renewed", { reason });
          this.#plan(RETRY_MS);
        },
      );
    }, waitMs);
    this.#timer.unref();
  }

  #waitMs(): number {
    if (this.#isBehind || this.#authority.fault !== null) return RETRY_MS;
    const { term, serial } = this.#current;
    const waitMs = renewAtMs(term, serial) - Date.now();
    return Math.min(LONGEST_WAIT_MS, Math.max(SHORTEST_WAIT_MS, waitMs));
  }

  async #renew(): Promise<void> {
    // A session ends with its certificate, if late by as long as is waited here.
    this.gate.endRefused();
    await this.#authority.reopen();
    await this.#ensureOperatorFile();
    const next = await serverIdentity(this.#authority, this.#server);
    if (next.serial === this.#current.serial) return;
    this.#current = next;
    for (const server of this.#servers) server.setSecureContext(this.tls);
    this.#log("the hub has a new certificate", { serial: next.serial });
  }
}
