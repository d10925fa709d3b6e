import type { JournalHead } from "../../fleet/contract/index.ts";
import { headText } from "../../fleet/journal/index.ts";
import type { IdentityFile } from "../../fleet/transfer/identity/identity-file.ts";
import { signHead } from "../../fleet/transfer/identity/signed-head.ts";

/** Signs the end of the device's chain, once for each end and certificate: a report that says nothing new stays the same. */
export class HeadSigner {
  readonly #identity: Pick<IdentityFile, "usable">;
  #last: { text: string; head: JournalHead } | null = null;

  constructor(identity: Pick<IdentityFile, "usable">) {
    this.#identity = identity;
  }

  /** Unsigned while there is no identity that can be used: then nothing is connected either. */
  sign(head: JournalHead): JournalHead {
    const identity = this.#identity.usable();
    if (identity === null) return head;
    const text = `${identity.serial} ${headText(head, 0)}`;
    if (this.#last?.text !== text)
      this.#last = { text, head: signHead(head, identity, Date.now()) };
    return this.#last.head;
  }
}
