import type { Certificate } from "./certificate.ts";

/** Why a server does not take a certificate. */
export interface Refusal {
  /** What the certificate says; null when it says nothing against it. */
  reason: string | null;
  hint: string;
}

/** Without end: ssh-keygen's "forever". */
const FOREVER = 2n ** 64n - 1n;

/** What speaks against it as the login of `user`, as far as this side may know. */
export function refusalOf(certificate: Certificate, user: string, nowMs: number): Refusal {
  const { principals, validAfter, validBefore, criticalOptions, ca, keyType } = certificate;
  const now = BigInt(Math.floor(nowMs / 1000));
  const anew = "Have the key signed anew: `ssh-keygen -s CA_KEY -I ID -n LOGIN -V +52w KEY.pub`.";
  if (validBefore !== FOREVER && now >= validBefore) {
    return { reason: `the certificate ended at ${dateOf(validBefore)}`, hint: anew };
  }
  if (now < validAfter) {
    const hint = `Wait, or check the clock of this machine and the board's. ${anew}`;
    return { reason: `the certificate begins at ${dateOf(validAfter)}`, hint };
  }
  if (principals.length === 0) {
    const hint = `sshd takes none without principals. Have the key signed with \`-n ${user}\`.`;
    return { reason: "the certificate names no login", hint };
  }
  if (!principals.includes(user)) {
    const hint =
      `Set ssh.user to a login that it names, have the key signed with \`-n ${user}\`, or name one of these in the ` +
      "board's AuthorizedPrincipalsFile.";
    return { reason: `the certificate is for ${principals.join(", ")}`, hint };
  }
  const options =
    criticalOptions.length > 0 ? ` that its ${criticalOptions.join(" and ")} allows this;` : "";
  const old =
    keyType === "ssh-rsa" ? " An OpenSSH older than 7.8 takes no RSA certificate with SHA-2." : "";
  const hint =
    `Check, on the board, that TrustedUserCAKeys of sshd_config names the CA ${ca};${options} and that the board's ` +
    `clock is right.${old}`;
  return { reason: null, hint };
}

/** Of a time beyond what a date can say, too. */
function dateOf(seconds: bigint): string {
  const date = new Date(Number(seconds) * 1000);
  return Number.isNaN(date.getTime()) ? `second ${seconds}` : date.toISOString();
}
