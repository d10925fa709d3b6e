import { access, readFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import ssh2, { type ParsedKey } from "ssh2";
import { FleetError } from "../errors/index.ts";

export function expandHome(path: string): string {
  return path === "~" || path.startsWith("~/") ? join(homedir(), path.slice(1)) : path;
}

/** Reads a private key for one connection. The caller must not keep it. */
export async function readPrivateKey(path: string, passphrase?: string): Promise<ParsedKey> {
  let text: Buffer;
  try {
    text = await readFile(expandHome(path));
  } catch (cause) {
    throw unreadable(path, cause instanceof Error ? cause.message : String(cause), { cause });
  }
  // ssh2 calls some of them damaged keys.
  if (/^\S+-cert-v\d+@openssh\.com /.test(text.subarray(0, 100).toString("latin1")))
    throw certificate(path);
  const key: ParsedKey | Error = ssh2.utils.parseKey(text, passphrase);
  if (key instanceof Error) throw notParsed(path, key, passphrase !== undefined);
  if (!key.isPrivateKey()) throw await publicHalf(path);
  return key;
}

function notParsed(path: string, cause: Error, hasPassphrase: boolean): FleetError {
  // ssh2's words for a wrong passphrase differ with the format: a bad check, padding, or bytes that make no sense.
  if (
    /bad passphrase|integrity check|bad decrypt|malformed/i.test(cause.message) &&
    hasPassphrase
  ) {
    const hint = `\`ssh-keygen -y -f ${path}\` asks for the passphrase and tells whether it is right.`;
    return unreadable(path, `what ssh.passphrase does not open (${cause.message})`, {
      cause,
      hint,
    });
  }
  if (/encrypted|passphrase/i.test(cause.message)) {
    const hint =
      "Set ssh.passphrase to a secret, or add the key to an SSH agent (ssh-add) and set ssh.agent.";
    return unreadable(path, "an encrypted key and no passphrase", { cause, hint });
  }
  return unreadable(path, cause.message, { cause });
}

function certificate(path: string): FleetError {
  const key = path.replace(/-cert\.pub$/, "");
  const named = key === path ? "its private key" : key;
  return unreadable(path, "a certificate", {
    hint: `Set ssh.privateKeyPath to ${named} and ssh.certificatePath to ${path}.`,
  });
}

async function publicHalf(path: string): Promise<FleetError> {
  const half = path.replace(/\.pub$/, "");
  const isThere = half !== path && (await isReadable(expandHome(half)));
  return unreadable(path, "the public half of one", {
    hint: isThere
      ? `Set ssh.privateKeyPath to ${half}.`
      : "Set ssh.privateKeyPath to the file without .pub that ssh-keygen wrote beside it.",
  });
}

function isReadable(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

function unreadable(
  path: string,
  got: string,
  options: { cause?: unknown; hint?: string },
): FleetError {
  return new FleetError(
    "SSH_KEY_UNREADABLE",
    `Expected an SSH private key at ${path} but got: ${got}`,
    options,
  );
}
