import { readFileSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { outcomeOf, until } from "../hub/running-hub.ts";
import { PLAN } from "./support/planned.ts";
import { reportedOf, SyntheticDevice } from "./support/synthetic-device.ts";
import { Terminal } from "./support/terminal.ts";
import { JETFLEET, TwoDevices } from "./support/two-devices.ts";

let world: TwoDevices;
let terminal: Terminal | undefined;

beforeAll(async () => {
  world = await TwoDevices.start();
});
afterEach(() => {
  terminal?.close();
  terminal = undefined;
});
afterAll(() => world.close());

function open(size = { width: 80, height: 24 }): Terminal {
  terminal = new Terminal([JETFLEET, "console", ...world.where], size);
  return terminal;
}

function withinSize(screen: string, width: number): void {
  for (const row of screen.split("\n")) expect([...row].length).toBeLessThanOrEqual(width);
}

describe("the console in a terminal of 80×24", () => {
  it("shows boards with their figures and pipelines with fps and latency", async () => {
    const screen = await open().awaitText(/tx2\/entrance/);
    expect(screen).toMatch(/jetfleet {2}demo {2}2 of 2 online {2}all well/);
    expect(screen).toMatch(/^> tx2 +TX2 \(simulated\) +online +41 % +- +3\.0 GiB +48 °C/m);
    expect(screen).toMatch(/xavier\/entrance +running +scene 3f2a91c0 +15\.0 +44 ms +7/);
    expect(screen).toMatch(/Enter open +\? help +q quit/);
    withinSize(screen, 80);
  });

  it("opens a device with its stages, goes back, and takes keys that are typed fast", async () => {
    const console = open();
    await console.awaitText(/tx2\/entrance/);
    console.keys("jk", "j");
    await console.awaitText(/^> xavier/m);
    console.keys("Enter");
    const screen = await console.awaitText(/demo > xavier/);
    expect(screen).toContain("AGX Xavier (simulated) · JetPack 5.1.2 · L4T 35.4.1");
    expect(screen).toMatch(/^ {2}detect +0\.1 +0\.4 +24\.6 +33\.1 +0\/2\/4 +7$/m);
    expect(screen).toContain("disk 11.0 GiB free");
    withinSize(screen, 80);
    console.keys("Escape");
    await console.awaitText(/^> xavier/m);
  });

  it("shows plan and measurement as a table, in a terminal of 120×40", async () => {
    await world.ask("xavier", { plan: PLAN, budget: { minFps: 10 } });
    const console = open({ width: 120, height: 40 });
    await console.awaitText(/tx2\/entrance/);
    console.keys("j", "Enter");
    const screen = await console.awaitText(/PLAN AND MEASUREMENT/);
    await world.ask("xavier", {});
    expect(screen).toMatch(/^ {2}fps, planned at most +96–210 +15\.0 +≥ 10 +budget met/m);
    expect(screen).toMatch(/^ {2}runs on +gpu fp16 +cpu onnxruntime$/m);
    expect(screen).toContain("measured on the CPU of this simulation");
    withinSize(screen, 120);
  });

  it("shows every key under ?, and leaves with q, exit code 0", async () => {
    const console = open();
    await console.awaitText(/tx2\/entrance/);
    console.keys("?");
    expect(await console.awaitText(/Keys/)).toMatch(/q +leave; everything keeps running/);
    console.keys("x");
    await console.awaitText(/tx2\/entrance/);
    console.keys("q");
    expect(await console.exitStatus()).toBe(0);
  });

  it("follows the size of the terminal, down to very small", async () => {
    const console = open();
    await console.awaitText(/tx2\/entrance/);
    for (const [width, height] of [
      [120, 40],
      [60, 16],
      [20, 5],
      [80, 24],
    ] as const) {
      console.resize(width, height);
      await console.awaitText(width < 40 ? /jetfleet/ : /xavier/);
      withinSize(console.screen(), width);
    }
    expect(await console.awaitText(/tx2\/entrance/)).toMatch(/q quit/);
  });

  it("says what is wrong as it happens: a failed pipeline, a dead device, a hub that is away", async () => {
    const console = open();
    await console.awaitText(/all well/);
    const failed = reportedOf("tx2", "tx2");
    const error = { code: "SOURCE_UNREACHABLE", message: "no answer", hint: "Check it.", atMs: 1 };
    failed.pipelines = failed.pipelines.map((one) => ({ ...one, state: "failed", error }));
    await world.tx2.say("reported", failed);
    const screen = await console.awaitText(/error tx2\/entrance: SOURCE_UNREACHABLE: no answer/);
    expect(screen).toContain("next: Check it.");
    await world.tx2.say("reported", reportedOf("tx2", "tx2"));
    await console.awaitText(/all well/);
    const gate = await SyntheticDevice.connect(world.hub, "gate");
    await gate.say("reported", reportedOf("gate"));
    await console.awaitText(/gate +AGX Xavier \(simulated\)/);
    gate.die();
    await console.awaitText(/gate +AGX Xavier \(simulated\) +offline/);
    await world.hub.client().deleteDevice("gate");
    await console.awaitText(/2 of 2 online/);
    await world.hub.end("SIGKILL");
    await console.awaitText(/no link to the hub/);
    await world.hub.restart();
    await console.awaitText(/2 of 2 online {2}all well/);
  });

  it("ends on SIGTERM with the shell's code for it, terminal restored", async () => {
    const console = open();
    await console.awaitText(/tx2\/entrance/);
    process.kill(console.pid, "SIGTERM");
    expect(await console.exitStatus()).toBe(143);
    // tmux may hear of the end before it has drawn the last of the output.
    await expect.poll(() => console.screen()).not.toContain("tx2/entrance");
  });
});

describe("the console and job control", () => {
  it.each([
    ["SIGTSTP", "that can be heard"],
    ["SIGSTOP", "that cannot"],
  ] as const)(
    "has its whole screen and its keys after %s, a stop %s, and fg",
    async (signal, _how) => {
      const console = open();
      await console.awaitText(/tx2\/entrance/);
      const { pid } = console;
      process.kill(pid, signal);
      await until("the stop", () =>
        /^State:\s+T/m.test(readFileSync(`/proc/${pid}/status`, "utf8")),
      );
      console.scribble("\u001b[2J\u001b[3;1Hsomebody else wrote this\r\n");
      process.kill(pid, "SIGCONT");
      const screen = await console.awaitText(/^> tx2[^]*xavier\/entrance[^]*q quit/m);
      expect(screen).toMatch(/jetfleet {2}demo/);
      await expect.poll(() => console.screen()).not.toContain("somebody else");
      console.keys("?");
      await console.awaitText(/Keys/);
      console.keys("x");
      await console.awaitText(/tx2\/entrance/);
      console.keys("q");
      expect(await console.exitStatus()).toBe(0);
    },
  );

  it("ends on Ctrl-C while it is being bundled, which ends esbuild too, as cancelled", async () => {
    const console = open();
    await until("esbuild", () => childrenOf(console.pid).some((name) => name.includes("esbuild")));
    console.keys("C-c");
    expect(await console.exitStatus()).toBe(130);
    // tmux scrolls by one line to say that the program is gone; of an INTERNAL error the code would be 2.
    expect(console.screen()).toContain("Run it again to go on");
  });

  it("ends on Ctrl-C while it waits for a hub that says nothing, as cancelled", async () => {
    const silent = createServer();
    await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve));
    const { port } = silent.address() as AddressInfo;
    let came = false;
    silent.on("connection", () => (came = true));
    const where = ["--hub", `https://127.0.0.1:${port}`, "--identity", world.hub.operatorFile];
    terminal = new Terminal([JETFLEET, "console", ...where], { width: 80, height: 24 });
    await until("it to connect", () => came);
    terminal.keys("C-c");
    expect(await terminal.exitStatus()).toBe(130);
    expect(terminal.screen()).toContain("Run it again to go on");
    silent.close();
  });
});

/** Commands of the processes that a process has started and that are there. */
function childrenOf(pid: number): string[] {
  try {
    const pids = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").split(" ");
    return pids.filter(Boolean).map((child) => readFileSync(`/proc/${child}/cmdline`, "utf8"));
  } catch {
    return [];
  }
}

describe("the console without a terminal", () => {
  it("says so and points to status", async () => {
    const refused = await outcomeOf(JETFLEET, ["console", "--hub-dir", world.hub.stateDir]);
    expect(refused.code).toBe(2);
    expect(refused.stderr).toContain("USAGE: Expected a terminal");
    expect(refused.stderr).toContain("jetfleet status");
  });
});
