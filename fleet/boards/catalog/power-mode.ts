import { from, type Sourced, type SourceKey, UNKNOWN } from "./sourced.ts";

/** Limits of one nvpmodel mode in MHz. `null` means "the maximum of the module"; unknown ones are absent. */
export interface PowerModeLimits {
  cpusOnline?: number;
  cpuMaxMhz?: number | null;
  gpuMaxMhz?: number | null;
  dlaMaxMhz?: number | null;
  dlaFalconMaxMhz?: number | null;
  pvaVpsMaxMhz?: number | null;
  pvaCoreMaxMhz?: number | null;
  emcMaxMhz?: number | null;
  /** Texture processing clusters switched off; changes the number of SMs, so engines of other masks do not fit. */
  tpcPgMask?: number;
}

export interface PowerModeFacts extends PowerModeLimits {
  id: number;
  name: string;
  /** What another source says of the same mode. */
  elsewhere?: PowerModeLimits & { source: SourceKey };
}

export interface PowerModes {
  modes: readonly PowerModeFacts[];
  source: SourceKey;
  /** The mode a unit is in after its first boot. */
  bootsInto: Sourced<number>;
  /** Images of the same module whose file lists other modes. */
  variants?: readonly { image: string; modes: readonly PowerModeFacts[]; source: SourceKey }[];
}

// Ids differ between boards and releases: a unit's own /etc/nvpmodel.conf always wins over these rows.
function mode(
  id: number,
  name: string,
  limits: Omit<PowerModeFacts, "id" | "name"> = {},
): PowerModeFacts {
  return { id, name, ...limits };
}

const EVERYTHING = { cpuMaxMhz: null, gpuMaxMhz: null, emcMaxMhz: null } as const;
const DLA_FREE = { dlaMaxMhz: null, dlaFalconMaxMhz: null } as const;
const PVA_FREE = { pvaVpsMaxMhz: null, pvaCoreMaxMhz: null } as const;
const dla = (dlaMaxMhz: number, dlaFalconMaxMhz: number) => ({ dlaMaxMhz, dlaFalconMaxMhz });
const pva = (pvaVpsMaxMhz: number, pvaCoreMaxMhz: number) => ({ pvaVpsMaxMhz, pvaCoreMaxMhz });

const XAVIER_30W = {
  gpuMaxMhz: 900,
  emcMaxMhz: 1600,
  tpcPgMask: 0,
  ...dla(1050, 630),
  ...pva(760, 532),
};

// CPUs are counted with CPU 0, which the files of t186 do not list because it cannot be switched off.
const MAXP_CORE_ALL = { cpusOnline: 6, cpuMaxMhz: 1400, gpuMaxMhz: 1120, emcMaxMhz: 1600 };
const MAXP_CORE_ARM = { cpusOnline: 4, cpuMaxMhz: 2000, gpuMaxMhz: 1120, emcMaxMhz: 1600 };

const NX_FULL = { gpuMaxMhz: 1109.25, dlaMaxMhz: 1100.8, tpcPgMask: 1 };
const NX_10W = { gpuMaxMhz: 803.25, dlaMaxMhz: 896, emcMaxMhz: 1600, tpcPgMask: 1 };

const ORIN_NX_FREE = { ...EVERYTHING, ...DLA_FREE, tpcPgMask: 240 };
const ORIN_NX_10W = {
  cpusOnline: 4,
  cpuMaxMhz: 1190.4,
  gpuMaxMhz: 612,
  dlaMaxMhz: 153.6,
  emcMaxMhz: 2133,
  tpcPgMask: 252,
};
const ORIN_NX_15W = {
  cpusOnline: 4,
  gpuMaxMhz: 612,
  dlaMaxMhz: 614.4,
  emcMaxMhz: null,
  tpcPgMask: 252,
};
const ORIN_NX_25W = {
  cpuMaxMhz: 1497.6,
  gpuMaxMhz: 408,
  dlaMaxMhz: 614.4,
  emcMaxMhz: null,
  tpcPgMask: 240,
};

