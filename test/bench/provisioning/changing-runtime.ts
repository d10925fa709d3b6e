import { appendFileSync, copyFileSync, statSync } from "node:fs";
import {
  digestFile,
  type RuntimeRelease,
  RuntimeShelf,
  type RuntimeTarget,
} from "../../../fleet/provision/runtime/release.ts";
import { sha256Digest } from "../../../fleet/release/index.ts";

const AGENT = "agent.cjs";

/** What this clone has for boards, and on demand the same with another agent, as after a change of a line. */
export class ChangingRuntime extends RuntimeShelf {
  readonly #path: string;
  #isChanged = false;

  /** @param path of the other agent, which is made of this clone's */
  constructor(path: string) {
    super();
    this.#path = path;
  }

  change(): void {
    this.#isChanged = true;
  }

  override async release(target: RuntimeTarget): Promise<RuntimeRelease> {
    const own = await super.release(target);
    const agent = own.files.find(({ name }) => name === AGENT);
    if (!this.#isChanged || !agent) return own;
    copyFileSync(agent.path, this.#path);
    appendFileSync(this.#path, "\n// Another.\n");
    const digest = await digestFile(this.#path);
    const sizeBytes = statSync(this.#path).size;
    const other = { ...agent, path: this.#path, digest, sizeBytes };
    const files = own.files.map((file) => (file === agent ? other : file));
    return { ...own, digest: sha256Digest(`${own.digest} ${digest}`), files };
  }

  override async label(): Promise<string | null> {
    const label = await super.label();
    return this.#isChanged && label !== null ? `${label}-other` : label;
  }
}
