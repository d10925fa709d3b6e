import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { GPU_NODE_NAMES, parseGpuLoad, parseRails, zoneCelsius } from "../../fleet/boards/index.ts";

/** What the kernel tells of a board without tegrastats. */
export interface SysfsFigures {
  gpuPercent: number | null;
  temperaturesCelsius: Record<string, number>;
  powerMilliwatts: Record<string, number>;
}

/** A rail's driver with its folders, by release: up to L4T 32, and from 34 on. */
const RAIL_DRIVERS = [
  ["ina3221x", /^iio:device\d+$/],
  ["ina3221", /^hwmon\d*$/],
] as const;

/**
 * Reads the kernel's files, which need no tool and no rights of root. What is not there, or does not answer, as zones of
 * blocks that are switched off, is left out.
 */
export async function readSysfs(sys = "/sys"): Promise<SysfsFigures> {
  const [gpuPercent, temperaturesCelsius, powerMilliwatts] = await Promise.all([
    readGpuLoad(join(sys, "class/devfreq")),
    readZones(join(sys, "devices/virtual/thermal")),
    readRails(join(sys, "bus/i2c/drivers")),
  ]);
  return { gpuPercent, temperaturesCelsius, powerMilliwatts };
}

async function readGpuLoad(folder: string): Promise<number | null> {
  for (const device of await entriesOf(folder)) {
    const name = await textOf(join(folder, device, "device/of_node/name"));
    const isGpu = GPU_NODE_NAMES.some((one) => one === name?.split("\0").join("").trim());
    const load = isGpu ? await textOf(join(folder, device, "load")) : null;
    if (load !== null) return parseGpuLoad(load);
  }
  return null;
}

/** By the names that tegrastats has for them: `GPU-therm` is GPU. */
async function readZones(folder: string): Promise<Record<string, number>> {
  const zones = (await entriesOf(folder)).filter((name) => /^thermal_zone\d+$/.test(name));
  const read = await Promise.all(
    zones.map(async (zone) => {
      const type = (await textOf(join(folder, zone, "type")))?.trim() ?? "";
      return { type, temp: type === "" ? null : await textOf(join(folder, zone, "temp")) };
    }),
  );
  return Object.fromEntries(
    read.flatMap(({ type, temp }) => {
      const celsius = zoneCelsius(type, temp);
      return celsius === null
        ? []
        : [[type.replace(/[-_](?:therm|thermal|tegra|Die)$/i, ""), celsius]];
    }),
  );
}

async function readRails(drivers: string): Promise<Record<string, number>> {
  const rails: Record<string, number> = {};
  for (const [driver, folder] of RAIL_DRIVERS) {
    for (const device of await entriesOf(join(drivers, driver))) {
      for (const channels of await channelFolders(join(drivers, driver, device), folder)) {
        Object.assign(rails, parseRails(await filesOf(channels)));
      }
    }
  }
  return rails;
}

/** The kernel's own class stands between a device and its channels: `7-0040/hwmon/hwmon3`. */
async function channelFolders(device: string, wanted: RegExp): Promise<string[]> {
  const found: string[] = [];
  for (const name of await entriesOf(device)) {
    if (!wanted.test(name)) continue;
    const inner = (await entriesOf(join(device, name))).filter((one) => wanted.test(one));
    found.push(
      ...(inner.length > 0 ? inner.map((one) => join(device, name, one)) : [join(device, name)]),
    );
  }
  return found;
}

async function filesOf(folder: string): Promise<Record<string, string>> {
  const names = (await entriesOf(folder)).filter((name) =>
    /^(?:rail_name_\d|in_power\d_input|in\d_label|in\d_input|curr\d_input)$/.test(name),
  );
  const texts = await Promise.all(names.map((name) => textOf(join(folder, name))));
  return Object.fromEntries(names.map((name, at) => [name, texts[at] ?? ""]));
}

function entriesOf(folder: string): Promise<string[]> {
  return readdir(folder).then(
    (names) => names.sort(),
    () => [],
  );
}

/** A zone of a block that is off answers EAGAIN. */
function textOf(path: string): Promise<string | null> {
  return readFile(path, "utf8").catch(() => null);
}
