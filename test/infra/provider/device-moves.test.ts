import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type SimulatedBoard, startBoard } from "../../../fleet/sim/board/index.ts";
import type { Properties } from "../../../infra/provider/rpc/values.ts";
import { failureFrom, type Resource } from "./support/driver.ts";
import { StubRuntime } from "./support/stub-runtime.ts";
import { createWorld, urnOf, type World } from "./support/world.ts";

const urn = urnOf("Device", "door");
const EVERYTHING = "/opt/jetfleet /etc/jetfleet /var/lib/jetfleet /etc/systemd/system/jetfleet-*";

let world: World;
let dir: string;
let runtime: StubRuntime;
let first: SimulatedBoard;
let second: SimulatedBoard;

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), "jetfleet-moves-"));
  execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", join(dir, "key")]);
  runtime = new StubRuntime(join(dir, "runtime"));
  world = await createWorld(runtime);
  const authorizedKeys = readFileSync(join(dir, "key.pub"), "utf8");
  [first, second] = (await Promise.all(
    (["first", "second"] as const).map((name) =>
      startBoard({ name, board: "agx-xavier", dir: join(dir, name), authorizedKeys }),
    ),
  )) as [SimulatedBoard, SimulatedBoard];
}, 120_000);
afterAll(async () => {
  await first?.stop();
  await second?.stop();
  await world?.close();
  rmSync(dir, { recursive: true, force: true });
});

/** The device on that board, whose key the program names, as it must where another one was pinned. */
function on({ info }: SimulatedBoard, change: Properties = {}): Promise<Properties> {
  const ssh = { privateKeyPath: join(dir, "key"), hostKey: info.hostKey };
  const where = { address: "127.0.0.1", port: info.sshPort, ssh };
  return world.driver.checked(urn, { name: "door", ...where, ...change });
}

const left = async (board: SimulatedBoard) =>
  (await board.exec(`ls -d ${EVERYTHING} 2>/dev/null`)).stdout.trim();
const runs = async (board: SimulatedBoard) =>
  (await board.exec("systemctl is-active jetfleet-agent")).stdout.trim();
const former = ({ info }: SimulatedBoard) => [
  { address: "127.0.0.1", port: info.sshPort, hostKey: info.hostKey },
];

describe("a device that gets another board", { timeout: 300_000 }, () => {
  let device: Resource;
  const told = async <T>(work: () => Promise<T>): Promise<[T, string]> => {
    const seen = world.engine.lines.length;
    const result = await work();
    return [
      result,
      world.engine.lines
        .slice(seen)
        .map(({ text }) => text)
        .join("\n"),
    ];
  };
  const update = async (news: Properties) => {
    const [updated, text] = await told(() => world.driver.update(urn, device, news));
    device = updated;
    return text;
  };

  test("says in the preview that its agent is removed from the board before", async () => {
    device = await world.driver.create(urn, await on(first));
    const news = await on(second);
    const [, text] = await told(() => world.driver.update(urn, device, news, { preview: true }));
    expect(text).toContain(`it is another board that answers at 127.0.0.1:${second.info.sshPort}`);
    expect(text).toContain(`removed from the one at 127.0.0.1:${first.info.sshPort}`);
    expect(await runs(first)).toBe("active");
  });

  test("has the board before until the new one is online", async () => {
    runtime.version = "mute";
    const news = await on(second);
    const failure = await failureFrom(world.driver.update(urn, device, news, { timeout: 25 }));
    expect(failure.message).toMatch(/AGENT_OFFLINE|OPERATION_TIMEOUT/);
    expect(failure.init?.state["formerBoards"]).toEqual(former(first));
    expect(await left(first)).not.toBe("");
    device = { ...device, inputs: news, state: failure.init?.state ?? {} };
  });

  test("still has it when the next update finds the new one installed, and silent", async () => {
    const again = world.driver.update(urn, device, device.inputs, { timeout: 15 });
    const failure = await failureFrom(again);
    expect(failure.message).toMatch(/AGENT_OFFLINE|OPERATION_TIMEOUT/);
    expect(failure.init?.state["formerBoards"]).toEqual(former(first));
    expect(await left(first)).not.toBe("");
    expect(await runs(first)).toBe("active");
    device = { ...device, state: failure.init?.state ?? {} };
    // A refresh does not take the one for the other, either.
    const { state } = await world.driver.read(urn, device);
    expect(state).toMatchObject({ agent: "active", online: false });
  });

  test("is removed from the board before by the update that brings the new one online", async () => {
    runtime.version = "one";
    await update(await on(second));
    expect(device.state).toMatchObject({ online: true });
    expect(device.state["formerBoards"]).toBeUndefined();
    expect(await left(first)).toBe("");
    expect(await runs(second)).toBe("active");
    expect((await world.driver.diff(urn, device, device.inputs)).changes).toEqual({});
  });

  test("and whose former one does not answer says so, until an update reaches it", async () => {
    await second.powerCut();
    const text = await update(await on(first));
    expect(text).toContain(
      `agent of door stays on its former board at 127.0.0.1:${second.info.sshPort}`,
    );
    expect(text).toContain("pulumi config set jetfleet:onUnreachable forget");
    expect(device.state).toMatchObject({ online: true, formerBoards: former(second) });
    const { changes } = await world.driver.diff(urn, device, device.inputs);
    expect(changes).toEqual({ formerBoards: "DELETE" });
    await second.boot();
    await update(device.inputs);
    expect(device.state["formerBoards"]).toBeUndefined();
    expect(await left(second)).toBe("");
    expect(await runs(first)).toBe("active");
  });

  test("and whose former one is gone for good forgets it when told so", async () => {
    await first.powerCut();
    await update(await on(second));
    expect(device.state["formerBoards"]).toEqual(former(first));
    await world.driver.configure({ ...world.config, onUnreachable: "forget" });
    expect(await update(device.inputs)).toMatch(/that board is forgotten/);
    await world.driver.configure(world.config);
    expect(device.state["formerBoards"]).toBeUndefined();
    expect((await world.driver.diff(urn, device, device.inputs)).changes).toEqual({});
    await first.boot();
  });

  test("and that is another's by now leaves it that one's", async () => {
    const foreign = urn.replace("test::project", "prod::other").replace("door", "hall");
    // What `first` still has of the device that forgot it is taken over as another.
    const hall = await on(first, { name: "hall", takeOver: true });
    await world.driver.create(foreign, hall);
    device = { ...device, state: { ...device.state, formerBoards: former(first) } };
    expect(await update(device.inputs)).toMatch(/board of door is of other\/prod.* by now/);
    expect(device.state["formerBoards"]).toBeUndefined();
    expect(await runs(first)).toBe("active");
  });

  test("is deleted on both where it has not left the former one", async () => {
    const again = await on(first, { takeOver: true });
    await second.powerCut();
    await update(again);
    expect(device.state["formerBoards"]).toEqual(former(second));
    const failure = await failureFrom(world.driver.delete(urn, device, 4));
    expect(failure.message).toMatch(/SSH_(UNREACHABLE|TIMEOUT).*onUnreachable/s);
    await second.boot();
    await world.driver.delete(urn, device);
    expect([await left(first), await left(second)]).toEqual(["", ""]);
  });
});
