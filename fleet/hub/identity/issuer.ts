import { X509Certificate } from "node:crypto";
import { FleetError } from "../../errors/index.ts";
import {
  type CertificateRequest,
  type IssuedCertificate,
  provenKey,
} from "../../transfer/identity/certificate-request.ts";
import { peerUri } from "../../transfer/identity/peer-name.ts";
import type { Authority } from "./authority.ts";
import type { CertificateRegister } from "./certificate-register.ts";
import type { Principal } from "./principal.ts";

/** A peer whose clock is a little behind must not find a certificate of the future. */
const BACKDATED_MS = 5 * 60_000;
export const DEFAULT_LIFE_MS = 90 * 24 * 3600 * 1000;

/** Makes certificates for devices and operators, and enters them into the register. */
export class Issuer {
  readonly #authority: Authority;
  readonly #register: CertificateRegister;
  readonly #fleet: string;
  readonly #lifeMs: number;

  constructor(authority: Authority, register: CertificateRegister, fleet: string, lifeMs: number) {
    this.#authority = authority;
    this.#register = register;
    this.#fleet = fleet;
    this.#lifeMs = lifeMs;
  }

  /** Throws USAGE when the request does not prove itself. In force before it is handed out. */
  async certify(who: Principal, request: CertificateRequest): Promise<IssuedCertificate> {
    const { ca } = this.#authority;
    const peer = { ...who, fleet: this.#fleet };
    const publicKey = provenKey(peer, request);
    const now = Date.now();
    const certificate = await ca.issue({
      publicKey,
      commonName: who.name,
      usage: "client",
      altNames: [{ type: "url", value: peerUri(peer) }],
      fromMs: now - Math.min(BACKDATED_MS, this.#lifeMs),
      untilMs: now + this.#lifeMs,
    });
    const { serialNumber: serial } = new X509Certificate(certificate);
    await this.#register.add(who, { serial, fromMs: now, untilMs: now + this.#lifeMs });
    return { certificate, ca: ca.certificatePem };
  }

  /** The term of one in force, by this hub's clock. */
  termOf(who: Principal, serial: string): { fromMs: number; untilMs: number } {
    const entry = this.#register.find(who, serial);
    if (entry) return entry;
    throw new FleetError("HUB_REFUSED", `No certificate ${serial} of ${who.name} is in force`);
  }
}
