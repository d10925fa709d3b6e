import { readFileSync, statSync } from "node:fs";
import { FleetError } from "../../errors/index.ts";
import { writeFileDurably } from "../files/durable-file.ts";
import { DISK, type FileLayer } from "../files/file-layer.ts";
import { formatIdentity, type Identity, parseIdentity } from "./identity.ts";
import { describePeer, type PeerName, peerUri } from "./peer-name.ts";

/** An identity on disk. It is read again when the file was replaced, so that whoever connects shows the newest. */
export class IdentityFile {
  readonly path: string;
  #seen: { stamp: string; identity: Identity } | null = null;

  readonly #layer: FileLayer;

  /** `layer`: what it is written through. */
  constructor(path: string, layer: FileLayer = DISK) {
    this.path = path;
    this.#layer = layer;
  }

  /** Throws IDENTITY_MISSING or IDENTITY_INVALID. */
  current(): Identity {
    const stamp = this.#stamp();
    if (this.#seen?.stamp === stamp) return this.#seen.identity;
    const identity = parseIdentity(this.#text(), this.path);
    this.#seen = { stamp, identity };
    return identity;
  }

  /** Null when there is none that can be used. */
  usable(): Identity | null {
    try {
      return this.current();
    } catch {
      return null;
    }
  }

  /** On disk before it is used: a certificate that is lost in a power cut would lock its owner out. */
  async replace(
    parts: Pick<Identity, "keyPem" | "certificatePem" | "caPem">,
    peer: PeerName,
  ): Promise<Identity> {
    const text = formatIdentity(parts);
    const identity = parseIdentity(text, "the answer of the hub");
    if (peerUri(identity.peer) !== peerUri(peer)) {
      throw new FleetError(
        "IDENTITY_INVALID",
        `Expected a certificate of ${describePeer(peer)} but got one of ${describePeer(identity.peer)}`,
      );
    }
    await writeFileDurably(this.path, text, 0o600, this.#layer);
    return identity;
  }

  #text(): string {
    try {
      return readFileSync(this.path, "utf8");
    } catch (cause) {
      const message = `Expected a key and its certificate in ${this.path} but it cannot be read`;
      throw new FleetError("IDENTITY_INVALID", message, { cause });
    }
  }

  #stamp(): string {
    try {
      const { ino, size, mtimeNs, ctimeNs } = statSync(this.path, { bigint: true });
      return [ino, size, mtimeNs, ctimeNs].join(":");
    } catch (cause) {
      throw new FleetError(
        "IDENTITY_MISSING",
        `Expected a key and its certificate in ${this.path} but it cannot be read`,
        { cause },
      );
    }
  }
}
