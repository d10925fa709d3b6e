import ssh2, { type Client, type ParsedKey } from "ssh2";
import { FleetError } from "../../errors/index.ts";
import { algorithmOf, type Certificate } from "./certificate.ts";
import type { Signer } from "./signature.ts";
import { wireStrings } from "./wire.ts";

const signers = new WeakMap<object, Signer>();

/** A key for ssh2's `publickey` that is offered as a certificate. Signs only with a client that was taught it. */
export function certifiedKey(certificate: Certificate, signer: Signer): ParsedKey {
  const line = `${certificate.keyType} ${certificate.keyBlob.toString("base64")}`;
  const plain: ParsedKey | Error = ssh2.utils.parseKey(line);
  if (plain instanceof Error) throw plain;
  // ssh2 takes only what it parsed itself for a key, and what has that for a prototype.
  const key = Object.create(plain, {
    type: { value: algorithmOf(certificate) },
    isPrivateKey: { value: () => true },
    getPublicSSH: { value: () => certificate.blob },
  }) as ParsedKey;
  signers.set(key, signer);
  return key;
}

type SendSignature = (signature: Buffer) => void;
type Sign = (data: Buffer, send: SendSignature) => void;

/** What is needed of ssh2's inside, which is pinned to one version. */
interface Protocol {
  authPK(user: string, key: ParsedKey, algorithm: string | undefined, sign?: Sign): void;
  authNone(user: string): void;
  _kex: { sessionID: Buffer };
  _authsQueue: string[];
  _cipher: { encrypt(packet: Buffer): void };
  _packetRW: {
    write: { allocStart: number; alloc(bytes: number): Buffer; finalize(packet: Buffer): Buffer };
  };
}

/**
 * Lets a client that was just told to connect log in with certificates. ssh2 writes the name of the certificate's
 * algorithm into the signature (RFC 4252 §7), where OpenSSH wants the key's own (PROTOCOL.certkeys: "signatures use the
 * plain key's"), so that the signed request is sent from here. Throws INTERNAL where ssh2's inside is another.
 */
export function teachCertificates(client: Client): void {
  const protocol = (client as unknown as { _protocol?: Partial<Protocol> })._protocol;
  if (!isKnown(protocol)) {
    throw new FleetError("INTERNAL", "Expected the inside of ssh2 as it was but it is another");
  }
  const offer = protocol.authPK.bind(protocol);
  protocol.authPK = (user, key, algorithm, sign) => {
    const signer = signers.get(key);
    if (signer === undefined || sign === undefined) return offer(user, key, algorithm, sign);
    offer(user, key, algorithm, (data) => {
      signer(data).then(
        (signature) => send(protocol, data, signature),
        // The server says no to that, and the next way is tried.
        () => protocol.authNone(user),
      );
    });
  };
}

/** The request as it was signed, without the session before it, and its signature. */
function send(protocol: Protocol, data: Buffer, signature: Buffer): void {
  const request = data.subarray(4 + protocol._kex.sessionID.length);
  const payload = Buffer.concat([request, wireStrings(signature)]);
  const { write } = protocol._packetRW;
  const packet = write.alloc(payload.length);
  packet.set(payload, write.allocStart);
  // For what answers it; ssh2 says the same of its own.
  protocol._authsQueue.push("publickey");
  protocol._cipher.encrypt(write.finalize(packet));
}

function isKnown(protocol: Partial<Protocol> | undefined): protocol is Protocol {
  const write = protocol?._packetRW?.write;
  const functions = [
    ...[protocol?.authPK, protocol?.authNone, protocol?._cipher?.encrypt],
    ...[write?.alloc, write?.finalize],
  ];
  return (
    functions.every((one) => typeof one === "function") &&
    Array.isArray(protocol?._authsQueue) &&
    typeof write?.allocStart === "number"
  );
}
