import { readdir, readFile } from "node:fs/promises";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { KeptEngine } from "../../fleet/contract/index.ts";
import type { FleetView } from "../../fleet/view/index.ts";
import { FULL, LONG } from "../support/long-form.ts";
import { DemoWorld, processesNaming } from "./support/demo-world.ts";

const MINUTE = 60_000;

describe("a fleet of two simulated boards and a camera", { timeout: 5 * MINUTE }, () => {
  let world: DemoWorld;

  beforeAll(async () => {
    world = await DemoWorld.create();
  });
  afterAll(() => world.end(), 3 * MINUTE);

  it("comes up by one command that ends when frames flow on both boards", async () => {
    const { code, text } = await world.demo("--once");
    expect(text).toContain("all pipelines deliver frames");
    expect(text).toMatch(/tx2\s+TX2 \(simulated\)\s+online\s+4\.6\.1/);
    expect(text).toMatch(/xavier\s+AGX Xavier \(simulated\)\s+online\s+5\.1\.2/);
    // A busy machine may be out of the demo's budget, which is said, and which its boards act on.
    expect(text).not.toMatch(/^(?!.*budget).*(\bwarning\b|deprecat)/im);
    expect(code).toBe(0);

    const view = await world.status();
    expect(nodeVersions(view)).toEqual({ tx2: "v16", xavier: "v24" });
    for (const pipeline of pipelines(view)) {
      expect(pipeline.stats?.fps).toBeGreaterThan(0);
      expect(pipeline.stats?.latencyFrom).toBe("capture");
    }
  });

  it("had the model's engine built by one board; the other fetched it and found it right", async () => {
    const { text } = await world.jetfleet("engines", "--json");
    const { devices } = JSON.parse(text) as {
      devices: { device: string; engines: KeptEngine[] }[];
    };
    const [built, fetched] = devices
      .flatMap(({ device, engines }) => engines.map((engine) => ({ device, ...engine })))
      .sort((a, b) => ((a.origin ?? "") < (b.origin ?? "") ? -1 : 1));
    expect(built).toMatchObject({ origin: "built-here", attestation: { device: built?.device } });
    expect(fetched).toMatchObject({ origin: "fetched", attestation: { device: built?.device } });
    expect([fetched?.key, fetched?.digest]).toEqual([built?.key, built?.digest]);
    expect(fetched?.device).not.toBe(built?.device);
    expect(fetched?.selfTest?.candidates).toBeGreaterThan(0);
    expect(fetched?.selfTest?.mostScoreOff).toBeLessThan(0.001);
  });

  it("runs agent and runners as users of their own, and the runner can touch nothing but models", async () => {
    const check = async (board: string): Promise<void> => {
      const onBoard = async (command: string) => (await world.ssh(board, command)).text.trim();
      expect(await onBoard(`ps ax -o user:20=,args= | grep -c '^jetfleet .* run --config'`)).toBe(
        "1",
      );
      const runner = await onBoard("pgrep -f 'agent.cjs runner$'");
      const status = await onBoard(`cat /proc/${runner}/status`);
      const uid = await onBoard("id -u jetfleet-runner");
      expect(status).toMatch(new RegExp(`^Uid:\\s+${uid}\\s+${uid}\\s+${uid}\\s+${uid}$`, "m"));
      expect(status).toMatch(/^NoNewPrivs:\s+1$/m);
      expect(status).toMatch(/^CapBnd:\s+0+$/m);
      const asRunner = (command: string) =>
        onBoard(
          `sudo setpriv --reuid ${uid} --regid $(id -g jetfleet-runner) --clear-groups sh -c '${command}' 2>&1 | tail -1`,
        );
      const denied = /Permission denied|EACCES/;
      expect(await asRunner("cat /var/lib/jetfleet/identity.pem")).toMatch(denied);
      expect(await asRunner("cat /var/lib/jetfleet/state.json")).toMatch(denied);
      expect(await asRunner("ls /var/lib/jetfleet/objects")).toMatch(denied);
      expect(await asRunner("touch /var/lib/jetfleet/objects/mine")).toMatch(denied);
      expect(await asRunner("cat /etc/jetfleet/agent.json")).toMatch(denied);
      expect(await asRunner("touch /opt/jetfleet/current/agent.cjs")).toMatch(denied);
      const agent = await onBoard("systemctl show -p MainPID --value jetfleet-agent");
      expect(await asRunner(`kill -0 ${agent} || echo refused`)).toBe("refused");
      // Whoever may not write to a socket may not connect to it.
      expect(await asRunner("test -w /run/jetfleet/runner.sock || echo refused")).toBe("refused");
    };
    await Promise.all(["tx2", "xavier"].map(check));
  });

  it("is what the program says: preview has nothing to change, and a second run changes nothing", async () => {
    expect((await world.pulumi("preview", "--expect-no-changes")).code).toBe(0);
    const again = await world.demo("--once");
    expect(again.text).toMatch(/6 unchanged/);
    expect(again.text).not.toMatch(/ started,/);
    expect(again.text.match(/ found running,/g)?.length).toBeGreaterThanOrEqual(3);
    expect(again.code).toBe(0);
  });

  it("shows plan and measurement side by side, of the silicon and of the CPU that simulates it", async () => {
    const view = await world.statusUntil("frames on both boards", allDeliver, MINUTE);
    for (const { plan, comparison, model, budget } of pipelines(view)) {
      expect(plan).toMatchObject({ verdict: "runs", modelDigest: model?.digest });
      expect(comparison).toMatchObject({ silicon: "simulation", alike: false });
      const fps = comparison?.rows.find(({ what }) => what === "fps");
      const wanted = budget?.minFps ?? Number.NaN;
      expect(fps).toMatchObject({
        planned: { low: expect.any(Number), high: expect.any(Number) },
        measured: expect.any(Number),
        // What the CPU of a busy machine gives is not the test's to say.
        budgetVerdict: expect.stringMatching(
          Number(fps?.measured) >= wanted ? /^(met|recovering)$/ : /^missed$/,
        ),
        planVerdict: null,
      });
    }
  });

  it("refuses a budget that the silicon cannot give before anything moves, and takes another without a restart", async () => {
    const before = pipelines(await world.status()).map(({ sinceMs, restarts }) => [
      sinceMs,
      restarts,
    ]);
    await world.pulumi("config", "set", "quickstart:budget", '{"minFps":5000}');
    const refused = await world.pulumi("preview");
    expect(refused.code).not.toBe(0);
    // The engine stops at the first.
    expect(refused.text).toMatch(/DEMAND_IMPOSSIBLE: Jetson .* fps.*you ask for 5000/);

    await world.pulumi("config", "set", "quickstart:budget", '{"minFps":5}');
    const up = await world.pulumi("up", "--yes", "--skip-preview", "--suppress-progress");
    expect(up.code, up.text).toBe(0);
    const view = await world.status();
    expect(pipelines(view).map(({ budget }) => budget)).toEqual([{ minFps: 5 }, { minFps: 5 }]);
    expect(pipelines(view).map(({ sinceMs, restarts }) => [sinceMs, restarts])).toEqual(before);
  });

  it.runIf(FULL)(
    `shows a stopped agent as drift on refresh, and the next up repairs it${LONG}`,
    async () => {
      expect((await world.ssh("tx2", "sudo systemctl stop jetfleet-agent")).code).toBe(0);
      const refresh = await world.pulumi("refresh", "--yes", "--suppress-progress");
      expect(refresh.text).toMatch(/Device tx2.*(updated|update) .*agent/);
      expect((await world.pulumi("preview", "--expect-no-changes")).code).not.toBe(0);

      const up = await world.pulumi("up", "--yes", "--skip-preview", "--suppress-progress");
      expect(up.code, up.text).toBe(0);
      expect((await world.ssh("tx2", "systemctl is-active jetfleet-agent")).text.trim()).toBe(
        "active",
      );
      await world.statusUntil("frames on both boards", allDeliver, MINUTE);
      expect((await world.pulumi("preview", "--expect-no-changes")).code).toBe(0);
    },
  );

  it("starts a killed agent again by its unit, and frames resume", async () => {
    const pid = await mainPid(world);
    await world.ssh("xavier", `sudo kill -9 ${pid}`);
    const view = await world.statusUntil("frames on both boards", allDeliver, MINUTE);
    expect(await mainPid(world)).not.toBe(pid);
    expect(view.healthy).toBe(true);
  });

  it("keeps its secrets out of logs, command lines, retained messages and Pulumi's state", async () => {
    const secrets = await secretsOf(world);
    expect(secrets.length).toBeGreaterThanOrEqual(4);
    for (const folder of [world.paths.logs, path.join(world.paths.state, "pulumi")]) {
      for (const [file, text] of await filesBelow(folder)) {
        const leaked = secrets.filter(({ value }) => text.includes(value)).map(({ name }) => name);
        expect(leaked, file).toEqual([]);
      }
    }
    for (const { name, value } of secrets) expect(await processesNaming(value), name).toEqual([]);
    for (const [file, text] of await filesBelow(path.join(world.paths.hub, "retained"))) {
      const leaked = secrets.filter(({ value }) => text.includes(value)).map(({ name }) => name);
      expect(leaked, file).toEqual([]);
    }
  });

  it("ends by one command: nothing of it is left on the boards, and no process", async () => {
    const down = await world.demo("--down");
    expect(down.code, down.text).toBe(0);
    expect(down.text).toMatch(/6 deleted/);
    for (const board of ["tx2", "xavier"]) {
      const root = path.join(world.paths.boards, board, "root");
      for (const folder of ["opt/jetfleet", "etc/jetfleet", "var/lib/jetfleet"]) {
        expect(await readdir(path.join(root, folder)).catch(() => "gone")).toBe("gone");
      }
    }
    expect(await processesNaming(world.paths.state)).toEqual([]);
  });
});

