import { from, type Sourced, UNKNOWN } from "./sourced.ts";

/** One nvpmodel mode. `null` limits mean "the maximum of the module"; unknown ones are absent. */
export interface PowerModeFacts {
  id: number;
  name: string;
  cpusOnline?: number;
  cpuMaxMhz?: number;
  gpuMaxMhz?: number | null;
  dlaMaxMhz?: number | null;
  emcMaxMhz?: number | null;
  /** Texture processing clusters switched off; changes the number of SMs, so engines of other masks do not fit. */
  tpcPgMask?: number;
}

export interface PowerModes {
  modes: readonly PowerModeFacts[];
  /** The mode a unit is in after its first boot. */
  bootsInto: Sourced<number>;
}

// Ids differ between boards and releases: a unit's own /etc/nvpmodel.conf always wins over these rows.
function mode(
  id: number,
  name: string,
  limits: Omit<PowerModeFacts, "id" | "name"> = {},
): PowerModeFacts {
  return { id, name, ...limits };
}

const XAVIER_30W = { gpuMaxMhz: 900, dlaMaxMhz: 1050, emcMaxMhz: 1600, tpcPgMask: 0 };

export const POWER_MODES = {
  tx2: {
    modes: [
      mode(0, "MAXN", { cpusOnline: 6, cpuMaxMhz: 2035, gpuMaxMhz: 1300.5, emcMaxMhz: null }),
      mode(1, "MAXQ", { cpusOnline: 4, cpuMaxMhz: 1200, gpuMaxMhz: 850, emcMaxMhz: 1331 }),
      mode(2, "MAXP_CORE_ALL", {
        cpusOnline: 6,
        cpuMaxMhz: 1400,
        gpuMaxMhz: 1120,
        emcMaxMhz: 1600,
      }),
      mode(3, "MAXP_CORE_ARM", { cpusOnline: 4, cpuMaxMhz: 2000, gpuMaxMhz: 1120 }),
      mode(4, "MAXP_CORE_DENVER", { cpusOnline: 2, cpuMaxMhz: 2035, gpuMaxMhz: 1120 }),
    ],
    bootsInto: from("conf", 3),
  },
  nano: {
    modes: [
      mode(0, "MAXN", { cpusOnline: 4, gpuMaxMhz: null, emcMaxMhz: null }),
      mode(1, "5W", { cpusOnline: 2, cpuMaxMhz: 918, gpuMaxMhz: 640, emcMaxMhz: 1600 }),
    ],
    bootsInto: from("jtop", 0),
  },
  "agx-xavier": {
    modes: [
      mode(0, "MAXN", {
        cpusOnline: 8,
        cpuMaxMhz: 2265.6,
        gpuMaxMhz: null,
        dlaMaxMhz: null,
        emcMaxMhz: null,
        tpcPgMask: 0,
      }),
      mode(1, "MODE_10W", {
        cpusOnline: 2,
        cpuMaxMhz: 1200,
        gpuMaxMhz: 520,
        dlaMaxMhz: 550,
        emcMaxMhz: 1065.6,
        tpcPgMask: 5,
      }),
      mode(2, "MODE_15W", {
        cpusOnline: 4,
        cpuMaxMhz: 1200,
        gpuMaxMhz: 670,
        dlaMaxMhz: 750,
        emcMaxMhz: 1331.2,
        tpcPgMask: 0,
      }),
      mode(3, "MODE_30W_ALL", { cpusOnline: 8, cpuMaxMhz: 1200, ...XAVIER_30W }),
      mode(4, "MODE_30W_6CORE", { cpusOnline: 6, cpuMaxMhz: 1450, ...XAVIER_30W }),
      mode(5, "MODE_30W_4CORE", { cpusOnline: 4, cpuMaxMhz: 1780, ...XAVIER_30W }),
      mode(6, "MODE_30W_2CORE", { cpusOnline: 2, cpuMaxMhz: 2100, ...XAVIER_30W }),
      mode(7, "MODE_15W_DESKTOP", { cpusOnline: 4, gpuMaxMhz: 675.75, tpcPgMask: 0 }),
    ],
    // PM_CONFIG DEFAULT=2 in the file, but units boot in 7 from JetPack 4.3 on.
    bootsInto: [
      { value: 7, source: "conf" },
      { value: 2, source: "jtop" },
    ],
  },
  "xavier-nx": {
    modes: [
      mode(0, "MODE_15W_2CORE", { cpusOnline: 2 }),
      mode(1, "MODE_15W_4CORE", { cpusOnline: 4 }),
      mode(2, "MODE_15W_6CORE", { cpusOnline: 6 }),
      mode(3, "MODE_10W_2CORE", { cpusOnline: 2 }),
      mode(4, "MODE_10W_4CORE", { cpusOnline: 4 }),
      mode(5, "MODE_10W_DESKTOP"),
      mode(6, "MODE_20W_2CORE", { cpusOnline: 2 }),
      mode(7, "MODE_20W_4CORE", { cpusOnline: 4 }),
      mode(8, "MODE_20W_6CORE", { cpusOnline: 6 }),
    ],
    bootsInto: from("conf", 2),
  },
  "agx-orin": {
    modes: [
      mode(0, "MAXN", { gpuMaxMhz: null, dlaMaxMhz: null }),
      mode(1, "MODE_15W", { gpuMaxMhz: 420.75, dlaMaxMhz: 614.4 }),
      mode(2, "MODE_30W", { gpuMaxMhz: 624.75, dlaMaxMhz: 1369.6 }),
      mode(3, "MODE_50W", { gpuMaxMhz: 828.75, dlaMaxMhz: 1369.6 }),
    ],
    bootsInto: from("jtop", 2),
  },
  "orin-nx": {
    modes: [mode(0, "MAXN"), mode(1, "10W"), mode(2, "15W"), mode(3, "25W")],
    bootsInto: UNKNOWN,
  },
  "orin-nano": {
    modes: [mode(0, "15W"), mode(1, "7W")],
    bootsInto: from("general", 0),
  },
  thor: { modes: [mode(1, "120W")], bootsInto: UNKNOWN },
  unknown: { modes: [], bootsInto: UNKNOWN },
} as const satisfies Record<string, PowerModes>;
