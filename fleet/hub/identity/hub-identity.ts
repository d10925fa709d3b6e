import path from "node:path";
import type { SecureContextOptions, Server } from "node:tls";
import { asFleetError } from "../../errors/index.ts";
import type { Identity } from "../../transfer/identity/identity.ts";
import { renewAtMs } from "../../transfer/identity/renewal.ts";
import type { Log } from "../log.ts";
import { CertificateRegister } from "./certificate-register.ts";
import { FleetCa } from "./fleet-ca.ts";
import { Gate } from "./gate.ts";
import { Issuer } from "./issuer.ts";
import { ensureOperatorFile, type OperatorWish } from "./operator-file.ts";
import { type ServerWish, serverIdentity } from "./server-identity.ts";

/** Renewals are looked for this often at least: a laptop that slept is late by no more. */
const LONGEST_WAIT_MS = 24 * 3600 * 1000;
const RETRY_MS = 60_000;
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
}

/** All that the hub knows of who is who: its CA, its own certificate, those in force, and the operator's file. */
export class HubIdentity {
  readonly register: CertificateRegister;
  readonly issuer: Issuer;
  readonly gate: Gate;
  readonly #ca: FleetCa;
  readonly #server: ServerWish;
  readonly #operator: OperatorWish;
  readonly #log: Log;
  readonly #servers: Server[] = [];
  #current: Identity;
  #timer: NodeJS.Timeout | undefined;

  private constructor(parts: {
    ca: FleetCa;
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
    this.#ca = parts.ca;
    this.#server = parts.server;
    this.#operator = parts.operator;
    this.#current = parts.current;
    this.#log = parts.log;
  }

  static async open(options: IdentityOptions): Promise<HubIdentity> {
    const { dir, fleet, operatorFile, names, lifeMs, log } = options;
    const ca = await FleetCa.open(path.join(dir, "ca", "ca.pem"), fleet);
    const register = await CertificateRegister.open(dir, log);
    const issuer = new Issuer(ca, register, fleet, lifeMs);
    const operator = { file: operatorFile, fleet, ca, register, issuer };
    await ensureOperatorFile(operator);
    const server = { file: path.join(dir, "ca", "server.pem"), fleet, names, lifeMs };
    const current = await serverIdentity(ca, server);
    return new HubIdentity({ ca, register, issuer, server, operator, current, log });
  }

  /** For the servers; what they show later comes by `keepFresh`. */
  get tls(): SecureContextOptions {
    const { keyPem, certificatePem, caPem } = this.#current;
    return { key: keyPem, cert: certificatePem, ca: caPem };
  }

  /** Renews the hub's and the operator's certificates in time; connections that stand are not touched. */
  keepFresh(...servers: Server[]): void {
    this.#servers.push(...servers);
    this.#plan(this.#waitMs());
  }

  stop(): void {
    clearTimeout(this.#timer);
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
    const { term, serial } = this.#current;
    const waitMs = renewAtMs(term, serial) - Date.now();
    return Math.min(LONGEST_WAIT_MS, Math.max(SHORTEST_WAIT_MS, waitMs));
  }

  async #renew(): Promise<void> {
    // A session ends with its certificate, if late by as long as is waited here.
    this.gate.endRefused();
    await ensureOperatorFile(this.#operator);
    const next = await serverIdentity(this.#ca, this.#server);
    if (next.serial === this.#current.serial) return;
    this.#current = next;
    for (const server of this.#servers) server.setSecureContext(this.tls);
    this.#log("the hub has a new certificate", { serial: next.serial });
  }
}
