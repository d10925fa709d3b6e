import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import type { TlsOptions } from "node:tls";
import { Authority } from "../../fleet/hub/identity/authority.ts";
import { CertificateRegister } from "../../fleet/hub/identity/certificate-register.ts";
import type { FleetCa } from "../../fleet/hub/identity/fleet-ca.ts";
import { Issuer } from "../../fleet/hub/identity/issuer.ts";
import type { Principal } from "../../fleet/hub/identity/principal.ts";
import { serverIdentity } from "../../fleet/hub/identity/server-identity.ts";
import { Connector } from "../../fleet/transfer/connector.ts";
import { createKey, requestFor } from "../../fleet/transfer/identity/certificate-request.ts";
import { IdentityFile } from "../../fleet/transfer/identity/identity-file.ts";
import { TrustedClock } from "../../fleet/transfer/identity/trusted-clock.ts";

const DAY_MS = 24 * 3600 * 1000;

/** A CA of its own with a server's certificate, and certificates for whom a test needs, without a hub. */
export class TestFleet {
  readonly fleet: string;
  readonly dir: string;
  readonly authority: Authority;
  /** For a server that takes peers of this fleet only. */
  readonly server: TlsOptions;
  readonly #register: CertificateRegister;

  private constructor(
    fleet: string,
    dir: string,
    authority: Authority,
    server: TlsOptions,
    register: CertificateRegister,
  ) {
    this.fleet = fleet;
    this.dir = dir;
    this.authority = authority;
    this.server = server;
    this.#register = register;
  }

  static async make(fleet: string, lifeMs = DAY_MS): Promise<TestFleet> {
    const dir = mkdtempSync(path.join(tmpdir(), "jetfleet-ca-"));
    mkdirSync(path.join(dir, "keys"));
    const authority = await Authority.open(path.join(dir, "ca.pem"), fleet);
    const register = await CertificateRegister.open(dir, () => {});
    const file = path.join(dir, "server.pem");
    const wish = { file, fleet, names: ["127.0.0.1"], lifeMs, log: () => {} };
    const own = await serverIdentity(authority, wish);
    const server = {
      key: own.keyPem,
      cert: own.certificatePem,
      ca: own.caPem,
      requestCert: true,
      rejectUnauthorized: true,
    };
    return new TestFleet(fleet, dir, authority, server, register);
  }

  get ca(): FleetCa {
    return this.authority.ca;
  }

  /** PEM file of key, certificate and CA. */
  async certify(
    name: string,
    kind: Principal["kind"] = "device",
    lifeMs = DAY_MS,
  ): Promise<string> {
    const file = path.join(this.dir, "keys", `${name}.pem`);
    const issuer = new Issuer(this.authority, this.#register, this.fleet, lifeMs);
    const keyPem = createKey();
    const peer = { kind, name, fleet: this.fleet };
    const { certificate, ca } = await issuer.certify({ kind, name }, requestFor(peer, keyPem));
    const parts = { keyPem, certificatePem: certificate, caPem: ca };
    await new IdentityFile(file).replace(parts, peer);
    return file;
  }

  async connector(name: string): Promise<Connector> {
    return new Connector(new IdentityFile(await this.certify(name)), new TrustedClock());
  }

  remove(): void {
    rmSync(this.dir, { recursive: true, force: true });
  }
}
