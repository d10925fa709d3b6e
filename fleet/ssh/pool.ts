import { type ConnectOptions, connectSsh, type SshConnection, type SshTarget } from "./connect.ts";
import { raceAbort } from "./deadline.ts";

interface Entry {
  users: number;
  connecting: Promise<SshConnection>;
  abort: AbortController;
  idleTimer: NodeJS.Timeout | undefined;
}

/**
 * One connection per device, shared by all who use it at the same time and kept a moment after the last.
 * INVARIANT: an entry with no users is either idle with its timer running or already out of the map.
 */
export class SshPool {
  readonly #entries = new Map<string, Entry>();
  readonly #idleMs: number;

  constructor(idleMs = 3_000) {
    this.#idleMs = idleMs;
  }

  /** Runs `work` with a connection to `target`, which must not be kept beyond it. */
  async use<T>(
    target: SshTarget,
    options: ConnectOptions,
    work: (connection: SshConnection) => Promise<T>,
  ): Promise<T> {
    const key = keyOf(target);
    const entry = this.#entries.get(key) ?? this.#connect(key, target, options);
    clearTimeout(entry.idleTimer);
    entry.users += 1;
    try {
      const signal = options.signal ?? new AbortController().signal;
      const doing = `connecting to ${target.host}:${target.port}`;
      return await work(await raceAbort(entry.connecting, signal, doing));
    } finally {
      entry.users -= 1;
      if (entry.users === 0) this.#idle(key, entry);
    }
  }

  /** Closes what is idle or still connecting, and what is in use as well. */
  async close(): Promise<void> {
    const entries = [...this.#entries.entries()];
    await Promise.all(entries.map(([key, entry]) => this.#drop(key, entry)));
  }

  #connect(key: string, target: SshTarget, options: ConnectOptions): Entry {
    const abort = new AbortController();
    const connecting = connectSsh(target, { ...options, signal: abort.signal });
    const entry: Entry = { users: 0, connecting, abort, idleTimer: undefined };
    this.#entries.set(key, entry);
    const forget = () => {
      if (this.#entries.get(key) === entry) this.#entries.delete(key);
    };
    connecting.then((connection) => connection.client.once("close", forget), forget);
    return entry;
  }

  #idle(key: string, entry: Entry): void {
    if (this.#entries.get(key) !== entry) return;
    entry.idleTimer = setTimeout(() => void this.#drop(key, entry), this.#idleMs);
    entry.idleTimer.unref();
  }

  async #drop(key: string, entry: Entry): Promise<void> {
    clearTimeout(entry.idleTimer);
    if (this.#entries.get(key) === entry) this.#entries.delete(key);
    // Only ends an attempt that is still under way.
    entry.abort.abort();
    await entry.connecting.then(
      (connection) => connection.close(),
      () => {},
    );
  }
}

/** All that decides who is at the other end and as whom. */
function keyOf(target: SshTarget): string {
  const { user, host, port, privateKeyPath, hostKey } = target;
  return JSON.stringify([user, host, port, privateKeyPath, hostKey ?? null]);
}
