import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { BoardSampler } from "../../../agent/board/sampler.ts";
import { readSysfs } from "../../../agent/board/sysfs.ts";

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

/** A /sys of these files; a name that ends in `/` is a folder, as what cannot be read stands for. */
function sysOf(files: Record<string, string>): string {
  const sys = mkdtempSync(join(tmpdir(), "jetfleet-sysfs-"));
  folders.push(sys);
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(sys, name)), { recursive: true });
    if (name.endsWith("/")) mkdirSync(join(sys, name), { recursive: true });
    else writeFileSync(join(sys, name), text);
  }
  return sys;
}

// Where jetson_stats finds them on units: jtop/core/{gpu,power,temperature}.py; rails by energymon's JetsonPowerRails.md.
const ZONE = "devices/virtual/thermal/thermal_zone";
const TX2_RAILS = "bus/i2c/drivers/ina3221x/0-0041/iio:device1";
const TX2 = {
  "class/devfreq/15340000.vic/device/of_node/name": "vic\0",
  "class/devfreq/15340000.vic/load": "999\n",
  "class/devfreq/17000000.gp10b/device/of_node/name": "gp10b\0",
  "class/devfreq/17000000.gp10b/load": "437\n",
  [`${ZONE}0/type`]: "BCPU-therm\n",
  [`${ZONE}0/temp`]: "38500\n",
  [`${ZONE}1/type`]: "GPU-therm\n",
  [`${ZONE}1/temp`]: "35000\n",
  [`${ZONE}2/type`]: "PMIC-Die\n",
  [`${ZONE}2/temp`]: "100000\n",
  [`${ZONE}3/type`]: "Tboard_tegra\n",
  [`${ZONE}3/temp`]: "32000\n",
  [`${TX2_RAILS}/rail_name_0`]: "VDD_IN\n",
  [`${TX2_RAILS}/in_power0_input`]: "3056\n",
  [`${TX2_RAILS}/rail_name_1`]: "VDD_SYS_CPU\n",
  [`${TX2_RAILS}/in_power1_input`]: "152\n",
};
const ORIN_RAILS = "bus/i2c/drivers/ina3221/1-0040/hwmon/hwmon3";
const ORIN = {
  "class/devfreq/17000000.ga10b/device/of_node/name": "ga10b\0",
  "class/devfreq/17000000.ga10b/load": "0\n",
  [`${ZONE}0/type`]: "CPU-therm\n",
  [`${ZONE}0/temp`]: "47937\n",
  // A block that is off: the file is there and does not answer.
  [`${ZONE}1/type`]: "CV0-therm\n",
  [`${ZONE}1/temp/`]: "",
  [`${ORIN_RAILS}/in1_label`]: "VDD_IN\n",
  [`${ORIN_RAILS}/in1_input`]: "5000\n",
  [`${ORIN_RAILS}/curr1_input`]: "1060\n",
  [`${ORIN_RAILS}/in2_label`]: "NC\n",
  [`${ORIN_RAILS}/in2_input`]: "5000\n",
  [`${ORIN_RAILS}/curr2_input`]: "1\n",
};

describe("figures without tegrastats", () => {
  it.each([
    [
      "a TX2 under L4T 32, in its own names",
      TX2,
      {
        gpuPercent: 43.7,
        temperaturesCelsius: { BCPU: 38.5, GPU: 35, Tboard: 32 },
        powerMilliwatts: { VDD_IN: 3056, VDD_SYS_CPU: 152 },
      },
    ],
    [
      "an Orin under L4T 35, in volts and amperes",
      ORIN,
      {
        gpuPercent: 0,
        temperaturesCelsius: { CPU: 47.937 },
        powerMilliwatts: { VDD_IN: 5300 },
      },
    ],
    ["nothing", {}, { gpuPercent: null, temperaturesCelsius: {}, powerMilliwatts: {} }],
    [
      "files of another meaning",
      {
        "class/devfreq/17000000.gpu/device/of_node/name": "gpu\0",
        "class/devfreq/17000000.gpu/load": "busy\n",
        [`${ZONE}0/type`]: "\n",
        [`${ZONE}1/type`]: `${"x".repeat(5000)}\n`,
        [`${ZONE}1/temp`]: "-999999999\n",
        [`${ORIN_RAILS}/in1_label`]: "VDD_IN\n",
        "bus/i2c/drivers/ina3221/bind": "",
      },
      { gpuPercent: null, temperaturesCelsius: {}, powerMilliwatts: {} },
    ],
  ])("are read of %s", async (_title, files, figures) => {
    expect(await readSysfs(sysOf(files))).toEqual(figures);
  });

  it("are read through the links of a real /sys", async () => {
    const sys = sysOf({ "devices/17000000.gp10b/load": "10\n" });
    const name = join(sys, "devices/17000000.gp10b/device/of_node/name");
    mkdirSync(dirname(name), { recursive: true });
    writeFileSync(name, "gp10b\0");
    mkdirSync(join(sys, "class/devfreq"), { recursive: true });
    symlinkSync("../../devices/17000000.gp10b", join(sys, "class/devfreq/17000000.gp10b"));
    expect((await readSysfs(sys)).gpuPercent).toBe(1);
  });

  it("stand in for a tegrastats that is not there or is not understood, and count for a build's heat", async () => {
    const sampler = new BoardSampler(tmpdir(), { readFigures: () => readSysfs(sysOf(TX2)) });
    expect(await sampler.sample()).toMatchObject({
      gpuPercent: 43.7,
      powerMilliwatts: { VDD_IN: 3056 },
    });
    expect((await sampler.conditions()).hottestCelsius).toBe(38.5);
  });
});
