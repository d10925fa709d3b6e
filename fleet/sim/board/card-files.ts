/** How the card of a simulated PC is. Read inside, where no package is. */
export const CARD_STATES = ["ok", "lost", "version-mismatch", "hangs", "no-driver"] as const;
export type CardState = (typeof CARD_STATES)[number];

/** On the PC, one word: what its nvidia-smi says from now on. Whoever plays with it writes there. */
export const CARD_FILE = "/etc/jetfleet-simulated-card";

/** A Tesla T4 as the tools of its driver show it. */
export const CARD = {
  name: "Tesla T4",
  uuid: "GPU-00000000-0000-0000-0000-000000000000",
  busId: "00000000:01:00.0",
  driver: "535.183.01",
  cuda: "12.2",
  memoryMib: 15360,
  powerLimitWatts: 70,
  clockLimitMhz: 1590,
  memoryClockMhz: 405,
} as const;

/** What the kernel shows of the slot, driver or not, by path in the root. */
export const SLOT_FILES: ReadonlyMap<string, string> = new Map(
  Object.entries({ vendor: "0x10de", device: "0x1eb8", class: "0x030200" }).map(([name, text]) => [
    `sys/bus/pci/devices/0000:01:00.0/${name}`,
    `${text}\n`,
  ]),
);

/** What the kernel's driver shows below /proc, by path; nothing where none is loaded. Laid out as one of 580.159 does it. */
export function driverFiles(state: CardState): Map<string, string> {
  if (state === "no-driver") return new Map();
  const { name, uuid, driver } = CARD;
  return new Map([
    [
      "driver/nvidia/version",
      `NVRM version: NVIDIA UNIX x86_64 Kernel Module  ${driver}  (simulated)\n`,
    ],
    [
      "driver/nvidia/gpus/0000:01:00.0/information",
      `Model: \t\t ${name}\nIRQ:   \t\t 41\nGPU UUID: \t ${uuid}\nBus Type: \t PCIe\n` +
        "Bus Location: \t 0000:01:00.0\nDevice Minor: \t 0\nGPU Excluded:\t No\n",
    ],
  ]);
}
