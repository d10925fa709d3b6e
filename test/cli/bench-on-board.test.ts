import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { benchOnBoard, parseBoard } from "../../cli/commands/bench-on-board.ts";
import { BenchOrder } from "../../fleet/bench/index.ts";
import { onnxRuntime } from "../../fleet/provision/runtime/sources.ts";
import { sshdMissing, sshdOfBlock } from "../fleet/ssh/sshd.ts";

const ROOT = join(import.meta.dirname, "../..");
const STREET = join(ROOT, "models/street-v2-b1.onnx");
const BUNDLE = join(ROOT, "agent/build/agent.cjs");
const missing = sshdMissing || (existsSync(BUNDLE) ? "" : " (skipped: run npm run setup)");

/** Empty of one that is gone. */
function commandOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8");
  } catch {
    return "";
  }
}

describe("where a board is", () => {
  test.each<[string, string, string, number]>([
    ["10.0.4.17", "root", "10.0.4.17", 22],
    ["nvidia@door.local:2222", "nvidia", "door.local", 2222],
    ["nvidia@[fe80::1]:22", "nvidia", "fe80::1", 22],
  ])("%s is understood", (text, user, host, port) => {
    expect(parseBoard(text)).toEqual({ user, host, port });
  });

  test.each(["", "a b", "@x", "x:", "x:99999", "fe80::1", "a@b@c", "agx xavier"])(
    "%j is refused",
    (text) => expect(() => parseBoard(text)).toThrow(/--board \[user@\]host\[:port\]/),
  );
});

/** With the real agent and runtime behind a real SSH server. */
describe.skipIf(missing)(`a model measured by the agent of a board${missing}`, () => {
  const server = sshdOfBlock();
  const folder = mkdtempSync(join(tmpdir(), "jetfleet-release-"));
  const release = join(folder, "current");
  /** Folders of a model that was sent; other tests have folders of that name, too. */
  const left = (): string[] =>
    readdirSync("/tmp").filter(
      (name) => name.startsWith("jetfleet-bench-") && existsSync(join("/tmp", name, "model.onnx")),
    );

  beforeAll(() => {
    mkdirSync(join(release, "bin"), { recursive: true });
    symlinkSync(process.execPath, join(release, "bin/node"));
    copyFileSync(BUNDLE, join(release, "agent.cjs"));
    for (const name of ["jetfleet.node", "libjetfleet-backend-onnxruntime.so"]) {
      symlinkSync(join(ROOT, "native/build", name), join(release, name));
    }
    symlinkSync(onnxRuntime(process.arch), join(release, "libonnxruntime.so"));
  });
  afterAll(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  function measure(
    changes: Partial<BenchOrder>,
    {
      hostKey = server.fingerprints.ed25519,
      signal = new AbortController().signal,
      at = release,
    } = {},
    told: string[] = [],
  ) {
    const order = BenchOrder.parse({ model: STREET, durationMs: 20, warmUpMs: 1, ...changes });
    const onProgress = (what: string): void => void told.push(what);
    const target = { ...server.target, ...(hostKey !== "" && { hostKey }) };
    return benchOnBoard(target, order, { signal, besideMs: 60_000, release: at, onProgress });
  }

  test("comes back with the board's name, and nothing is left there", async () => {
    const before = left();
    const told: string[] = [];
    const report = await measure({ layers: true }, {}, told);
    expect(report).toMatchObject({ board: "127.0.0.1", accelerator: "cpu", batch: 1 });
    expect(report.model).toMatchObject({ path: STREET });
    expect(report.layers?.length).toBeGreaterThan(10);
    expect(told).toContain("sending the model: 100 %");
    expect(told.at(-1)).toBe("the board measures");
    expect(left()).toEqual(before);
  });

  test("is refused with what the board's agent says", async () => {
    await expect(measure({ accelerator: "dla0" })).rejects.toMatchObject({
      code: "NATIVE_LOAD",
      hint: expect.stringContaining("libnvinfer"),
    });
  });

  test("is not sent to a board whose key nobody named, and the key is shown", async () => {
    await expect(measure({}, { hostKey: "" })).rejects.toMatchObject({
      code: "USAGE",
      hint: expect.stringContaining(server.fingerprints.ed25519),
    });
    await expect(measure({}, { hostKey: "SHA256:other" })).rejects.toMatchObject({
      code: "SSH_HOST_KEY_MISMATCH",
    });
  });

  test("needs an agent, and says how to bring one", async () => {
    await expect(measure({}, { at: join(folder, "nothing") })).rejects.toMatchObject({
      code: "SSH_COMMAND_FAILED",
      hint: expect.stringContaining("pulumi up"),
    });
  });

  test("that is called off ends on the board too, and leaves nothing", async () => {
    const before = left();
    const cancel = new AbortController();
    const told: string[] = [];
    const measuring = measure({ durationMs: 600_000 }, { signal: cancel.signal }, told);
    const outcome = measuring.catch((error: unknown) => error);
    await expect.poll(() => told.at(-1), { timeout: 20_000 }).toBe("the board measures");
    await expect.poll(() => processesWith("durationMs")).not.toEqual([]);
    cancel.abort();
    expect(await outcome).toMatchObject({ code: "CANCELLED" });
    await expect.poll(() => processesWith("durationMs"), { timeout: 10_000 }).toEqual([]);
    await expect.poll(left, { timeout: 10_000 }).toEqual(before);
  });

  /** Processes of the release that measure. */
  function processesWith(word: string): string[] {
    return readdirSync("/proc").filter((pid) => {
      const command = /^\d+$/.test(pid) ? commandOf(pid) : "";
      return command.includes(`${release}/agent.cjs`) && command.includes(word);
    });
  }
});
