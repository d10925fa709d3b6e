import path from "node:path";
import type { SignedEnvelope } from "../../contract/index.ts";
import { FleetError } from "../../errors/index.ts";
import { keyIdOfPem, type Opened, openRoles, type Roles } from "../../release/index.ts";
import { writeFileDurably } from "../../transfer/files/durable-file.ts";
import { NewRoles } from "../deploy-api.ts";
import { requireMatch } from "./require-match.ts";
import { readStored } from "./stored-json.ts";

export type RolesInForce = Opened<Roles> & { envelope: SignedEnvelope };

/** The roles in force and the root that signed them, in one file. */
export class RolesStore {
  readonly #file: string;
  #stored: NewRoles | null;
  #inForce: RolesInForce | null;
  #writes: Promise<unknown> = Promise.resolve();

  private constructor(file: string, stored: NewRoles | null) {
    this.#file = file;
    this.#stored = stored;
    this.#inForce = stored && opened(stored);
  }

  static async open(folder: string): Promise<RolesStore> {
    const file = path.join(folder, "roles.json");
    return new RolesStore(file, await readStored(file, NewRoles));
  }

  get inForce(): RolesInForce | null {
    return this.#inForce;
  }

  /** Names what is in force, for compare-and-set. */
  get tag(): string {
    return `"${this.#inForce?.digest ?? "none"}"`;
  }

  /** Takes roles of the same root with a higher number, for this fleet and this hub's key; one after the other. */
  replace(news: NewRoles, ifMatch: string, fleet: string, onlineKey: string): Promise<void> {
    const result = this.#writes.then(() => this.#replace(news, ifMatch, fleet, onlineKey));
    this.#writes = result.catch(() => undefined);
    return result;
  }

  async #replace(news: NewRoles, ifMatch: string, fleet: string, onlineKey: string) {
    requireMatch(this.tag, ifMatch, "the roles");
    const next = opened(news);
    if (this.#stored !== null && this.#stored.rootKey !== news.rootKey) {
      const [known, got] = [this.#stored.rootKey, news.rootKey].map(keyIdOfPem);
      throw new FleetError(
        "ROLES_UNSIGNED",
        `Expected roles of root ${known}, whose hub this is, but got some of root ${got}`,
        {
          hint: `Use the root key of the fleet; where it is really a new one, remove ${this.#file}.`,
        },
      );
    }
    const { document } = next;
    if (document.fleet !== fleet) {
      const got = `roles of ${document.fleet}`;
      throw new FleetError(
        "DESIRED_MISDIRECTED",
        `Expected roles of fleet ${fleet} but got ${got}`,
      );
    }
    if (document.online.publicKey !== onlineKey) {
      throw new FleetError("ROLES_INVALID", "Expected roles that certify this hub's key");
    }
    const known = this.#inForce?.document;
    if (known && (document.epoch - known.epoch || document.number - known.number) <= 0) {
      const last = `${known.epoch}.${known.number}`;
      const got = `${document.epoch}.${document.number}`;
      throw new FleetError("ROLES_STALE", `Expected roles above ${last} but got ${got}`);
    }
    await writeFileDurably(this.#file, `${JSON.stringify(news)}\n`);
    this.#stored = news;
    this.#inForce = next;
  }
}

function opened({ roles, rootKey }: NewRoles): RolesInForce {
  return { envelope: roles, ...openRoles(roles, rootKey) };
}
