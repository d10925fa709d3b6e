import { mkdtempSync, rmSync } from "node:fs";
import { request } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parseCardFound } from "../../../agent/board/facts.ts";
import { enrolBoard } from "../../../cli/enrol-board.ts";
import { tokenHashOf } from "../../../fleet/hub/enrolment-api.ts";
import { judgePreflight, PREFLIGHT_SCRIPT } from "../../../fleet/provision/preflight.ts";
import { parseProbe, probeScript } from "../../../fleet/provision/probe.ts";
import { CARD_FILE } from "../../../fleet/sim/board/card-files.ts";
import { type SimulatedBoard, startBoard } from "../../../fleet/sim/board/index.ts";
import { createKey, requestFor } from "../../../fleet/transfer/identity/certificate-request.ts";
import { failureFrom } from "../../infra/provider/support/driver.ts";
import { StubRuntime } from "../../infra/provider/support/stub-runtime.ts";
import { createWorld, FLEET, urnOf, type World } from "../../infra/provider/support/world.ts";

let world: World;
let dir: string;
let enrolUrl: string;
let hubUrl: string;
const TOKEN = "t".repeat(32);

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), "jetfleet-enrol-"));
  world = await createWorld(new StubRuntime(join(dir, "runtime")));
  enrolUrl = (await world.hub.info()).enrolUrl ?? "";
  hubUrl = world.config["hubUrl"] as string;
});
afterAll(async () => {
  await world.close();
  rmSync(dir, { recursive: true, force: true });
});

const begin = (device: string, lifeMs = 60_000) =>
  world.hub.beginEnrolment(device, {
    tokenHash: tokenHashOf(TOKEN),
    ...{ lifeMs, script: "#!/bin/sh\n", objects: [] },
  });

interface Answer {
  status: number;
  text: string;
}

function ask(path: string, token?: string, body?: unknown): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sent = request(
      `${enrolUrl}${path}`,
      {
        ca: world.hub.caPem,
        method: body === undefined ? "GET" : "POST",
        agent: false,
        headers: {
          ...(token !== undefined && { authorization: `Bearer ${token}` }),
          ...(body !== undefined && { "content-type": "application/json" }),
        },
      },
      (response) => {
        let text = "";
        response.on("data", (chunk) => (text += String(chunk)));
        response.on("end", () => resolve({ status: response.statusCode ?? 0, text }));
      },
    );
    sent.once("error", reject);
    sent.end(body === undefined ? undefined : JSON.stringify(body));
  });
}

const requestOf = (name: string) => requestFor({ kind: "device", fleet: FLEET, name }, createKey());
const certificate = (id: string, token: string, body: unknown) =>
  ask(`/enrol/${id}/certificate`, token, body);

describe("an enrolment", () => {
  test("serves one key alone, again when its answer was lost, also after the hub was started anew", async () => {
    const { id } = await begin("once");
    const first = requestOf("once");
    expect((await certificate(id, TOKEN, first)).status).toBe(200);
    expect((await certificate(id, TOKEN, first)).status).toBe(200);
    expect((await certificate(id, TOKEN, requestOf("once"))).status).toBe(403);
    await world.stopHub();
    await world.startHub();
    enrolUrl = (await world.hub.info()).enrolUrl ?? "";
    expect((await certificate(id, TOKEN, requestOf("once"))).status).toBe(403);
    expect((await certificate(id, TOKEN, first)).status).toBe(200);
  });

  test("gives nothing for another token, another name, or what is no request", async () => {
    const { id } = await begin("named");
    for (const [token, body] of [
      ["", requestOf("named")],
      ["w".repeat(32), requestOf("named")],
      [`${TOKEN}x`, requestOf("named")],
      [TOKEN, requestOf("other")],
      [TOKEN, { publicKey: "x", proof: "y" }],
      [TOKEN, []],
    ] as const) {
      expect((await certificate(id, token, body)).status).toBe(403);
    }
    expect((await ask(`/enrol/${id}/objects/sha256:${"0".repeat(64)}`, TOKEN)).status).toBe(403);
    expect((await ask(`/enrol/${"0".repeat(32)}/install`)).status).toBe(403);
    expect((await ask(`/enrol/..%2f..%2fca/install`)).status).toBe(403);
    expect((await ask("/devices", TOKEN)).status).toBe(403);
  });

  test("ends after ten wrong tokens, in time, when another begins, and when it is cancelled", async () => {
    const guessed = await begin("guessed");
    for (let n = 0; n < 10; n += 1) await certificate(guessed.id, `${n}`.repeat(32), {});
    expect((await certificate(guessed.id, TOKEN, requestOf("guessed"))).status).toBe(403);
    const short = await begin("short", 1000);
    expect((await ask(`/enrol/${short.id}/install`)).status).toBe(200);
    await expect
      .poll(async () => (await ask(`/enrol/${short.id}/install`)).status, { timeout: 5000 })
      .toBe(403);
    const former = await begin("twice");
    const { id } = await begin("twice");
    expect((await ask(`/enrol/${former.id}/install`)).status).toBe(403);
    await world.hub.endEnrolment("twice");
    expect((await ask(`/enrol/${id}/install`)).status).toBe(403);
  });
});

