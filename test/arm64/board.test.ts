import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { DetectedFrame } from "../../fleet/contract/index.ts";
import { DEVICE, SmallWorld } from "../e2e/support/small-world.ts";
import { sshdMissing } from "../fleet/ssh/sshd.ts";
import { FULL } from "../support/long-form.ts";
import { USERLAND, whyNot } from "./emulation.ts";

const MINUTE = 60_000;
const skipped = FULL ? (whyNot ?? sshdMissing.trim()) : "npm run test:full -- arm64";
const title = skipped === "" ? "" : ` [skipped: ${skipped}]`;

/** OpenSSH's server on the board, for root, on a port that the kernel chose a moment before. */
async function startOpenSsh(world: SmallWorld, port: number): Promise<string> {
  const folder = world.onBoard("etc/ssh");
  const configuration = [
    `Port ${port}`,
    "ListenAddress 127.0.0.1",
    "HostKey /etc/ssh/host_key",
    "AuthorizedKeysFile /home/nvidia/.ssh/authorized_keys",
    "StrictModes no",
    "UsePAM no",
    "PasswordAuthentication no",
    "PermitRootLogin prohibit-password",
    "PidFile none",
    "Subsystem sftp internal-sftp",
  ];
  const begun = await world.demo.ssh(DEVICE, "mkdir -p /etc/ssh /run/sshd; useradd --system sshd");
  expect(begun.code, begun.text).toBe(0);
  const key = join(folder, "host_key");
  execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", key]);
  writeFileSync(join(folder, "sshd_config"), `${configuration.join("\n")}\n`);
  const started = await world.demo.ssh(DEVICE, "/usr/sbin/sshd -f /etc/ssh/sshd_config");
  expect(started.code, started.text).toBe(0);
  return (
    execFileSync("ssh-keygen", ["-lf", `${key}.pub`], { encoding: "utf8" }).split(" ")[1] ?? ""
  );
}

describe.skipIf(skipped !== "").each([
  ["tx2", "v16."],
  ["agx-xavier", "v24."],
] as const)(`a simulated %s whose programs are arm64's, behind OpenSSH${title}`, (board, node) => {
  let world: SmallWorld;
  beforeAll(async () => {
    world = await SmallWorld.create(board, USERLAND);
    if (!world.board) throw new Error("the board did not start");
    const sshPort = world.board.sshPort + 1;
    const hostKey = await startOpenSsh(world, sshPort);
    world.board = { ...world.board, sshPort, hostKey };
    await world.startCamera({ fps: 5 });
    await world.configure();
    const ssh = { user: "root", privateKeyPath: world.demo.paths.sshKey, hostKey };
    const device = { name: DEVICE, board, address: "127.0.0.1", port: sshPort, ssh };
    await world.pulumi(["config", "set", "quickstart:devices", JSON.stringify([device])]);
  }, 3 * MINUTE);
  afterAll(async () => {
    await world?.end();
  }, MINUTE);

  it(
    "is provisioned by pulumi up with what was built for arm64, until frames flow",
    async () => {
      const up = await world.up({ pipelineTimeout: "3m" });

      expect(up.code, up.text).toBe(0);
      const installed = readFileSync(world.onBoard("opt/jetfleet/current/jetfleet.node"));
      expect(installed.readUInt16LE(18)).toBe(183);
      const { text } = await world.demo.ssh(DEVICE, "uname -m; /opt/jetfleet/current/bin/node -v");
      expect(text).toContain("aarch64");
      expect(text).toContain(node);
    },
    8 * MINUTE,
  );

  it(
    "tells of itself as what it is, and finds the model's one thing in its frames",
    async () => {
      const link = await world.client().connectMqtt();
      const frames: DetectedFrame[] = [];
      await link.subscribe(DEVICE, "detections", (batch) => frames.push(...batch.frames));
      await expect.poll(() => frames.length, { timeout: MINUTE, interval: 200 }).toBeGreaterThan(5);
      const reported = await link.readRetained(DEVICE, "reported");
      await link.close();

      expect(reported?.board).toMatchObject({ board, machine: "aarch64", simulated: true });
      expect(reported?.board.node.startsWith(node)).toBe(true);
      for (const { detections } of frames) expect(detections[0]?.label).toBe("thing");
    },
    2 * MINUTE,
  );

  it(
    "is left as it is by a second up",
    async () => {
      const again = await world.up();
      expect(again.code, again.text).toBe(0);
      expect(again.text).toMatch(/\b\d+ unchanged/);
      expect(again.text).not.toMatch(/updated|replaced/);
    },
    2 * MINUTE,
  );

  it(
    "keeps nothing of ours after pulumi destroy",
    async () => {
      const gone = await world.pulumi(["destroy", "--yes", "--suppress-progress"]);
      expect(gone.code, gone.text).toBe(0);
      expect(existsSync(world.onBoard("opt/jetfleet"))).toBe(false);
      expect(readFileSync(world.onBoard("etc/passwd"), "utf8")).not.toContain("jetfleet");
    },
    2 * MINUTE,
  );
});
