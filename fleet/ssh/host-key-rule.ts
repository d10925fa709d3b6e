import { readFile } from "node:fs/promises";
import { FleetError } from "../errors/index.ts";
import { knownKeysOf } from "./known-hosts.ts";
import { expandHome } from "./private-key.ts";
import { addressOf, type SshTarget } from "./target.ts";

/** Which host keys are taken from a host. */
export interface KeyRule {
  /** The only ones that are; null when nothing says which. */
  accepted: readonly string[] | null;
  accepts(fingerprint: string): boolean;
  /** CAs that are to say whose key it is, whose certificates are not checked here. */
  authorities: readonly string[];
  /** What says so, in words. */
  source: string;
}

/**
 * A pinned key before files of known hosts; of a host in none of them, the first key is taken unless it must be known. ssh2
 * knows no certificates of hosts, so that a host for which a file names only a CA must be pinned: its first key may be
 * anybody's.
 */
export async function keyRuleOf(target: SshTarget): Promise<KeyRule> {
  const { hostKey, knownHostsPaths = [], acceptNewHostKey = true } = target;
  if (hostKey !== undefined) {
    const accepts = (one: string) => one === hostKey;
    return { accepted: [hostKey], accepts, authorities: [], source: "the pinned key" };
  }
  const keys: string[] = [];
  const revoked: string[] = [];
  const authorities: string[] = [];
  for (const path of knownHostsPaths) {
    // A file that is not there yet knows nobody, as for ssh itself.
    const text = await readFile(expandHome(path), "utf8").catch(() => "");
    const known = knownKeysOf(text, target.host, target.port);
    keys.push(...known.keys);
    revoked.push(...known.revoked);
    authorities.push(...known.authorities);
  }
  const isKnown = keys.length > 0;
  const takesFirst = acceptNewHostKey && authorities.length === 0;
  return {
    accepted: isKnown ? keys : null,
    accepts: (one) => !revoked.includes(one) && (isKnown ? keys.includes(one) : takesFirst),
    authorities,
    source: knownHostsPaths.join(", ") || "nothing",
  };
}

export function refusedHostKey(target: SshTarget, rule: KeyRule, got: string): FleetError {
  const address = addressOf(target);
  const context = { expected: rule.accepted, got };
  if (rule.accepted === null && rule.authorities.length > 0) {
    return new FleetError(
      "SSH_HOST_KEY_UNKNOWN",
      `Expected a host key of ${address} that is known but ${rule.source} names only the CA ` +
        `${rule.authorities.join(", ")} for it (@cert-authority), and certificates of hosts are not checked; got ${got}`,
      {
        context,
        hint:
          "Compare it with `ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub` on that host, then set its hostKey to " +
          `${got}.`,
      },
    );
  }
  if (rule.accepted === null) {
    return new FleetError(
      "SSH_HOST_KEY_UNKNOWN",
      `Expected a host key of ${address} that is known but nothing says whose ${got} is, or it is revoked`,
      {
        context,
        hint:
          "Compare it with `ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub` on that host, then set its hostKey to " +
          `${got}, or add the host to a file that knownHosts names.`,
      },
    );
  }
  return new FleetError(
    "SSH_HOST_KEY_MISMATCH",
    `Expected host key ${rule.accepted.join(" or ")} at ${address} (${rule.source}) but got ${got}`,
    {
      context,
      hint:
        "If the board was re-flashed or replaced, and `ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub` there says the " +
        `same, set ssh.hostKey to ${got}; otherwise do not go on.`,
    },
  );
}
