import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A CA of OpenSSH's own tools, in a folder of its own, and the keys that it signs. */
export class CertificateAuthority {
  readonly dir = mkdtempSync(join(tmpdir(), "jetfleet-ssh-ca-"));
  readonly publicKeyPath: string;

  constructor() {
    this.publicKeyPath = `${this.key("ca")}.pub`;
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
    execFileSync("ssh-keygen", [
      "-q",
      "-s",
      join(this.dir, "ca"),
      "-I",
      "x",
      ...options,
      `${key}.pub`,
    ]);
    return `${key}-cert.pub`;
  }

  remove(): void {
    rmSync(this.dir, { recursive: true, force: true });
  }
}
