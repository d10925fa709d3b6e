import { mkdirSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { build } from "esbuild";
import {
  digestFile,
  type RuntimeRelease,
  RuntimeShelf,
} from "../../../../fleet/provision/runtime/release.ts";
import { sha256Digest } from "../../../../fleet/release/index.ts";

/** A runtime of a few hundred kilobytes: the simulated board's own Node and an agent that only comes online. */
export class StubRuntime extends RuntimeShelf {
  readonly #root: string;
  /** Of each version its folder. */
  readonly #written = new Map<string, Promise<string>>();
  version = "one";

  constructor(dir: string) {
    super();
    this.#root = dir;
  }

  override async release(): Promise<RuntimeRelease> {
    // Once for all devices: another's upload may be reading what a second time would cut short.
    const folder = join(this.#root, `${this.#written.size}`);
    const written = this.#written.get(this.version) ?? this.#write(folder);
    this.#written.set(this.version, written);
    const dir = await written;
    const names = ["bin/node", "agent.cjs", "version.txt"];
    const files = await Promise.all(
      names.map(async (name) => {
        const path = join(dir, name);
        const mode = name === "bin/node" ? 0o755 : 0o644;
        return { name, path, mode, digest: await digestFile(path), sizeBytes: statSync(path).size };
      }),
    );
    const digest = sha256Digest(files.map((file) => file.digest).join());
    return { digest, agentVersion: "0.0.0", files };
  }

  override label(): Promise<string> {
    return Promise.resolve(`0.0.0+${this.version}`);
  }

  async #write(dir: string): Promise<string> {
    const node = join(dir, "bin/node");
    mkdirSync(dirname(node), { recursive: true });
    writeFileSync(node, '#!/bin/sh\nexec /run/jetfleet-sim/node "$@"\n');
    writeFileSync(join(dir, "version.txt"), this.version);
    await build({
      entryPoints: [join(import.meta.dirname, "stub-agent.ts")],
      outfile: join(dir, "agent.cjs"),
      bundle: true,
      platform: "node",
      format: "cjs",
      logLevel: "error",
    });
    return dir;
  }
}