describe("a board that nobody reaches", { timeout: 60_000 }, () => {
  let board: SimulatedBoard;
  beforeAll(async () => {
    // No key opens its SSH server.
    board = await startBoard({
      ...{ name: "yard", board: "agx-xavier", dir: join(dir, "yard") },
      authorizedKeys: "",
    });
  });
  afterAll(() => board?.stop());

  const enrol = (device = "yard") =>
    enrolBoard(world.hub, new StubRuntime(join(dir, "runtime")), {
      ...{ device, board: "agx-xavier", labels: { site: "basel" }, lifeMs: 60_000 },
      ...{ hubUrl, rootKeyFile: join(world.dir, "sign.pem") },
    });
  const runLine = (line: string) => board.exec(line.replace("| sudo sh", "| sh"));

  const urn = urnOf("Device", "yard");
  const declared = { name: "yard", board: "agx-xavier", labels: { site: "basel" }, enroll: true };
  const mqttGoals = async () => await world.driver.checked(urn, declared);

  test("is told what the board lacks before anything is changed there", async () => {
    const inspect = "/usr/local/bin/gst-inspect-1.0";
    await board.exec(
      `printf '#!/bin/sh\necho "coreelements:  fakesink: Fake Sink"\n' > ${inspect}; chmod +x ${inspect}`,
    );
    const refused = await runLine((await enrol()).line);
    await board.exec(`rm ${inspect}`);
    expect(refused.code).not.toBe(0);
    expect(refused.stderr).toMatch(
      /the board lacks what the agent needs \(apt-get install gstreamer1\.0-libav gstreamer1\.0-plugins-bad .*\): GStreamer lacks parsebin; .*Nothing was changed/,
    );
    expect((await board.exec("ls -d /opt/jetfleet 2>/dev/null")).stdout).toBe("");
  });

  test("is a declared device's own once it is enrolled, and until then that says what to do", async () => {
    const inputs = await mqttGoals();
    const failure = await failureFrom(world.driver.create(urn, inputs, { timeout: 1 }));
    expect(failure.init?.reasons[0]).toMatch(
      /no board has been enrolled[^]*enroll yard --board agx-xavier --label site=basel/,
    );
    const begun = { id: "yard", inputs, state: failure.init?.state ?? {} };
    const waiting = world.driver.update(urn, begun, inputs);
    const { line } = await enrol();
    expect((await runLine(line)).code).toBe(0);
    const device = await waiting;
    expect(device.state).toMatchObject({ board: "agx-xavier", online: true, agent: "active" });
    expect((await world.driver.diff(urn, device, inputs)).changes).toEqual({});
    expect((await world.driver.read(urn, device)).state).toMatchObject({ online: true });
    const other = await world.driver.checked(urn, { ...declared, labels: { site: "bern" } });
    const refused = await failureFrom(world.driver.update(urn, device, other));
    expect(refused.message).toMatch(/labels \{"site":"bern"\}[^]*--label site=bern/);
    await world.driver.delete(urn, device);
    expect(world.engine.lines.at(-1)?.text).toContain("sudo sh /opt/jetfleet/remove.sh");
    expect((await world.hub.listDevices()).map(({ name }) => name)).not.toContain("yard");
  });

  test("is declared by one way of reaching it alone", async () => {
    const both = await world.driver.check(urn, {
      ...declared,
      address: "10.0.0.1",
      powerMode: "X",
    });
    expect(both.failures.map(({ property }) => property)).toEqual(["address", "powerMode"]);
    const { enroll: _, ...neither } = declared;
    const none = await world.driver.check(urn, neither);
    expect(none.failures.map(({ property }) => property)).toEqual(["address", "ssh"]);
  });

  test("becomes a device by the printed line, once", async () => {
    const { line, targets } = await enrol();
    expect(targets).toContain("R32, R35, R36, R38 x86_64");
    const done = await runLine(line);
    expect(done.stdout + done.stderr).toContain("the agent of yard is started");
    await expect
      .poll(
        async () => {
          const presence = await world.hub.getRetained("yard", "presence");
          return Buffer.from(presence ?? []).toString("utf8");
        },
        { timeout: 20_000 },
      )
      .toContain('"online":true');
    const config = (await board.exec("cat /etc/jetfleet/agent.json")).stdout;
    expect(config).toContain('"site":"basel"');
    expect(config).toContain("BEGIN PUBLIC KEY");
    // Its token is nowhere on the board, and of no use any more.
    const [, token = ""] = /^echo (\S+) /.exec(line) ?? [];
    const found = await board.exec(
      `grep -rl -e '${token}' /etc/jetfleet /opt/jetfleet /var/lib/jetfleet /tmp 2>/dev/null; true`,
    );
    expect(found.stdout).toBe("");
    const again = await runLine(line);
    expect(again.code).not.toBe(0);
    expect(again.stdout + again.stderr).toMatch(/ask for a new line with jetfleet enroll yard/);
  });

  test("takes no installer but the one that its line names, and none of another board's", async () => {
    const { line } = await enrol("other");
    const digest = /echo "([0-9a-f]{64})/.exec(line)?.[1] ?? "";
    const altered = await runLine(line.replace(digest, "0".repeat(64)));
    expect(altered.code).not.toBe(0);
    expect(
      (await board.exec("grep -c '\"other\"' /etc/jetfleet/agent.json; true")).stdout.trim(),
    ).toBe("0");
  });

  test("is cleared again by what the installer left there", async () => {
    const done = await board.exec("sh /opt/jetfleet/remove.sh");
    expect(done.stderr).toBe("");
    expect(
      (await board.exec("ls -d /opt/jetfleet /etc/jetfleet /var/lib/jetfleet 2>/dev/null; true"))
        .stdout,
    ).toBe("");
  });
});

