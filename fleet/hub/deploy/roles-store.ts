import path from "node:path";
import type { SignedEnvelope } from "../../contract/index.ts";
import { FleetError } from "../../errors/index.ts";
import { keyIdOfPem, type Opened, openRoles, type Roles } from "../../release/index.ts";
import { writeFileDurably } from "../../transfer/files/durable-file.ts";
import { DISK, type FileLayer } from "../../transfer/files/file-layer.ts";
import { NewRoles } from "../deploy-api.ts";
import { requireMatch } from "./require-match.ts";
import { readStored } from "./stored-json.ts";

export type RolesInForce = Opened<Roles> & { envelope: SignedEnvelope; rootKey: string };

/** The roles in force and the root that signed them, in one file. */
export class RolesStore {
  readonly #file: string;
  readonly #layer: FileLayer;
  #stored: NewRoles | null;
  #inForce: RolesInForce | null;
  #writes: Promise<unknown> = Promise.resolve();

  private constructor(file: string, stored: NewRoles | null, layer: FileLayer) {
    this.#file = file;
    this.#layer = layer;
    this.#stored = stored;
    this.#inForce = stored && opened(stored);
  }

  /** Throws HUB_STATE_UNREADABLE for a file that says something else than roles, or nothing. */
  static async open(folder: string, layer: FileLayer = DISK): Promise<RolesStore> {
    const file = path.join(folder, "roles.json");
    return new RolesStore(file, await readStored(file, NewRoles, layer), layer);
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
    await writeFileDurably(this.#file, `${JSON.stringify(news)}\n`, 0o600, this.#layer);
    this.#stored = news;
    this.#inForce = next;
  }
}

function opened({ roles, rootKey }: NewRoles): RolesInForce {
  return { envelope: roles, rootKey, ...openRoles(roles, rootKey) };
}
