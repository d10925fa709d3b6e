import type { JournalHead } from "../../contract/index.ts";
import { type HeadWord, headText } from "../../journal/index.ts";
import type { Identity } from "./identity.ts";
import { describePeer, peerUri } from "./peer-name.ts";
import { signerOf, signText } from "./signed-text.ts";

const PURPOSE = "journal head";

/** The head of a chain with its device's own word for it. */
export function signHead(head: JournalHead, identity: Identity, atMs: number): JournalHead {
  return { ...head, signed: { atMs, ...signText(identity, PURPOSE, headText(head, atMs)) } };
}

/** Whether a head is the word of the device that it is said to be of. `caPem`: the fleet's CA, as the asker knows it. */
export function judgeHead(
  head: JournalHead,
  device: { fleet: string; name: string },
  caPem: string,
): HeadWord {
  if (!head.signed) return { kind: "unsigned" };
  const signer = signerOf(head.signed, PURPOSE, headText(head, head.signed.atMs), caPem);
  if (typeof signer === "string") return { kind: "forged", why: signer };
  const wanted = { kind: "device", ...device } as const;
  if (peerUri(signer.peer) !== peerUri(wanted)) {
    return { kind: "forged", why: `it is signed by ${describePeer(signer.peer)}` };
  }
  return { kind: "signed", keyId: signer.keyId };
}