const AGX_ORIN_15W = {
  cpusOnline: 4,
  cpuMaxMhz: 1113.6,
  emcMaxMhz: 2133,
  tpcPgMask: 248,
  ...dla(614.4, 294.4),
  ...pva(307.2, 217.6),
};
const AGX_ORIN_30W = {
  cpusOnline: 8,
  cpuMaxMhz: 1728,
  emcMaxMhz: null,
  tpcPgMask: 240,
  ...dla(1369.6, 729.6),
  ...pva(512, 358.4),
};

export const POWER_MODES = {
  tx2: {
    modes: [
      mode(0, "MAXN", { cpusOnline: 6, cpuMaxMhz: 2035, gpuMaxMhz: 1300.5, emcMaxMhz: null }),
      mode(1, "MAXQ", { cpusOnline: 4, cpuMaxMhz: 1200, gpuMaxMhz: 850, emcMaxMhz: 1331 }),
      mode(2, "MAXP_CORE_ALL", MAXP_CORE_ALL),
      mode(3, "MAXP_CORE_ARM", MAXP_CORE_ARM),
      mode(4, "MAXP_CORE_DENVER", { cpusOnline: 2, cpuMaxMhz: 2035, gpuMaxMhz: 1120 }),
    ],
    source: "conf",
    bootsInto: from("conf", 3),
  },
  // The file that is public is Android's, which leaves out MAXP_CORE_DENVER and boots into 2.
  "tx2-nx": {
    modes: [
      mode(0, "MAXN", { cpusOnline: 6, ...EVERYTHING }),
      mode(1, "MAXQ", { cpusOnline: 4, cpuMaxMhz: 1200, gpuMaxMhz: 850, emcMaxMhz: 1600 }),
      mode(2, "MAXP_CORE_ALL", MAXP_CORE_ALL),
      mode(3, "MAXP_CORE_ARM", MAXP_CORE_ARM),
    ],
    source: "conf",
    bootsInto: UNKNOWN,
  },
  nano: {
    modes: [
      mode(0, "MAXN", { cpusOnline: 4, ...EVERYTHING }),
      mode(1, "5W", { cpusOnline: 2, cpuMaxMhz: 918, gpuMaxMhz: 640, emcMaxMhz: 1600 }),
    ],
    source: "jtop",
    bootsInto: from("jtop", 0),
  },
  "agx-xavier": {
    modes: [
      mode(0, "MAXN", {
        cpusOnline: 8,
        cpuMaxMhz: 2265.6,
        gpuMaxMhz: null,
        emcMaxMhz: null,
        tpcPgMask: 0,
        ...DLA_FREE,
        ...PVA_FREE,
      }),
      mode(1, "MODE_10W", {
        cpusOnline: 2,
        cpuMaxMhz: 1200,
        gpuMaxMhz: 520,
        emcMaxMhz: 1065.6,
        tpcPgMask: 5,
        ...dla(550, 330),
        ...pva(115.2, 115.2),
      }),
      mode(2, "MODE_15W", {
        cpusOnline: 4,
        cpuMaxMhz: 1200,
        gpuMaxMhz: 670,
        emcMaxMhz: 1331.2,
        tpcPgMask: 0,
        ...dla(750, 450),
        ...pva(550, 385),
      }),
      mode(3, "MODE_30W_ALL", { cpusOnline: 8, cpuMaxMhz: 1200, ...XAVIER_30W }),
      mode(4, "MODE_30W_6CORE", { cpusOnline: 6, cpuMaxMhz: 1450, ...XAVIER_30W }),
      mode(5, "MODE_30W_4CORE", { cpusOnline: 4, cpuMaxMhz: 1780, ...XAVIER_30W }),
      mode(6, "MODE_30W_2CORE", { cpusOnline: 2, cpuMaxMhz: 2100, ...XAVIER_30W }),
      mode(7, "MODE_15W_DESKTOP", {
        cpusOnline: 4,
        cpuMaxMhz: 2188.8,
        gpuMaxMhz: 675.75,
        emcMaxMhz: 1331.2,
        tpcPgMask: 0,
        ...dla(115.2, 115.2),
        elsewhere: { source: "conf", gpuMaxMhz: 670 },
      }),
    ],
    source: "jtop",
    // PM_CONFIG DEFAULT=2 in the file, but units boot in 7 from JetPack 4.3 on.
    bootsInto: [
      { value: 7, source: "conf" },
      { value: 2, source: "jtop" },
    ],
  },
  "xavier-nx": {
    modes: [
      mode(0, "MODE_15W_2CORE", { cpusOnline: 2, cpuMaxMhz: 1907.2, emcMaxMhz: 1600, ...NX_FULL }),
      mode(1, "MODE_15W_4CORE", { cpusOnline: 4, cpuMaxMhz: 1420.8, emcMaxMhz: 1600, ...NX_FULL }),
      mode(2, "MODE_15W_6CORE", { cpusOnline: 6, cpuMaxMhz: 1420.8, emcMaxMhz: 1600, ...NX_FULL }),
      mode(3, "MODE_10W_2CORE", { cpusOnline: 2, cpuMaxMhz: 1497.6, ...NX_10W }),
      mode(4, "MODE_10W_4CORE", { cpusOnline: 4, cpuMaxMhz: 1190.4, ...NX_10W }),
      mode(5, "MODE_10W_DESKTOP", { cpusOnline: 4, cpuMaxMhz: 1907.2, ...NX_10W, gpuMaxMhz: 510 }),
      // From JetPack 4.6 on.
      mode(6, "MODE_20W_2CORE", { cpusOnline: 2, cpuMaxMhz: 1907.2, emcMaxMhz: 1866, ...NX_FULL }),
      mode(7, "MODE_20W_4CORE", { cpusOnline: 4, cpuMaxMhz: 1420.8, emcMaxMhz: 1866, ...NX_FULL }),
      mode(8, "MODE_20W_6CORE", { cpusOnline: 6, cpuMaxMhz: 1420.8, emcMaxMhz: 1866, ...NX_FULL }),
    ],
    source: "conf",
    bootsInto: from("conf", 2),
  },
  "agx-orin": {
    modes: [
      mode(0, "MAXN", { cpusOnline: 12, ...EVERYTHING, ...DLA_FREE, ...PVA_FREE, tpcPgMask: 0 }),
      mode(1, "MODE_15W", {
        ...AGX_ORIN_15W,
        gpuMaxMhz: 420.75,
        elsewhere: { source: "conf", gpuMaxMhz: 408 },
      }),
      mode(2, "MODE_30W", {
        ...AGX_ORIN_30W,
        gpuMaxMhz: 624.75,
        elsewhere: { source: "conf", gpuMaxMhz: 612 },
      }),
      mode(3, "MODE_50W", {
        cpusOnline: 12,
        cpuMaxMhz: 1497.6,
        gpuMaxMhz: 828.75,
        emcMaxMhz: null,
        tpcPgMask: 0,
        ...dla(1369.6, 729.6),
        ...pva(704, 486.4),
        elsewhere: { source: "conf", gpuMaxMhz: 816 },
      }),
    ],
    source: "jtop",
    bootsInto: from("jtop", 2),
  },
  // The mask of MAXN is what the module has fused off.
  "agx-orin-32gb": {
    modes: [
      mode(0, "MAXN", { cpusOnline: 8, ...EVERYTHING, ...DLA_FREE, tpcPgMask: 128 }),
      mode(1, "MODE_15W", {
        cpusOnline: 4,
        cpuMaxMhz: 1113.6,
        gpuMaxMhz: 408,
        dlaMaxMhz: 614.4,
        emcMaxMhz: 2133,
        tpcPgMask: 248,
      }),
      mode(2, "MODE_30W", {
        cpusOnline: 8,
        cpuMaxMhz: 1728,
        gpuMaxMhz: 612,
        dlaMaxMhz: 1369.6,
        emcMaxMhz: null,
        tpcPgMask: 240,
      }),
      mode(3, "MODE_40W", {
        cpusOnline: 8,
        cpuMaxMhz: 1497.6,
        gpuMaxMhz: 816,
        dlaMaxMhz: 1228.8,
        emcMaxMhz: null,
        tpcPgMask: 128,
      }),
    ],
    source: "conf",
    bootsInto: from("conf", 2),
  },
  "orin-nx-16gb": {
    modes: [
      mode(0, "MAXN", { cpusOnline: 8, ...ORIN_NX_FREE }),
      mode(1, "10W", ORIN_NX_10W),
      mode(2, "15W", { ...ORIN_NX_15W, cpuMaxMhz: 1651.2 }),
      mode(3, "25W", { ...ORIN_NX_25W, cpusOnline: 8 }),
    ],
    source: "conf",
    bootsInto: from("conf", 2),
    variants: [
      {
        image: "Super (JetPack 6.2)",
        source: "conf",
        modes: [
          mode(0, "MAXN_SUPER", { cpusOnline: 8, ...ORIN_NX_FREE }),
          mode(1, "10W", ORIN_NX_10W),
          mode(2, "15W", { ...ORIN_NX_15W, cpuMaxMhz: 1420.8 }),
          mode(3, "25W", { ...ORIN_NX_25W, cpusOnline: 8 }),
          mode(4, "40W", {
            cpusOnline: 8,
            cpuMaxMhz: 1497.6,
            gpuMaxMhz: 1173,
            dlaMaxMhz: 908.8,
            emcMaxMhz: null,
            tpcPgMask: 240,
          }),
        ],
      },
    ],
  },
  "orin-nx-8gb": {
    modes: [
      mode(0, "MAXN", { cpusOnline: 6, ...ORIN_NX_FREE }),
      mode(1, "10W", ORIN_NX_10W),
      mode(2, "15W", { ...ORIN_NX_15W, cpuMaxMhz: 1420.8 }),
      mode(3, "20W", { ...ORIN_NX_25W, cpusOnline: 6 }),
    ],
    source: "conf",
    bootsInto: from("conf", 2),
  },
  "orin-nano-8gb": {
    modes: [
      mode(0, "15W", { cpusOnline: 6, ...EVERYTHING, tpcPgMask: 240 }),
      mode(1, "7W", {
        cpusOnline: 4,
        cpuMaxMhz: 960,
        gpuMaxMhz: 408,
        emcMaxMhz: 2133,
        tpcPgMask: 252,
      }),
    ],
    source: "conf",
    bootsInto: from("conf", 0),
    variants: [
      {
        image: "Super (JetPack 6.2); some images list 7W as 3",
        source: "conf",
        modes: [
          mode(0, "15W", {
            cpusOnline: 6,
            cpuMaxMhz: 1497.6,
            gpuMaxMhz: 612,
            emcMaxMhz: 2133,
            tpcPgMask: 240,
          }),
          mode(1, "25W", {
            cpusOnline: 6,
            cpuMaxMhz: 1344,
            gpuMaxMhz: 918,
            emcMaxMhz: 3199,
            tpcPgMask: 240,
          }),
          mode(2, "MAXN_SUPER", { cpusOnline: 6, ...EVERYTHING, tpcPgMask: 240 }),
          mode(3, "7W"),
        ],
      },
    ],
  },
  "orin-nano-4gb": {
    modes: [
      mode(0, "10W", { cpusOnline: 6, ...EVERYTHING, tpcPgMask: 252 }),
      mode(1, "7W_AI", {
        cpusOnline: 4,
        cpuMaxMhz: 806.4,
        gpuMaxMhz: 408,
        emcMaxMhz: 2133,
        tpcPgMask: 252,
      }),
      mode(2, "7W_CPU", {
        cpusOnline: 4,
        cpuMaxMhz: 960,
        gpuMaxMhz: 306,
        emcMaxMhz: 2133,
        tpcPgMask: 252,
      }),
    ],
    source: "conf",
    bootsInto: from("conf", 0),
  },
  thor: {
    modes: [mode(0, "MAXN"), mode(1, "120W"), mode(2, "90W"), mode(3, "70W")],
    source: "dumps",
    bootsInto: from("dumps", 1),
  },
  unknown: { modes: [], source: "general", bootsInto: UNKNOWN },
} as const satisfies Record<string, PowerModes>;
