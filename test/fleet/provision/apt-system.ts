import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { BASE } from "../../../fleet/provision/layout.ts";

const PATH = "/usr/sbin:/usr/bin:/sbin:/bin";
const FOLDERS = [
  ...["var/lib/dpkg/updates", "var/lib/dpkg/info", "var/lib/apt/lists/partial"],
  ...["var/cache/apt/archives/partial", "var/log/apt", "tmp"],
  ...["apt.conf.d", "sources.list.d", "preferences.d", "trusted.gpg.d"].map(
    (it) => `etc/apt/${it}`,
  ),
];

/** Why there is none of these on this machine; empty when there can be. */
export const aptMissing =
  process.getuid?.() !== 0
    ? "only root may install packages"
    : ["apt-get", "dpkg-deb"].every((name) => existsSync(`/usr/bin/${name}`))
      ? ""
      : "this machine has no apt";

/** Debian's own apt and dpkg over a system in a folder, which has no sources: as without internet. */
export class AptSystem {
  readonly folder = mkdtempSync(join(tmpdir(), "jetfleet-apt-"));
  readonly root = join(this.folder, "system");
  readonly #config = join(this.folder, "apt.conf");
  readonly #query = join(this.folder, "bin/dpkg-query");

  constructor() {
    for (const path of FOLDERS) mkdirSync(join(this.root, path), { recursive: true });
    writeFileSync(join(this.root, "var/lib/dpkg/status"), "");
    const config = [
      `Dir "${this.root}";`,
      `Dir::State::status "${this.root}/var/lib/dpkg/status";`,
      'Dir::Bin::dpkg "/usr/bin/dpkg";',
      'Dir::Bin::Methods "/usr/lib/apt/methods";',
      'APT::Sandbox::User "root";',
      'Debug::NoLocking "true";',
      `DPkg::Options { "--root=${this.root}"; "--log=/dev/null"; };`,
    ];
    writeFileSync(this.#config, config.join("\n"));
    mkdirSync(join(this.folder, "bin"));
    const query = `exec /usr/bin/dpkg-query --admindir=${this.root}/var/lib/dpkg "$@"`;
    writeFileSync(this.#query, `#!/bin/sh\n${query}\n`, { mode: 0o755 });
  }

  /** Runs a script as on a board whose folder of ours is this one. */
  run(script: string): { stdout: string; stderr: string; status: number | null } {
    return spawnSync("sh", ["-s"], {
      input: `set -eu\n${script.replaceAll(BASE, this.folder)}`,
      encoding: "utf8",
      env: { PATH: `${this.folder}/bin:${PATH}`, APT_CONFIG: this.#config },
    });
  }

  /** Makes a package of one file, /opt/NAME; `more` are lines of its control file. Resolves to the .deb. */
  made(name: string, version: string, more = ""): string {
    const tree = join(this.folder, `${name}-${version}`);
    mkdirSync(join(tree, "DEBIAN"), { recursive: true });
    mkdirSync(join(tree, "opt"));
    writeFileSync(join(tree, "opt", name), version);
    const who = "Architecture: all\nMaintainer: nobody <nobody@example.org>";
    const control = `Package: ${name}\nVersion: ${version}\n${who}\n${more}Description: of a test\n`;
    writeFileSync(join(tree, "DEBIAN/control"), control);
    execFileSync("dpkg-deb", ["--root-owner-group", "--build", tree, `${tree}.deb`]);
    return `${tree}.deb`;
  }

  install(name: string, version: string): void {
    const args = [`--root=${this.root}`, "--log=/dev/null", "--install", this.made(name, version)];
    execFileSync("dpkg", args, { env: { PATH } });
  }

  /** Name and version of what is installed. */
  installed(): string[] {
    const args = ["-W", "-f", "${Package} ${Version}\n"];
    return execFileSync(this.#query, args, { encoding: "utf8" }).trim().split("\n");
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}
