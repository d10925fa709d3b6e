import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import type { Credentials } from "../hub-info.ts";
import type { DeviceCredentials } from "./device-credentials.ts";
import { hashPassword, passwordFits } from "./password-hash.ts";

export type Principal = { kind: "operator" } | { kind: "device"; name: string };

/** At most this many key derivations at once: they share their threads with the file system. */
const PARALLEL_DERIVATIONS = 2;
const REMEMBERED_REFUSALS = 1000;

/**
 * Decides who somebody is. Answers are remembered under a keyed hash of user and password, so that a thousand
 * devices that come back at once, or one that tries the same wrong password for ever, cost next to nothing.
 */
export class Authenticator {
  readonly #operator: Credentials;
  readonly #devices: DeviceCredentials;
  readonly #key = randomBytes(32);
  readonly #accepted = new Map<string, Buffer>();
  readonly #refused = new Set<string>();
  readonly #pending = new Map<string, Promise<boolean>>();
  readonly #derivations = new Semaphore(PARALLEL_DERIVATIONS);
  /** Checked for users that do not exist, so that an answer takes as long as for those that do. */
  readonly #nobody = hashPassword(randomBytes(16).toString("hex"));

  constructor(operator: Credentials, devices: DeviceCredentials) {
    this.#operator = operator;
    this.#devices = devices;
  }

  async verify(username: string, password: string): Promise<Principal | null> {
    const mark = this.#mark(username, password);
    if (username === this.#operator.username) {
      const expected = this.#mark(username, this.#operator.password);
      return timingSafeEqual(mark, expected) ? { kind: "operator" } : null;
    }
    return (await this.#verifyDevice(username, password, mark))
      ? { kind: "device", name: username }
      : null;
  }

  /** To be called when a device's password was set or taken away. */
  forget(device: string): void {
    this.#accepted.delete(device);
    this.#refused.clear();
  }

  async #verifyDevice(name: string, password: string, mark: Buffer): Promise<boolean> {
    const known = this.#accepted.get(name);
    if (known && timingSafeEqual(known, mark)) return true;
    const key = mark.toString("base64");
    if (this.#refused.has(key)) return false;
    const running = this.#pending.get(key) ?? this.#derive(name, password, mark, key);
    this.#pending.set(key, running);
    try {
      return await running;
    } finally {
      this.#pending.delete(key);
    }
  }

  async #derive(name: string, password: string, mark: Buffer, key: string): Promise<boolean> {
    const stored = this.#devices.find(name);
    const reference = stored ?? (await this.#nobody);
    const fits = await this.#derivations.run(() => passwordFits(password, reference));
    // The password may have been changed meanwhile: what was checked must still be in force.
    if (fits && stored && this.#devices.find(name) === stored) {
      this.#accepted.set(name, mark);
      return true;
    }
    if (this.#devices.find(name) === stored) this.#rememberRefusal(key);
    return false;
  }

  #rememberRefusal(key: string): void {
    if (this.#refused.size >= REMEMBERED_REFUSALS) this.#refused.clear();
    this.#refused.add(key);
  }

  #mark(username: string, password: string): Buffer {
    return createHmac("sha256", this.#key)
      .update(JSON.stringify([username, password]))
      .digest();
  }
}

class Semaphore {
  #free: number;
  readonly #waiting: (() => void)[] = [];

  constructor(places: number) {
    this.#free = places;
  }

  async run<Result>(task: () => Promise<Result>): Promise<Result> {
    if (this.#free > 0) this.#free -= 1;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
    try {
      return await task();
    } finally {
      const next = this.#waiting.shift();
      if (next) next();
      else this.#free += 1;
    }
  }
}
