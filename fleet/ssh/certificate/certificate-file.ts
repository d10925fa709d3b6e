import { access, open, stat } from "node:fs/promises";
import { FleetError } from "../../errors/index.ts";
import { fingerprintOf } from "../host-key.ts";
import { expandHome } from "../private-key.ts";
import { type Certificate, isCertificateType, parseCertificate } from "./certificate.ts";

/** Those of OpenSSH have a few hundred bytes, and up to some thousand with many principals. */
const MOST_BYTES = 64 * 1024;

/** Reads a user's certificate. Throws SSH_CERTIFICATE. */
export async function readCertificate(path: string): Promise<Certificate> {
  const text = await textOf(path);
  const [, type = "", base64 = ""] = /^\s*(\S+)[ \t]+([A-Za-z0-9+/=]+)/.exec(text) ?? [];
  if (!isCertificateType(type)) {
    const hint = "Name the file that `ssh-keygen -s CA_KEY` wrote, such as id_ed25519-cert.pub.";
    throw unusable(path, "something else", { hint });
  }
  let certificate: Certificate;
  try {
    certificate = parseCertificate(Buffer.from(base64, "base64"));
  } catch (cause) {
    throw unusable(path, `a damaged one: ${(cause as Error).message}`, { cause });
  }
  if (certificate.isHost) {
    const hint =
      "Have the key signed for a user: `ssh-keygen -s CA_KEY` without -h, and with -n LOGIN.";
    throw unusable(path, "the certificate of a host", { hint });
  }
  return certificate;
}

/** The file where ssh looks for a key's certificate; null when there is none. */
export async function certificateBeside(keyPath: string): Promise<string | null> {
  const beside = `${keyPath}-cert.pub`;
  return await access(expandHome(beside)).then(
    () => beside,
    () => null,
  );
}

/** Throws SSH_CERTIFICATE unless it certifies that key. */
export function requireCertifies(
  { path, certificate }: { path: string; certificate: Certificate },
  key: { path: string; blob: Buffer },
): void {
  if (certificate.keyBlob.equals(key.blob)) return;
  const [of, other] = [fingerprintOf(certificate.keyBlob), fingerprintOf(key.blob)];
  throw unusable(path, `the certificate of another key: of ${of}, and ${key.path} is ${other}`, {
    hint: `Name the private key that it was made for, or have ${key.path}.pub signed: \`ssh-keygen -s CA_KEY\`.`,
  });
}

export function unusable(
  path: string,
  got: string,
  options: { cause?: unknown; hint?: string } = {},
): FleetError {
  return new FleetError(
    "SSH_CERTIFICATE",
    `Expected a user's OpenSSH certificate at ${path} but got: ${got}`,
    options,
  );
}

async function textOf(path: string): Promise<string> {
  const place = expandHome(path);
  try {
    // Whoever opened a pipe would wait for its other end.
    if (!(await stat(place)).isFile()) throw unusable(path, "no regular file");
    await using file = await open(place);
    const { bytesRead, buffer } = await file.read(Buffer.alloc(MOST_BYTES + 1), 0, MOST_BYTES + 1);
    if (bytesRead > MOST_BYTES) throw unusable(path, `more than ${MOST_BYTES} bytes`);
    return buffer.toString("latin1", 0, bytesRead);
  } catch (cause) {
    if (cause instanceof FleetError) throw cause;
    throw unusable(path, (cause as Error).message, { cause });
  }
}
