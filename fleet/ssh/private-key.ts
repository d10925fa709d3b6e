import { readFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import ssh2 from "ssh2";
import { FleetError } from "../errors/index.ts";

export function expandHome(path: string): string {
  return path === "~" || path.startsWith("~/") ? join(homedir(), path.slice(1)) : path;
}

/** Reads a private key for one connection. The caller must not keep it. */
export async function readPrivateKey(path: string): Promise<Buffer> {
  let key: Buffer;
  try {
    key = await readFile(expandHome(path));
  } catch (cause) {
    throw unreadable(path, cause instanceof Error ? cause.message : String(cause), cause);
  }
  const parsed = ssh2.utils.parseKey(key);
  if (parsed instanceof Error) throw unreadable(path, parsed.message, parsed);
  return key;
}

function unreadable(path: string, got: string, cause: unknown): FleetError {
  const encrypted = /encrypted|passphrase/i.test(got);
  return new FleetError(
    "SSH_KEY_UNREADABLE",
    `Expected an SSH private key at ${path} but got: ${got}`,
    encrypted
      ? { cause, hint: "Use a key without passphrase; keys of an SSH agent are not yet supported." }
      : { cause },
  );
}