function pipelines(view: FleetView) {
  return view.devices.flatMap((device) => device.pipelines);
}

function allDeliver(view: FleetView): boolean {
  return (
    view.healthy &&
    pipelines(view).length === 2 &&
    pipelines(view).every(({ state, stats }) => state === "running" && (stats?.fps ?? 0) > 0)
  );
}

function nodeVersions(view: FleetView): Record<string, string | undefined> {
  return Object.fromEntries(
    view.devices.map(({ name, board }) => [name, board?.node.split(".")[0]]),
  );
}

async function mainPid(world: DemoWorld): Promise<string> {
  const { text } = await world.ssh("xavier", "systemctl show -p MainPID jetfleet-agent");
  return text.trim().replace("MainPID=", "");
}

/** Every secret of the fleet: what the demo made, and what the provider gave to the devices. */
async function secretsOf(world: DemoWorld): Promise<{ name: string; value: string }[]> {
  const { keys, boards, hub } = world.paths;
  const pemBody = (text: string) => text.split("\n")[1] ?? "";
  return [
    { name: "passphrase", value: (await readFile(path.join(keys, "passphrase"), "utf8")).trim() },
    { name: "operator's key", value: pemBody(await readFile(world.paths.operatorFile, "utf8")) },
    { name: "CA", value: pemBody(await readFile(path.join(hub, "ca/ca.pem"), "utf8")) },
    { name: "signing key", value: pemBody(await readFile(world.paths.signingKey, "utf8")) },
    // The first lines of an OpenSSH key are its public half.
    {
      name: "ssh key",
      value: (await readFile(world.paths.sshKey, "utf8")).split("\n").at(-4) ?? "",
    },
    ...(await Promise.all(
      ["tx2", "xavier"].map(async (board) => ({
        name: `key of ${board}`,
        value: pemBody(
          await readFile(path.join(boards, board, "root/var/lib/jetfleet/identity.pem"), "utf8"),
        ),
      })),
    )),
  ];
}

async function filesBelow(folder: string): Promise<[string, string][]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return Promise.all(
    entries
      .filter((entry) => entry.isFile())
      .map(async (entry): Promise<[string, string]> => {
        const file = path.join(entry.parentPath, entry.name);
        return [file, await readFile(file, "latin1")];
      }),
  );
}
