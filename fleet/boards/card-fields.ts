import type { CardStats } from "../contract/index.ts";

/*
 * What nvidia-smi is asked for, with the names that a field has had over generations of the driver, the newest first.
 * A name that the driver does not know ends the whole command with `Field "…" is not a valid field to query.` (580.159:
 * exit 2, on standard output), and then the next name is tried; a field without a further one is not asked for.
 * @see `nvidia-smi --help-query-gpu`; NVML's manual speaks of ClocksThrottleReasons at R525, of ClocksEventReasons at R550
 */

type Key = Exclude<keyof CardStats, "fault">;

export interface CardField {
  key: Key;
  names: readonly string[];
  /** Of one of the driver's units in ours; and what is no reading of such a thing is not known. */
  scale?: number;
  most?: number;
}

const MIB = 2 ** 20;
const PERCENT = { most: 100 };
const MEMORY = { scale: MIB, most: 2 ** 50 };
const POWER = { scale: 1000, most: 100_000_000 };
const CLOCK = { most: 100_000 };

/** In the order of the columns. The name comes last: it may have commas in it, and nothing is quoted. */
export const CARD_FIELDS: readonly CardField[] = [
  { key: "index", names: ["index"], most: 255 },
  { key: "uuid", names: ["uuid", "gpu_uuid"] },
  { key: "busId", names: ["pci.bus_id", "gpu_bus_id"] },
  { key: "gpuPercent", names: ["utilization.gpu"], ...PERCENT },
  { key: "decoderPercent", names: ["utilization.decoder"], ...PERCENT },
  { key: "encoderPercent", names: ["utilization.encoder"], ...PERCENT },
  { key: "memoryUsedBytes", names: ["memory.used"], ...MEMORY },
  { key: "memoryTotalBytes", names: ["memory.total"], ...MEMORY },
  { key: "temperatureCelsius", names: ["temperature.gpu"], most: 200 },
  { key: "powerMilliwatts", names: ["power.draw"], ...POWER },
  { key: "powerLimitMilliwatts", names: ["enforced.power.limit", "power.limit"], ...POWER },
  { key: "clockMhz", names: ["clocks.current.sm", "clocks.sm"], ...CLOCK },
  { key: "clockLimitMhz", names: ["clocks.max.sm"], ...CLOCK },
  { key: "memoryClockMhz", names: ["clocks.current.memory", "clocks.mem"], ...CLOCK },
  {
    key: "clockReasons",
    names: ["clocks_event_reasons.active", "clocks_throttle_reasons.active"],
  },
  { key: "name", names: ["name", "gpu_name"] },
];

/** Without these a row belongs to nobody. */
const NEEDED: readonly Key[] = ["index", "name"];

/** The fields without the name that this driver does not know; null when nothing can be asked of it. */
export function withoutName(fields: readonly CardField[], name: string): CardField[] | null {
  const left = fields.flatMap((field): CardField[] => {
    if (field.names[0] !== name) return [field];
    const [, ...names] = field.names;
    return names.length === 0 ? [] : [{ ...field, names }];
  });
  const isWhole = NEEDED.every((key) => left.some((field) => field.key === key));
  const isOther = fields.some(({ names }) => names[0] === name);
  return isWhole && isOther ? left : null;
}

/** Arguments of a nvidia-smi that writes a row for each card every second until it is ended. */
export function cardQuery(fields: readonly CardField[]): string[] {
  const names = fields.map(({ names: [newest = ""] }) => newest);
  return [`--query-gpu=${names.join(",")}`, "--format=csv,noheader,nounits", "--loop=1"];
}

/** Bits of NVML's nvmlClocksEventReasons, which were nvmlClocksThrottleReasons before. */
const REASONS: Readonly<Record<number, string>> = {
  0: "gpu_idle",
  1: "applications_clocks_setting",
  2: "sw_power_cap",
  3: "hw_slowdown",
  4: "sync_boost",
  5: "sw_thermal_slowdown",
  6: "hw_thermal_slowdown",
  7: "hw_power_brake_slowdown",
  8: "display_clock_setting",
};

/** Names of the bits that are set; one without a name is told by its number. Null when it is no mask. */
export function parseClockReasons(text: string): string[] | null {
  if (!/^0x[0-9a-f]{1,16}$/i.test(text)) return null;
  const mask = BigInt(text);
  return Array.from({ length: 64 }, (_, bit) => bit)
    .filter((bit) => (mask >> BigInt(bit)) % 2n === 1n)
    .map((bit) => REASONS[bit] ?? `reason_${bit}`);
}
