/**
 * Tells a board that bears another's identity, as after its SD card was copied. Each connection of an agent names the life
 * that it is of (its boot id). A life never comes back once another has begun, unless both are alive:
 *
 *     A          the device
 *     A B        restarted, or another board: nobody knows
 *     A B A      A lives, so there are two; or its last packet was late
 *     A B A B    both have come back: the younger, B, is a copy and kept out for as long as A is there
 *
 * What is kept out is B's whole machine, where the boot ids tell machines apart. All of it is pure.
 */
interface Life {
  bootId: string;
  address: string;
  /** Came back after another had begun. */
  hasReturned: boolean;
  lastMs: number;
}

interface Device {
  /** In the order in which they were first seen. */
  lives: Life[];
  current: Life | null;
  copy: Copy | null;
}

export interface Copy {
  /** Of the board that stays. */
  bootId: string;
  address: string;
  /** Of the board that is kept out. */
  copyBootId: string;
  copyAddress: string;
}

/** Where `found` is set, it was found out at this very moment. */
export interface Arrival {
  admitted: boolean;
  found: Copy | null;
}

/** An older board that has been away for so long makes room: it may have been the one that is of no use any more. */
export const AWAY_MS = 120_000;
/** Of one device; older ones are forgotten. */
const MOST_LIVES = 16;
const ADMITTED: Arrival = { admitted: true, found: null };

export class Copies {
  readonly #devices = new Map<string, Device>();

  /** An agent connects. `isHere` tells whether a life has a connection now. */
  arrive(
    name: string,
    { bootId, address }: Pick<Life, "bootId" | "address">,
    isHere: (bootId: string) => boolean,
    nowMs: number,
  ): Arrival {
    const device = this.#devices.get(name) ?? { lives: [], current: null, copy: null };
    this.#devices.set(name, device);
    if (device.copy !== null && isOfCopy(bootId, device.copy)) {
      if (isThere(device, device.copy.bootId, isHere, nowMs)) {
        return { admitted: false, found: null };
      }
      // All is open again: who is there now may be the right one.
      Object.assign(device, { lives: [], current: null, copy: null });
    }
    const known = device.lives.find((one) => one.bootId === bootId);
    const life = known ?? begin(device, bootId);
    const before = device.current;
    Object.assign(life, { address, lastMs: nowMs });
    if (known && before && known !== before) {
      life.hasReturned = true;
      if (before.hasReturned) return keepOutYounger(device, life, before);
    }
    device.current = life;
    return ADMITTED;
  }

  /** A connection of this life has ended. */
  left(name: string, bootId: string, nowMs: number): void {
    const life = this.#devices.get(name)?.lives.find((one) => one.bootId === bootId);
    if (life) life.lastMs = nowMs;
  }

  /** The copy that is kept out of a device whose board is of this life. */
  copyOf(name: string, bootId: string): Copy | null {
    const copy = this.#devices.get(name)?.copy ?? null;
    return copy?.bootId === bootId ? copy : null;
  }

  forget(name: string): void {
    this.#devices.delete(name);
  }
}

function keepOutYounger(device: Device, arriving: Life, before: Life): Arrival {
  const isOlder = device.lives.indexOf(arriving) < device.lives.indexOf(before);
  const [older, younger] = isOlder ? [arriving, before] : [before, arriving];
  const found = {
    ...{ bootId: older.bootId, address: older.address },
    ...{ copyBootId: younger.bootId, copyAddress: younger.address },
  };
  Object.assign(device, { copy: found, current: older });
  return { admitted: isOlder, found };
}

function isThere(
  { lives }: Device,
  bootId: string,
  isHere: (bootId: string) => boolean,
  nowMs: number,
): boolean {
  const life = lives.find((one) => one.bootId === bootId);
  return isHere(bootId) || (life !== undefined && nowMs - life.lastMs < AWAY_MS);
}

function begin({ lives, copy }: Device, bootId: string): Life {
  const life = { bootId, address: "", hasReturned: false, lastMs: 0 };
  lives.push(life);
  if (lives.length > MOST_LIVES) lives.shift();
  // The board that stays was restarted.
  if (copy && areApart(copy) && machineOf(bootId) === machineOf(copy.bootId)) copy.bootId = bootId;
  return life;
}

function isOfCopy(bootId: string, copy: Copy): boolean {
  return areApart(copy)
    ? machineOf(bootId) === machineOf(copy.copyBootId)
    : bootId === copy.copyBootId;
}

/** Whether the boot ids tell which machine a life is of. */
function areApart({ bootId, copyBootId }: Copy): boolean {
  return machineOf(bootId) !== machineOf(copyBootId);
}

/** The kernel's part of an agent's boot id; simulated boards of one machine have the same. */
function machineOf(bootId: string): string {
  return bootId.slice(0, Math.max(0, bootId.lastIndexOf("-"))) || bootId;
}
