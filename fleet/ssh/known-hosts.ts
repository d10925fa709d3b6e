import { createHmac } from "node:crypto";
import { fingerprintOf } from "./host-key.ts";

/** What a file of known hosts says of one host. */
export interface KnownKeys {
  /** Fingerprints of its keys. */
  keys: string[];
  revoked: string[];
  /** Fingerprints of CAs whose certificates are to prove which key is its own. */
  authorities: string[];
}

/**
 * Reads OpenSSH's known_hosts (sshd(8), SSH_KNOWN_HOSTS FILE FORMAT): plain and hashed names, patterns, other ports,
 * revoked keys, CAs. Lines that cannot be read are left out.
 */
export function knownKeysOf(text: string, host: string, port: number): KnownKeys {
  const names = port === 22 ? [host, `[${host}]:22`] : [`[${host}]:${port}`];
  const found: KnownKeys = { keys: [], revoked: [], authorities: [] };
  for (const line of text.split("\n")) {
    if (line.startsWith("#")) continue;
    const fields = line.trim().split(/\s+/);
    const marker = fields[0]?.startsWith("@") ? fields.shift() : undefined;
    const [patterns, type, blob] = fields;
    if (patterns === undefined || type === undefined || blob === undefined) continue;
    const list = listOf(found, marker);
    if (list === null) continue;
    if (!names.some((name) => isMeant(patterns, name.toLowerCase()))) continue;
    list.push(fingerprintOf(Buffer.from(blob, "base64")));
  }
  return found;
}

function listOf(found: KnownKeys, marker: string | undefined): string[] | null {
  if (marker === undefined) return found.keys;
  if (marker === "@revoked") return found.revoked;
  return marker === "@cert-authority" ? found.authorities : null;
}

function isMeant(patterns: string, name: string): boolean {
  if (patterns.startsWith("|1|")) {
    const [, , salt = "", hash = ""] = patterns.split("|");
    const own = createHmac("sha1", Buffer.from(salt, "base64")).update(name).digest("base64");
    return own === hash;
  }
  const all = patterns.toLowerCase().split(",");
  const denied = all.filter((one) => one.startsWith("!")).map((one) => one.slice(1));
  if (denied.some((one) => isLike(one, name))) return false;
  return all.some((one) => !one.startsWith("!") && isLike(one, name));
}

/** `*` stands for any text, `?` for one character. Without backtracking beyond the last star. */
function isLike(pattern: string, name: string): boolean {
  let p = 0;
  let star = -1;
  let mark = 0;
  for (let n = 0; n < name.length; ) {
    if (pattern[p] === "*") {
      star = p++;
      mark = n;
    } else if (p < pattern.length && (pattern[p] === "?" || pattern[p] === name[n])) {
      p += 1;
      n += 1;
    } else if (star >= 0) {
      p = star + 1;
      n = ++mark;
    } else return false;
  }
  while (pattern[p] === "*") p += 1;
  return p === pattern.length;
}
