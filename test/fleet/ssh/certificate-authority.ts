import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll } from "vitest";

/** A CA of OpenSSH's own tools, in a folder of its own, and the keys that it signs. */
export class CertificateAuthority {
  dir = "";

  get publicKeyPath(): string {
    return join(this.dir, "ca.pub");
  }

  make(): void {
    this.dir = mkdtempSync(join(tmpdir(), "jetfleet-ssh-ca-"));
    this.key("ca");
  }

  /** Makes a key; returns its path. */
  key(name: string, ...type: readonly string[]): string {
    const path = join(this.dir, name);
    const kind = type.length > 0 ? type : ["-t", "ed25519"];
    execFileSync("ssh-keygen", ["-q", ...kind, "-N", "", "-C", "", "-f", path]);
    return path;
  }

  /** Signs a key as `ssh-keygen -s CA` with these options; returns the certificate's path, which is beside the key. */
  sign(key: string, ...options: readonly string[]): string {
    const ca = join(this.dir, "ca");
    execFileSync("ssh-keygen", ["-q", "-s", ca, "-I", "x", ...options, `${key}.pub`]);
    return `${key}-cert.pub`;
  }

  remove(): void {
    rmSync(this.dir, { recursive: true, force: true });
  }
}

/** One for the tests of a block, there from before the first until after the last. */
export function authorityOfBlock(): CertificateAuthority {
  const authority = new CertificateAuthority();
  beforeAll(() => authority.make());
  afterAll(() => authority.remove());
  return authority;
}
