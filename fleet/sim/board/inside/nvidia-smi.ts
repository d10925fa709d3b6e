import { readFileSync } from "node:fs";
import { CARD, CARD_FILE } from "../card-files.ts";
import { Machine } from "./machine.ts";

// nvidia-smi of a simulated PC: the table's head, and --query-gpu, once or in a loop. The card does nothing; its heat and
// power are derived from the machine's load. How it fails is captured (580.159), or as users of drivers since 470 quote it.

const query = /^--query-gpu=(.*)$/;
const names = process.argv.flatMap((one) => query.exec(one)?.[1]?.split(",") ?? []);
const isLoop = process.argv.some((one) => /^(-l|--loop)=?\d*$/.test(one));
const machine = new Machine();
process.stdout.on("error", () => process.exit(141));

/** Of drivers of this generation, which have the older name and no load of encoders. */
const FIELDS: Readonly<Record<string, (percent: number) => string>> = {
  index: () => "0",
  uuid: () => CARD.uuid,
  "pci.bus_id": () => CARD.busId,
  driver_version: () => CARD.driver,
  name: () => CARD.name,
  "utilization.gpu": () => "0",
  "memory.used": () => "0",
  "memory.total": () => String(CARD.memoryMib),
  "temperature.gpu": (percent) => String(Math.round(36 + percent / 5)),
  "power.draw": (percent) => (9 + percent / 10).toFixed(2),
  "enforced.power.limit": () => CARD.powerLimitWatts.toFixed(2),
  "clocks.current.sm": () => "300",
  "clocks.max.sm": () => String(CARD.clockLimitMhz),
  "clocks.current.memory": () => String(CARD.memoryClockMhz),
  "clocks_throttle_reasons.active": () => "0x0000000000000001",
};

function state(): string {
  return readFileSync(CARD_FILE, "utf8").trim();
}

function end(says: string, code: number): never {
  process.stdout.write(`${says}\n`);
  process.exit(code);
}

function begin(): void {
  const unknown = names.find((name) => FIELDS[name] === undefined);
  if (unknown !== undefined) end(`Field "${unknown}" is not a valid field to query.\n`, 2);
  switch (state()) {
    case "no-driver":
      return end(
        "NVIDIA-SMI has failed because it couldn't communicate with the NVIDIA driver. Make sure that the latest NVIDIA driver is installed and running.\n",
        9,
      );
    case "version-mismatch":
      return end(
        "Failed to initialize NVML: Driver/library version mismatch\nNVML library version: 535.216",
        18,
      );
    case "lost":
      return end(
        `Unable to determine the device handle for GPU${CARD.busId.slice(4)}: Unknown Error`,
        15,
      );
    case "hangs":
      return void setInterval(() => undefined, 60_000);
  }
  if (names.length === 0) return head();
  row();
  if (isLoop) setInterval(row, 1000);
}

function head(): void {
  const { driver, cuda } = CARD;
  process.stdout.write(
    `| NVIDIA-SMI ${driver}             Driver Version: ${driver}   CUDA Version: ${cuda}     |  (simulated)\n`,
  );
}

/** A loop goes on when the card is gone from under it. */
function row(): void {
  if (state() === "hangs") return;
  const { cpuPercents } = machine.sample();
  const percent = cpuPercents.reduce((sum, one) => sum + one, 0) / Math.max(1, cpuPercents.length);
  const isLost = state() === "lost";
  const kept = ["index", "uuid", "pci.bus_id", "name"];
  const cells = names.map((name) =>
    isLost && !kept.includes(name) ? "[GPU is lost]" : (FIELDS[name]?.(percent) ?? ""),
  );
  process.stdout.write(`${cells.join(", ")}\n`);
}

begin();
