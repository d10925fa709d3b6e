import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { cpus, loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { assembleRuntime } from "../../../fleet/provision/runtime/release.ts";
import type { Properties } from "../../../infra/provider/rpc/values.ts";
import { createWorld, urnOf, type World } from "../../infra/provider/support/world.ts";
import type { Bench, BenchResult } from "../bench.ts";
import { startBoardProcess } from "./board-process.ts";
import { ChangingRuntime } from "./changing-runtime.ts";
import { Link } from "./link.ts";

/** Megabits a second, as `--clip` names them. */
const RATES = ["100", "10"];
/** Longer than the slowest of them takes. */
const TIMEOUT_S = 900;

type Row = BenchResult["rows"][number];

export const provisioningBench: Bench = {
  name: "provisioning",
  summary:
    "time and bytes of a board's first provisioning and of later ones, by the rate of its link",
  clips: RATES,
  async run(log, { clip }) {
    const dir = mkdtempSync(join(tmpdir(), "jetfleet-provisioning-"));
    execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", join(dir, "key")]);
    try {
      const rows: Row[] = [];
      const [loadBefore = 0] = loadavg();
      for (const rate of clip === null ? RATES : [clip]) {
        rows.push(...(await provisionOver(Number(rate), dir, log)));
      }
      const [loadAfter = 0] = loadavg();
      const sizes = await releaseSizes();
      return {
        rows,
        ratios: {},
        conditions: { cpus: cpus().length, loadBefore, loadAfter, node: process.version, ...sizes },
      };
    } finally {
      rmSync(dir, { recursive: true, force: true });
    }
  },
};

async function provisionOver(
  megabits: number,
  dir: string,
  log: (line: string) => void,
): Promise<Row[]> {
  const link = new Link(megabits * 1e6);
  const runtime = new ChangingRuntime(join(dir, `agent-${megabits}.cjs`));
  const name = `door-${megabits}`;
  const board = await startBoardProcess({ name, dir: join(dir, name), key: join(dir, "key.pub") });
  const world = await createWorld(runtime, {
    enrolThrough: (port) => link.open(port, "board"),
  });
  const rows: Row[] = [];
  const measured = async <T>(what: string, work: () => Promise<T>): Promise<T> => {
    const { toBoard, fromBoard } = link.passed;
    const lines = world.engine.lines.length;
    const beganMs = performance.now();
    const result = await work();
    const seconds = (performance.now() - beganMs) / 1000;
    const sent = link.passed.toBoard - toBoard;
    const byHub = world.engine.lines.slice(lines).some(({ text }) => /SSH is slow/.test(text));
    rows.push({
      "link Mbit/s": megabits,
      ...{ what, way: byHub ? "SSH, then the hub" : "SSH", "wall s": seconds },
      ...{ "least s": (sent * 8) / megabits / 1e6, "to board MB": sent / 1e6 },
      "from board MB": (link.passed.fromBoard - fromBoard) / 1e6,
    });
    log(`${megabits} Mbit/s, ${what}: ${seconds.toFixed(1)} s, ${(sent / 1e6).toFixed(3)} MB`);
    return result;
  };
  try {
    const urn = urnOf("Device", name);
    const port = await link.open(board.sshPort, "machine");
    const ssh = { privateKeyPath: join(dir, "key") };
    const declared: Properties = { name, address: "127.0.0.1", port, ssh };
    const timeout = { timeout: TIMEOUT_S };
    const first = await world.driver.checked(urn, declared);
    const device = await measured("first", () => world.driver.create(urn, first, timeout));
    await measured("second, nothing changed", () => requireUnchanged(world, urn, device));
    runtime.change();
    const other = await world.driver.checked(urn, declared);
    await measured("another agent", () => world.driver.update(urn, device, other, timeout));
    return rows;
  } finally {
    await world.close();
    await board.end();
    link.close();
  }
}

/** What `pulumi up --refresh` does with a device that is as it should be. */
async function requireUnchanged(
  { driver }: World,
  urn: string,
  device: Awaited<ReturnType<World["driver"]["create"]>>,
): Promise<void> {
  const read = await driver.read(urn, device);
  const { changes } = await driver.diff(urn, read, device.inputs);
  if (Object.keys(changes).length > 0)
    throw new Error(`Expected no change but got ${JSON.stringify(changes)}`);
}

/** Of what each kind of board gets, in MB. */
async function releaseSizes(): Promise<BenchResult["conditions"]> {
  const sizes: BenchResult["conditions"] = {};
  for (const [machine, l4t] of [
    ["x86_64", "35.4.1"],
    ["aarch64", "32.7.1"],
    ["aarch64", "35.4.1"],
  ] as const) {
    const bytes = await assembleRuntime({ machine, l4t }).then(
      ({ files }) => files.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
      () => null,
    );
    sizes[`MB of a release for ${machine}, L4T ${l4t}`] =
      bytes === null ? "not built" : bytes / 1e6;
  }
  return sizes;
}
