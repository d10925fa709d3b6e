// @peculiar/x509 asks for it.
import "reflect-metadata";
import {
  createPrivateKey,
  createPublicKey,
  randomBytes,
  webcrypto,
  X509Certificate,
} from "node:crypto";
import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  type Extension,
  type JsonGeneralName,
  KeyUsageFlags,
  KeyUsagesExtension,
  SubjectAlternativeNameExtension,
  SubjectKeyIdentifierExtension,
  X509CertificateGenerator,
} from "@peculiar/x509";
import { FleetError } from "../../errors/index.ts";
import { readIfThere, writeFileDurably } from "../../transfer/files/durable-file.ts";
import { DISK, type FileLayer } from "../../transfer/files/file-layer.ts";
import { createKey } from "../../transfer/identity/certificate-request.ts";

const ALGORITHM = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
/** For certificates whose term is told elsewhere: RFC 5280 §4.1.2.5's "no well-defined end". */
export const UNDATED = { fromMs: 0, untilMs: Date.UTC(9999, 11, 31, 23, 59, 59) };

export interface CertificateWish {
  /** DER, SubjectPublicKeyInfo. */
  publicKey: Buffer;
  commonName: string;
  usage: "client" | "server";
  altNames: JsonGeneralName[];
  fromMs: number;
  untilMs: number;
}

/** The fleet's certificate authority. Its key signs every certificate of the fleet and leaves this file never. */
export class FleetCa {
  readonly certificatePem: string;
  readonly #fleet: string;
  readonly #subject: string;
  readonly #keys: webcrypto.CryptoKeyPair;

  private constructor(fleet: string, certificate: X509Certificate, keys: webcrypto.CryptoKeyPair) {
    this.#fleet = fleet;
    this.certificatePem = certificate.toString();
    this.#subject = certificate.subject.split("\n").join(", ");
    this.#keys = keys;
  }

  /** Reads the CA, or makes it (mode 0600) when there is none. Key and certificate are one file: both or neither. */
  static async open(file: string, fleet: string, layer: FileLayer = DISK): Promise<FleetCa> {
    const bytes = await readIfThere(file, layer);
    if (bytes) return FleetCa.#load(bytes.toString("utf8"), file, fleet);
    const text = await createCa(fleet);
    await writeFileDurably(file, text, 0o600, layer);
    return FleetCa.#load(text, file, fleet);
  }

  static async #load(text: string, file: string, fleet: string): Promise<FleetCa> {
    try {
      const certificate = new X509Certificate(text);
      const keys = await importKeys(text);
      if (certificate.ca && certificate.checkPrivateKey(createPrivateKey(text))) {
        return new FleetCa(fleet, certificate, keys);
      }
    } catch {
      // The cause could quote the file, which holds the fleet's most secret key.
    }
    throw new FleetError("IDENTITY_INVALID", `Expected the fleet's CA and its key in ${file}`, {
      hint: "Restore the file from a backup. Without it every device needs a new `up` with a new CA.",
    });
  }

  /** PEM. */
  async issue(wish: CertificateWish): Promise<string> {
    const publicKey = await importPublic(wish.publicKey);
    const usage =
      wish.usage === "server" ? ExtendedKeyUsage.serverAuth : ExtendedKeyUsage.clientAuth;
    const certificate = await X509CertificateGenerator.create({
      serialNumber: newSerial(),
      subject: `O=${this.#fleet}, CN=${wish.commonName}`,
      issuer: this.#subject,
      notBefore: new Date(wish.fromMs),
      notAfter: new Date(wish.untilMs),
      signingKey: this.#keys.privateKey,
      publicKey,
      signingAlgorithm: ALGORITHM,
      extensions: [
        new BasicConstraintsExtension(false, undefined, true),
        new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
        new ExtendedKeyUsageExtension([usage]),
        new SubjectAlternativeNameExtension(wish.altNames),
        await AuthorityKeyIdentifierExtension.create(this.#keys.publicKey),
        await SubjectKeyIdentifierExtension.create(publicKey),
      ],
    });
    return `${certificate.toString("pem")}\n`;
  }
}

async function createCa(fleet: string): Promise<string> {
  const keyPem = createKey();
  const keys = await importKeys(keyPem);
  const extensions: Extension[] = [
    // No other authority below this one.
    new BasicConstraintsExtension(true, 0, true),
    new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
    await SubjectKeyIdentifierExtension.create(keys.publicKey),
  ];
  const certificate = await X509CertificateGenerator.createSelfSigned({
    serialNumber: newSerial(),
    // Two fleets of one name are still two authorities.
    name: `O=${fleet}, CN=jetfleet CA ${randomBytes(4).toString("hex")}`,
    notBefore: new Date(UNDATED.fromMs),
    notAfter: new Date(UNDATED.untilMs),
    keys,
    signingAlgorithm: ALGORITHM,
    extensions,
  });
  return `${keyPem}${certificate.toString("pem")}\n`;
}

async function importKeys(keyPem: string): Promise<webcrypto.CryptoKeyPair> {
  const privateKey = createPrivateKey(keyPem);
  const pkcs8 = privateKey.export({ type: "pkcs8", format: "der" });
  const key = await webcrypto.subtle.importKey("pkcs8", pkcs8, ALGORITHM, false, ["sign"]);
  const spki = createPublicKey(privateKey).export({ type: "spki", format: "der" });
  return { privateKey: key, publicKey: await importPublic(spki) };
}

function importPublic(spki: Buffer): Promise<webcrypto.CryptoKey> {
  return webcrypto.subtle.importKey("spki", spki, ALGORITHM, true, ["verify"]);
}

/** 128 bits, positive, and without a leading zero that one program prints and another does not (RFC 5280 §4.1.2.2). */
function newSerial(): string {
  const bytes = randomBytes(16);
  bytes[0] = 0x40 | ((bytes[0] ?? 0) & 0x3f);
  return bytes.toString("hex");
}
