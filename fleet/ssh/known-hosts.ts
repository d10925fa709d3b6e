import { createHmac } from "node:crypto";
import { fingerprintOf } from "./host-key.ts";

/** What a file of known hosts says of one host. */
export interface KnownKeys {
  /** Fingerprints of its keys. */
  keys: string[];
  revoked: string[];
}

/**
 * Reads OpenSSH's known_hosts (sshd(8), SSH_KNOWN_HOSTS FILE FORMAT): plain and hashed names, patterns, other ports,
 * revoked keys. Certificates of a CA are no keys of a host and are left out, as are lines that cannot be read.
 */
export function knownKeysOf(text: string, host: string, port: number): KnownKeys {
  const names = port === 22 ? [host, `[${host}]:22`] : [`[${host}]:${port}`];
  const found: KnownKeys = { keys: [], revoked: [] };
  for (const line of text.split("\n")) {
    if (line.startsWith("#")) continue;
    const fields = line.trim().split(/\s+/);
    const marker = fields[0]?.startsWith("@") ? fields.shift() : undefined;
    const [patterns, type, blob] = fields;
    if (patterns === undefined || type === undefined || blob === undefined) continue;
    if (marker !== undefined && marker !== "@revoked") continue;
    if (!names.some((name) => isMeant(patterns, name.toLowerCase()))) continue;
    const fingerprint = fingerprintOf(Buffer.from(blob, "base64"));
    (marker === "@revoked" ? found.revoked : found.keys).push(fingerprint);
  }
  return found;
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
