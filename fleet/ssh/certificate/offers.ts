import type { ParsedKey } from "ssh2";
import { keyTypeOf } from "../host-key.ts";
import { agentIdentities, signByAgent } from "./agent.ts";
import { type Certificate, isCertificateType, parseCertificate } from "./certificate.ts";
import {
  certificateBeside,
  readCertificate,
  requireCertifies,
  unusable,
} from "./certificate-file.ts";
import { certifiedKey } from "./certified-login.ts";
import { signerOf } from "./signature.ts";

/** A certificate that a login may offer. */
export interface Offer {
  certificate: Certificate;
  /** In words. */
  what: string;
  key: ParsedKey;
}

/** What a login has. */
export interface Holdings {
  /** Of a certificate that must be used. */
  certificatePath: string | undefined;
  privateKey: { path: string; key: ParsedKey } | null;
  /** Of an agent that is there. */
  agentSocket: string | undefined;
}

export interface Offers {
  offers: Offer[];
  /** Why the certificate beside the key is not used. */
  unused: string | null;
}

/**
 * The certificate that is named, or lies beside the private key as for ssh itself, and those of the agent. Throws
 * SSH_CERTIFICATE for a named one that is not to be used; one beside the key that is not is left out.
 */
export async function certificateOffers(holdings: Holdings): Promise<Offers> {
  const { certificatePath, privateKey, agentSocket } = holdings;
  const inAgent = agentSocket === undefined ? [] : await agentIdentities(agentSocket);
  const ofAgent = inAgent.flatMap((blob) => agentOffer(blob, agentSocket ?? ""));
  if (certificatePath !== undefined) {
    return {
      offers: [await namedOffer(certificatePath, holdings, inAgent), ...ofAgent],
      unused: null,
    };
  }
  const beside = privateKey === null ? null : await certificateBeside(privateKey.path);
  if (privateKey === null || beside === null) return { offers: ofAgent, unused: null };
  try {
    return { offers: [await fileOffer(beside, privateKey), ...ofAgent], unused: null };
  } catch (error) {
    return { offers: ofAgent, unused: (error as Error).message };
  }
}

/** Of the key in the file, or of one that the agent keeps. */
async function namedOffer(
  path: string,
  { privateKey, agentSocket }: Holdings,
  inAgent: readonly Buffer[],
): Promise<Offer> {
  const certificate = await readCertificate(path);
  const isInAgent = inAgent.some((blob) => blob.equals(certificate.keyBlob));
  if (agentSocket !== undefined && isInAgent) {
    const signer = (data: Buffer) => signByAgent(agentSocket, certificate.keyBlob, data);
    const what = `the certificate ${path} of a key of the agent at ${agentSocket}`;
    return { certificate, what, key: certifiedKey(certificate, signer) };
  }
  if (privateKey !== null) return await fileOffer(path, privateKey);
  throw unusable(path, "one whose private key is not there", {
    hint: "Set ssh.privateKeyPath to its private key, or add that to the SSH agent (ssh-add) and set ssh.agent.",
  });
}

async function fileOffer(
  path: string,
  privateKey: { path: string; key: ParsedKey },
): Promise<Offer> {
  const certificate = await readCertificate(path);
  const { key } = privateKey;
  requireCertifies({ path, certificate }, { path: privateKey.path, blob: key.getPublicSSH() });
  const what = `the certificate ${path} of the key ${privateKey.path}`;
  return { certificate, what, key: certifiedKey(certificate, signerOf(key)) };
}

function agentOffer(blob: Buffer, agentSocket: string): Offer[] {
  try {
    if (!isCertificateType(keyTypeOf(blob))) return [];
    const certificate = parseCertificate(blob);
    if (certificate.isHost) return [];
    const signer = (data: Buffer) => signByAgent(agentSocket, blob, data);
    const what = `the certificate "${certificate.id}" of the agent at ${agentSocket}`;
    return [{ certificate, what, key: certifiedKey(certificate, signer) }];
  } catch {
    // Of a kind that is not known here, such as those of security keys.
    return [];
  }
}
