import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Relay } from "../../fleet/ssh/relay.ts";
import { FULL } from "../../support/long-form.ts";
import {
  BEHIND,
  type OpenBoard,
  opensshMissing,
  startOpenBoard,
} from "../provider/support/open-board.ts";
import { StubRuntime } from "../provider/support/stub-runtime.ts";
import { createWorld, type World } from "../provider/support/world.ts";
import { type Declared, ENGINE, type Outcome, Stack } from "./support/stack.ts";

const runs = ENGINE !== null && FULL && opensshMissing === "";
const why = !ENGINE
  ? "no Pulumi engine; run `npm run setup`"
  : opensshMissing || "long form only: npm run test:full -- mishaps";

/** A slow link, so that there is a middle of a transfer. */
const BYTES_PER_SECOND = 150_000;

/** One board in one stack; everything that happens to it is explained by the `up` it happens to, and the next goes on. */
describe.skipIf(!runs)(
  `mishaps of a board behind ${BEHIND} under the real engine (${why})`,
  { timeout: 900_000 },
  () => {
    let world: World;
    let dir: string;
    let open: OpenBoard;
    let relay: Relay;
    let stack: Stack;
    let replacedKey = "";
    /** What was said of each mishap, to be read by people. */
    const told: string[] = [];

    beforeAll(async () => {
      if (!runs) return;
      dir = mkdtempSync(join(tmpdir(), "jetfleet-mishaps-"));
      execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", join(dir, "key")]);
      world = await createWorld(new StubRuntime(join(dir, "runtime")));
      open = await startOpenBoard({
        ...{ name: "door", board: "agx-xavier", dir: join(dir, "board") },
        authorizedKeys: readFileSync(join(dir, "key.pub"), "utf8"),
      });
      relay = await Relay.start(open.port, [{ bytesPerSecond: BYTES_PER_SECOND }]);
      const attached = { PULUMI_DEBUG_PROVIDERS: `jetfleet:${world.providerPort}` };
      stack = await Stack.create(dir, "mishaps", attached);
      stack.configure(world.config as Record<string, string>);
    }, 180_000);
    afterAll(async () => {
      if (told.length > 0) console.log(told.join("\n"));
      relay?.stop();
      await open?.board.stop();
      await world?.close();
      if (dir) rmSync(dir, { recursive: true, force: true });
    });

    function program(
      change: { hostKey?: string; labels?: Record<string, string>; seconds?: number } = {},
    ): Declared {
      const { hostKey, labels = {}, seconds = 280 } = change;
      const ssh = { privateKeyPath: join(dir, "key"), ...(hostKey !== undefined && { hostKey }) };
      const args = { address: "127.0.0.1", port: relay.port, ssh, labels };
      const customTimeouts = { create: `${seconds}s`, update: `${seconds}s` };
      return { devices: [{ as: "door", args, opts: { customTimeouts } }] };
    }

    const onBoard = async (command: string) => (await open.board.exec(command)).stdout.trim();
    const arrived = async () =>
      Number(await onBoard("cat /opt/jetfleet/.staging/*.part 2>/dev/null | wc -c"));

    /** Of an update under way: what comes before it ends. */
    async function meanwhile(up: Promise<Outcome>, happens: () => Promise<unknown>) {
      await happens();
      return await up;
    }

    function note(what: string, { ok, text }: Outcome): string {
      const lines = text.split("\n").filter((line) => /warning:|error:|next:/.test(line));
      told.push(`${what}: ${ok ? "the update goes through" : "the update fails"}`);
      told.push(...[...new Set(lines.map((line) => `  ${line.trim()}`))]);
      return text;
    }

    test("sshd stopped in the middle of a transfer is told, and what arrived is not sent again", async () => {
      const outcome = await meanwhile(stack.up(program({ seconds: 200 })), async () => {
        await expect.poll(arrived, { timeout: 240_000 }).toBeGreaterThan(100_000);
        // With the sessions that it serves, which a unit's stop leaves alone.
        await onBoard("systemctl stop ssh; pkill -x sshd");
      });
      const text = note("sshd stopped mid-transfer", outcome);
      expect(outcome.ok).toBe(false);
      expect(text).toMatch(/connection .*(lost|refused)|SSH_UNREACHABLE|OPERATION_TIMEOUT/);
      expect(text).toMatch(/the next `pulumi up` goes on|trying again|going on where it ended/);
      const before = await arrived();
      expect(before).toBeGreaterThan(100_000);
      expect((await stack.state()).pending).toBe(0);
      await onBoard("systemctl start ssh");
      const carried = relay.carried.length;
      const next = await stack.up(program());
      expect(next.ok, next.text).toBe(true);
      const sent = relay.carried.slice(carried).reduce((sum, bytes) => sum + bytes, 0);
      const whole = Number(await onBoard("stat -c %s /opt/jetfleet/current/agent.cjs"));
      expect(sent).toBeLessThan(whole - before + 100_000);
    });

    test("a board that is rebooted during an update is waited for, or told and gone on with", async () => {
      const now = program({ labels: { reboot: "1" } });
      const outcome = await meanwhile(stack.up(now), async () => {
        await expect
          .poll(() => onBoard("cat /etc/jetfleet/agent.json"), { timeout: 240_000 })
          .toContain("reboot");
        await open.board.powerCut();
        await open.board.boot();
      });
      const text = note("board rebooted", outcome);
      if (!outcome.ok) expect(text).toMatch(/SSH_(UNREACHABLE|TIMEOUT)|AGENT_OFFLINE/);
      expect((await stack.state()).pending).toBe(0);
      const next = await stack.up(now);
      expect(next.ok, next.text).toBe(true);
      const still = await stack.preview(now, "--expect-no-changes");
      expect(still.ok, still.text).toBe(true);
      expect(await onBoard("systemctl is-active jetfleet-agent")).toBe("active");
    });

    test("an agent that is killed again and again during an update is told with its log", async () => {
      const now = program({ labels: { killed: "1" } });
      // Whatever is started as the agent ends at once.
      const entry = "/opt/jetfleet/current/agent.cjs";
      await onBoard(`cp -p $(readlink -f ${entry}) /var/tmp/agent.cjs`);
      await onBoard(
        `{ echo 'if (process.argv[2] === "run") process.kill(process.pid, "SIGKILL");'; cat /var/tmp/agent.cjs; } > $(readlink -f ${entry})`,
      );
      const outcome = await stack.up(now);
      const text = note("agent killed again and again", outcome);
      expect(outcome.ok).toBe(false);
      expect(text).toMatch(/AGENT_OFFLINE.*ended by itself \d+ times/s);
      expect(text).toMatch(/state and log of the agent/);
      await onBoard(`cat /var/tmp/agent.cjs > $(readlink -f ${entry})`);
      const next = await stack.up(now);
      expect(next.ok, next.text).toBe(true);
    });

    test("a board replaced by another with a new host key is refused, by refresh too, and taken when said so", async () => {
      await onBoard("systemctl disable --now jetfleet-agent jetfleet-runner.socket");
      await onBoard("rm -rf /opt/jetfleet /etc/jetfleet /var/lib/jetfleet");
      await onBoard("rm -f /etc/systemd/system/jetfleet* /etc/ssh/host_key*");
      await onBoard("ssh-keygen -q -t ed25519 -N '' -f /etc/ssh/host_key; systemctl restart ssh");
      const now = program({ labels: { replaced: "1" } });
      const outcome = await stack.up(now);
      const text = note("board replaced", outcome);
      expect(outcome.ok).toBe(false);
      const [, shown = ""] = /but got (SHA256:\S+)/.exec(text) ?? [];
      replacedKey = shown;
      expect(text).toMatch(/SSH_HOST_KEY_MISMATCH/);
      expect(text).toContain(`set ssh.hostKey to ${shown}`);
      const refresh = await stack.on("refresh", "--yes", "--skip-preview");
      expect(refresh.ok).toBe(false);
      expect((await stack.state()).resources["door"]).toBeDefined();
      const next = await stack.up(program({ labels: { replaced: "1" }, hostKey: shown }));
      note("board replaced, and said so", next);
      expect(next.ok, next.text).toBe(true);
      expect(next.text).toMatch(/has nothing of jetfleet any more/);
    });

    test("a full disk is told with what is wanted and what there is, and nothing of ours is in its way", async () => {
      await onBoard("echo spoilt > /opt/jetfleet/current/release.json");
      open.board.behaviour.diskLimitBytes = 40 * 2 ** 20;
      await open.board.powerCut();
      await open.board.boot();
      const outcome = await stack.up(program({ labels: { full: "1" }, hostKey: replacedKey }));
      const text = note("disk full", outcome);
      expect(outcome.ok).toBe(false);
      expect(text).toMatch(/BOARD_DISK_FULL.*Expected [\d.]+ MB free on the board/);
      expect((await stack.state()).pending).toBe(0);
    });
  },
);