describe("a PC that nobody reaches", { timeout: 60_000 }, () => {
  let board: SimulatedBoard;
  beforeAll(async () => {
    board = await startBoard({
      ...{ name: "desk", board: "x86", dir: join(dir, "desk") },
      authorizedKeys: "",
    });
  });
  afterAll(() => board?.stop());

  async function runLine() {
    const { line } = await enrolBoard(world.hub, new StubRuntime(join(dir, "runtime")), {
      ...{ device: "desk", board: "x86", labels: {}, lifeMs: 60_000 },
      ...{ hubUrl, rootKeyFile: join(world.dir, "sign.pem") },
    });
    return await board.exec(line.replace("| sudo sh", "| sh"));
  }
  /** What provisioning over SSH would find of the same card. */
  async function probed() {
    const { stdout } = await board.exec(`PATH=$PATH:/usr/sbin:/sbin\n${probeScript(null)}`);
    const probe = parseProbe(stdout);
    const { stdout: answers } = await board.exec(PREFLIGHT_SCRIPT);
    const findings = judgePreflight(answers, { ...probe, simulated: false }, Date.now());
    const { driver, cuda, tensorrt, tensorrtRtx } = probe;
    return { driver, cuda, tensorrt, tensorrtRtx, findings: findings.map(({ says }) => says) };
  }

  test.each([
    ["ok", /driver 535\.183\.01, CUDA 12\.2, TensorRT none, TensorRT-RTX none/],
    ["version-mismatch", /CUDA unknown[^]*note: models run .*\(version-mismatch: .*Reboot it/],
    ["lost", /note: models run .*\(card-lost: Unable to determine the device handle/],
  ])("is told of its card what SSH would tell: %s", async (state, says) => {
    await board.exec(`echo ${state} > ${CARD_FILE}`);
    const done = await runLine();
    expect(done.stdout + done.stderr).toContain("the agent of desk is started");
    expect(done.stdout).toMatch(says);
    const kept = (await board.exec("cat /opt/jetfleet/card-facts")).stdout;
    expect(parseCardFound(kept)).toEqual(await probed());
  });

  test("is a device with the facts of its card", async () => {
    const urn = urnOf("Device", "desk");
    const inputs = await world.driver.checked(urn, { name: "desk", board: "x86", enroll: true });
    const device = await world.driver.create(urn, inputs);
    expect(device.state).toMatchObject({ board: "x86", driver: "535.183.01", online: true });
    await world.driver.delete(urn, device);
  });

  test("is left as it is without a driver, and told what to install", async () => {
    await board.powerCut();
    board.behaviour.card = "no-driver";
    await board.boot();
    await board.exec("rm -rf /opt/jetfleet");
    const refused = await runLine();
    expect(refused.code).not.toBe(0);
    expect(refused.stderr).toMatch(
      /driver of the NVIDIA card in 0000:01:00\.0 .*ubuntu-drivers install/,
    );
    expect((await board.exec("ls -d /opt/jetfleet 2>/dev/null")).stdout).toBe("");
  });
});
