import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { chmodSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { readBoardInfo } from "../../../fleet/sim/board/index.ts";
import { Bench, type Result, refusal, run, titled, until } from "./bench.ts";

const MAIN = join(process.cwd(), "fleet/sim/board/main.ts");

const NOBODY = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"];
const isRoot = process.getuid?.() === 0;

describe.skipIf(refusal !== null)(titled("a simulated board, switched on and off"), () => {
  let bench: Bench;
  beforeEach(() => {
    bench = new Bench();
  });
  afterEach(() => bench.close());

  it("leaves no process after stop and marks board.json", async () => {
    const board = await bench.start();
    await board.exec("(setsid sleep 6001 >/dev/null 2>&1 &)");
    expect(machineProcesses("sleep\x006001")).toHaveLength(1);
    await board.stop();
    expect(machineProcesses("sleep\x006001")).toEqual([]);
    expect(machineProcesses(bench.dir)).toEqual([]);
    expect((await readBoardInfo(join(bench.dir, "door")))?.pid).toBe(0);
  });

  it("keeps port, host key and files from one run to the next", async () => {
    const first = await bench.start();
    const { sshPort, hostKey } = first.info;
    await bench.ssh(first, "echo here > /var/lib/mark");
    await first.stop();
    const second = await bench.start();
    expect(second.info).toMatchObject({ sshPort, hostKey });
    expect((await bench.ssh(second, "cat /var/lib/mark")).stdout).toBe("here\n");
  });

  it("cuts connections and processes in an instant when the power goes", async () => {
    const board = await bench.start();
    const session = bench.ssh(board, "echo up; exec sleep 6002");
    await until(() => machineProcesses("sleep\x006002").length > 0);
    await board.powerCut();
    expect(machineProcesses("sleep\x006002")).toEqual([]);
    expect((await session).code).toBe(255);
    expect((await bench.ssh(board, "true")).stderr).toContain("refused");
    await board.boot();
    expect((await bench.ssh(board, "true")).code).toBe(0);
  });

  it("comes back by itself after systemctl reboot", async () => {
    const board = await bench.start();
    const bootId = (await board.exec("cat /proc/sys/kernel/random/boot_id")).stdout;
    await board.exec("systemctl reboot");
    const after = await until(async () => {
      const result = await bench.ssh(board, "cat /proc/sys/kernel/random/boot_id");
      return result.code === 0 && result.stdout !== bootId && result.stdout;
    });
    expect(after).not.toBe(bootId);
  });

  it("runs out of disk at its limit", async () => {
    const board = await bench.start({ behaviour: { diskLimitBytes: 4_000_000 } });
    const result = await board.exec("head -c 8000000 /dev/zero > /opt/big");
    expect(result.stderr).toContain("No space left on device");
  });

  it("refuses a second process on the same folder", async () => {
    await bench.start();
    await expect(bench.start()).rejects.toMatchObject({ code: "SIM_BUSY" });
  });

  it("refuses a fixed port that is taken", async () => {
    const board = await bench.start();
    const { sshPort } = board.info;
    await expect(bench.start({ name: "second", sshPort })).rejects.toMatchObject({
      code: "PORT_TAKEN",
    });
  });

  it.each(["SIGTERM", "SIGKILL"] as const)(
    "takes everything inside along when its process gets %s",
    async (signal) => {
      const main = startMain(bench);
      const info = JSON.parse(await main.firstLine) as { pid: number; simulated: boolean };
      expect(info).toMatchObject({ pid: main.child.pid, simulated: true });
      const inside = await until(() => {
        const pids = machineProcesses(bench.dir).filter((pid) => pid !== main.child.pid);
        return pids.length > 0 && pids;
      });
      main.child.kill(signal);
      await main.ended;
      await until(() => inside.every((pid) => !isAlive(pid)));
      expect(machineProcesses(bench.dir)).toEqual([]);
    },
  );

  it.skipIf(!isRoot)(
    `says what the machine refuses and what helps${isRoot ? "" : " (skipped: needs root)"}`,
    async () => {
      const result = await runMain(bench, ["setpriv", "--bounding-set=-sys_admin"]);
      expect(result.code).toBe(1);
      expect(result.stderr).toMatch(/^SIM_REFUSED: .*unshare failed: Operation not permitted/);
      expect(result.stderr).toContain("Run as root");
    },
  );

  const whyNotNobody = whyNobodyCannotRun();
  it.skipIf(whyNotNobody !== null)(`runs without root as well${whyNotNobody ?? ""}`, async () => {
    chmodSync(bench.dir, 0o777);
    const main = startMain(bench, NOBODY);
    const info = JSON.parse(await main.firstLine) as { sshPort: number };
    const ssh = ["-p", String(info.sshPort), "-i", bench.keyPath, "-o", "StrictHostKeyChecking=no"];
    const result = await run("ssh", [
      ...ssh,
      "-o",
      "UserKnownHostsFile=/dev/null",
      "nvidia@127.0.0.1",
      "id -u; systemctl is-system-running",
    ]);
    main.child.kill("SIGTERM");
    await main.ended;
    expect(result.stdout).toBe("0\nrunning\n");
    expect(machineProcesses(bench.dir)).toEqual([]);
  });
});

function mainCommand(bench: Bench, wrapper: string[]): [string, ...string[]] {
  const options = [
    "--name",
    "door",
    "--board",
    "tx2",
    "--dir",
    join(bench.dir, "door"),
    "--authorized-key",
  ];
  const [program = process.execPath, ...args] = [...wrapper, process.execPath];
  return [program, ...args, MAIN, ...options, `${bench.keyPath}.pub`];
}

function runMain(bench: Bench, wrapper: string[]): Promise<Result> {
  const [program, ...args] = mainCommand(bench, wrapper);
  return run(program, args);
}

function startMain(
  bench: Bench,
  wrapper: string[] = [],
): { child: ChildProcess; firstLine: Promise<string>; ended: Promise<void> } {
  const [program, ...args] = mainCommand(bench, wrapper);
  const child = spawn(program, args, { stdio: ["ignore", "pipe", "inherit"] });
  const lines = createInterface({ input: child.stdout });
  return {
    child,
    firstLine: new Promise((resolve, reject) => {
      lines.once("line", resolve);
      lines.once("close", () => reject(new Error("it ended without a line")));
    }),
    ended: new Promise((resolve) => child.once("exit", () => resolve())),
  };
}

/** The reason, as part of a title, or null when user nobody can run a board from this checkout. */
function whyNobodyCannotRun(): string | null {
  if (!isRoot) return " (skipped: the other tests already run without root)";
  const script = `test -r ${MAIN} && unshare --user --map-root-user --mount mount -t tmpfs tmpfs /mnt`;
  const [program = "", ...args] = [...NOBODY, "sh", "-c", script];
  const probe = spawnSync(program, args, { encoding: "utf8" });
  return probe.status === 0
    ? null
    : ` (skipped: user nobody may not: ${probe.stderr.trim() || "read this checkout"})`;
}

/** Processes of this machine, inside boards or not, whose command line contains `text`. */
function machineProcesses(text: string): number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .filter((pid) => commandLine(pid).includes(text))
    .map(Number);
}

function commandLine(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8");
  } catch {
    return "";
  }
}

function isAlive(pid: number): boolean {
  // A zombie has no command line left.
  return commandLine(String(pid)) !== "";
}
