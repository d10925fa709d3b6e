import type { Duplex } from "node:stream";
import ssh2, { type Client } from "ssh2";
import { FleetError } from "../errors/index.ts";
import { teachCertificates } from "./certificate/certified-login.ts";
import { raceAbort } from "./deadline.ts";
import { abortFailure, connectFailure, forwardFailure } from "./failure.ts";
import { fingerprintOf, HOST_KEY_FAMILIES, keyTypeOf } from "./host-key.ts";
import { type KeyRule, keyRuleOf, refusedHostKey } from "./host-key-rule.ts";
import { Login } from "./login.ts";
import { addressOf, type SshTarget } from "./target.ts";

const KEEPALIVE_INTERVAL_MS = 5_000;
/** A reply waits behind what is under way to a slow board (see flight.ts): 11 s at 24 kB/s. */
const KEEPALIVE_COUNT = 5;

export interface Authenticated {
  client: Client;
  /** Fingerprint of the key that the server proved to own. */
  hostKey: string;
}

/** One login, over a connection of its own or, with `via`, through another host. */
export async function handshake(
  target: SshTarget,
  attemptMs: number,
  signal: AbortSignal,
  via: Client | undefined,
): Promise<Authenticated> {
  const rule = await keyRuleOf(target);
  const first = await attempt(target, rule, { attemptMs, signal, via });
  if ("client" in first) return first;
  for (const family of rule.accepted === null ? [] : HOST_KEY_FAMILIES) {
    if ((family as readonly string[]).includes(first.keyType)) continue;
    const hostKeyAlgorithms: readonly string[] = family;
    const times = { attemptMs, signal, via, hostKeyAlgorithms };
    const other = await attempt(target, rule, times).catch(() => undefined);
    if (other && "client" in other) return other;
  }
  throw refusedHostKey(target, rule, first.fingerprint);
}

interface OtherHostKey {
  keyType: string;
  fingerprint: string;
}

interface AttemptOptions {
  attemptMs: number;
  signal: AbortSignal;
  via: Client | undefined;
  hostKeyAlgorithms?: readonly string[];
}

/** Resolves with the key that was shown when it is none of those that are accepted. */
async function attempt(
  target: SshTarget,
  rule: KeyRule,
  { attemptMs, signal, via, hostKeyAlgorithms }: AttemptOptions,
): Promise<Authenticated | OtherHostKey> {
  const address = addressOf(target);
  const login = await Login.prepare(target);
  const sock = via && (await raceAbort(forward(via, target), signal, `connecting to ${address}`));
  const client = new ssh2.Client();
  return await new Promise((resolve, reject) => {
    let shown: OtherHostKey | undefined;
    let refused = false;
    const finish = (settle: () => void) => {
      signal.removeEventListener("abort", onAbort);
      settle();
    };
    const onAbort = () => {
      client.destroy();
      finish(() => reject(abortFailure(signal, `connecting to ${address}`)));
    };
    const onFailure = (error: unknown) => {
      // An agent that does not answer is one way less, and the next is tried.
      if ((error as { level?: string }).level === "agent") return;
      client.destroy();
      if (refused && shown) {
        const other = shown;
        finish(() => resolve(other));
      } else if (error instanceof FleetError) finish(() => reject(error));
      else finish(() => reject(connectFailure(error, { address, user: target.user, login })));
    };
    if (signal.aborted) return onAbort();
    signal.addEventListener("abort", onAbort, { once: true });
    client.on("error", onFailure);
    client.on("close", () => onFailure(new Error("connection lost before the handshake ended")));
    client.on("ready", () => {
      client.removeAllListeners();
      finish(() => resolve({ client, hostKey: shown?.fingerprint ?? "" }));
    });
    client.connect({
      ...(sock ? { sock } : { host: target.host, port: target.port }),
      username: target.user,
      readyTimeout: attemptMs,
      keepaliveInterval: KEEPALIVE_INTERVAL_MS,
      keepaliveCountMax: KEEPALIVE_COUNT,
      // ssh2 takes false for "no more to offer"; its types do not know it.
      authHandler: (left, partial) => login.next(left, partial) as ssh2.AnyAuthMethod,
      hostVerifier: (key: Buffer) => {
        shown = { keyType: keyTypeOf(key), fingerprint: fingerprintOf(key) };
        refused = !rule.accepts(shown.fingerprint);
        return !refused;
      },
      ...(hostKeyAlgorithms && {
        algorithms: { serverHostKey: [...hostKeyAlgorithms] as ssh2.ServerHostKeyAlgorithm[] },
      }),
    });
    try {
      if (login.certificates.length > 0) teachCertificates(client);
    } catch (error) {
      onFailure(error);
    }
  });
}

/** A way through a jump host. */
function forward(via: Client, target: SshTarget): Promise<Duplex> {
  return new Promise((resolve, reject) => {
    via.forwardOut("127.0.0.1", 0, target.host, target.port, (error, channel) =>
      error ? reject(forwardFailure(error, addressOf(target))) : resolve(channel),
    );
  });
}
