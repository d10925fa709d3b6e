import { type ConnectOptions, connectSsh, type SshConnection } from "./connect.ts";
import { raceAbort } from "./deadline.ts";
import type { ExecOptions, ExecResult } from "./exec.ts";
import type { SshSession } from "./session.ts";
import { Slots } from "./slots.ts";
import { addressOf, type SshTarget } from "./target.ts";

/**
 * One connection per device, shared by all who use it at the same time and kept a moment after the last. No more than so
 * many devices are used at once; the others wait for their turn.
 * INVARIANT: a device without users is either idle with its timer running or out of the map.
 */
export class SshPool {
  readonly #devices = new Map<string, Device>();
  readonly #idleMs: number;
  readonly #slots: Slots;

  constructor(idleMs = 3_000, mostDevices = 50) {
    this.#idleMs = idleMs;
    this.#slots = new Slots(mostDevices);
  }

  /** Runs `work` with a session at `target`, which must not be kept beyond it. */
  async use<T>(
    target: SshTarget,
    options: ConnectOptions,
    work: (session: SshSession) => Promise<T>,
  ): Promise<T> {
    const key = JSON.stringify(target);
    const device = this.#devices.get(key) ?? new Device(target);
    this.#devices.set(key, device);
    clearTimeout(device.idleTimer);
    device.users += 1;
    try {
      device.slot ??= this.#slots.take();
      await within(options, target, device.slot);
      const { hostKey } = await device.connection(options);
      return await work(new PooledSession(device, hostKey, options));
    } finally {
      device.users -= 1;
      if (device.users === 0) this.#idle(key, device);
    }
  }

  /** Closes what is idle or still connecting, and what is in use as well. */
  close(): void {
    for (const [key, device] of this.#devices) this.#drop(key, device);
  }

  #idle(key: string, device: Device): void {
    void device.slot?.then(() => this.#slots.free());
    device.slot = undefined;
    if (this.#devices.get(key) !== device) return;
    device.idleTimer = setTimeout(() => this.#drop(key, device), this.#idleMs);
    device.idleTimer.unref();
  }

  #drop(key: string, device: Device): void {
    clearTimeout(device.idleTimer);
    this.#devices.delete(key);
    device.close();
  }
}

/** A device of the pool with the connection that it has, if any. */
class Device {
  users = 0;
  slot: Promise<void> | undefined;
  idleTimer: NodeJS.Timeout | undefined;
  readonly target: SshTarget;
  /** The first key that was seen where none is pinned: one board from then on. */
  #hostKey: string | undefined;
  #connecting: Promise<SshConnection> | null = null;
  #abort = new AbortController();

  constructor(target: SshTarget) {
    this.target = target;
    this.#hostKey = target.hostKey;
  }

  /** The one that is open, or a new one; whoever gives up waiting for it fails nobody else. */
  async connection(options: ConnectOptions): Promise<SshConnection> {
    this.#connecting ??= this.#connect(options);
    return await within(options, this.target, this.#connecting);
  }

  drop(): void {
    void this.#connecting?.then((connection) => connection.drop()).catch(() => {});
    this.#connecting = null;
  }

  close(): void {
    // Only ends an attempt that is still under way.
    this.#abort.abort();
    void this.#connecting?.then((connection) => connection.close()).catch(() => {});
  }

  #connect(options: ConnectOptions): Promise<SshConnection> {
    const target = { ...this.target, hostKey: this.#hostKey };
    const connecting = connectSsh(target, { ...options, signal: this.#abort.signal });
    const forget = () => {
      if (this.#connecting === connecting) this.#connecting = null;
    };
    connecting.then((connection) => {
      this.#hostKey = connection.hostKey;
      connection.client.once("close", forget);
    }, forget);
    return connecting;
  }
}

class PooledSession implements SshSession {
  readonly hostKey: string;
  readonly reconnects = true;
  readonly #device: Device;
  readonly #options: ConnectOptions;

  constructor(device: Device, hostKey: string, options: ConnectOptions) {
    this.#device = device;
    this.hostKey = hostKey;
    this.#options = options;
  }

  get address(): string {
    return addressOf(this.#device.target);
  }

  get sudoPassword(): string | undefined {
    return this.#device.target.sudoPassword;
  }

  async exec(command: string, options: ExecOptions = {}): Promise<ExecResult> {
    const connection = await this.#device.connection(this.#connecting(options));
    return await connection.exec(command, options);
  }

  async run(command: string, options: ExecOptions = {}): Promise<string> {
    const connection = await this.#device.connection(this.#connecting(options));
    return await connection.run(command, options);
  }

  drop(): void {
    this.#device.drop();
  }

  #connecting({ signal }: ExecOptions): ConnectOptions {
    return signal ? { ...this.#options, signal } : this.#options;
  }
}

async function within<T>(
  { signal }: ConnectOptions,
  target: SshTarget,
  promise: Promise<T>,
): Promise<T> {
  if (!signal) return await promise;
  return await raceAbort(promise, signal, `connecting to ${addressOf(target)}`);
}
