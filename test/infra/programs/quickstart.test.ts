import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { nodePath } from "../../../cli/setup/paths.mjs";
import { newSigningKey } from "../provider/support/fake-device.ts";
import { tinyOnnx } from "../provider/support/tiny-onnx.ts";

const run = promisify(execFile);
const program = join(import.meta.dirname, "../../../infra/programs/quickstart");
const model = join(import.meta.dirname, "../../../models/street-v1-b1.onnx");
const provider = join(import.meta.dirname, "../../../infra/provider");

interface Engine {
  pulumi: string;
  languageHostDir: string;
}

// Plain JavaScript without declarations.
const resolver: string = "../../../cli/setup/engine/resolve.mjs";
const { resolveEngine } = (await import(resolver)) as { resolveEngine(): Engine };

function findEngine(): Engine | null {
  try {
    return resolveEngine();
  } catch {
    return null;
  }
}

const engine = findEngine();
const reason = engine ? "" : " (skipped: no Pulumi engine; run `npm run setup`)";

describe.skipIf(!engine)(`the quickstart program with the real engine${reason}`, () => {
  let dir: string;
  let env: NodeJS.ProcessEnv;

  beforeAll(async () => {
    dir = mkdtempSync(join(tmpdir(), "jetfleet-quickstart-"));
    mkdirSync(join(dir, "state"));
    writeFileSync(join(dir, "sign.pem"), newSigningKey().privateKeyPem, { mode: 0o600 });
    writeFileSync(join(dir, "model.onnx"), tinyOnnx(1));
    env = {
      ...process.env,
      PATH: [dirname(nodePath()), engine?.languageHostDir, process.env["PATH"]].join(delimiter),
      XDG_CACHE_HOME: join(dir, "cache"),
      PULUMI_HOME: join(dir, "home"),
      PULUMI_BACKEND_URL: `file://${join(dir, "state")}`,
      PULUMI_CONFIG_PASSPHRASE: "test",
      PULUMI_SKIP_UPDATE_CHECK: "1",
      PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true",
    };
    await pulumi("stack", "init", "test", "--no-select");
    // The settings of the new stack lie beside the program; the tests' own lie elsewhere.
    rmSync(join(program, "Pulumi.test.yaml"), { force: true });
  });
  afterAll(() => rmSync(dir, { recursive: true, force: true }));

  async function pulumi(...args: string[]): Promise<{ output: string; ok: boolean }> {
    const options = { cwd: program, env, timeout: 90_000 };
    try {
      const { stdout, stderr } = await run(
        engine?.pulumi ?? "",
        [...args, "--non-interactive"],
        options,
      );
      return { output: stdout + stderr, ok: true };
    } catch (error) {
      const { stdout, stderr } = error as { stdout: string; stderr: string };
      return { output: stdout + stderr, ok: false };
    }
  }

  const device = (name: string, board: string, address: string) => ({
    name,
    address,
    board,
    ssh: { privateKeyPath: "~/.ssh/jetson" },
  });

  async function preview(change: Record<string, unknown> = {}) {
    const config = {
      "jetfleet:hubUrl": "https://192.0.2.2:8883",
      "jetfleet:fleet": "lab",
      "jetfleet:operatorCredentials": join(dir, "operator.pem"),
      "jetfleet:signingKey": join(dir, "sign.pem"),
      "quickstart:model": join(dir, "model.onnx"),
      "quickstart:labels": '["person"]',
      "quickstart:cameraUri": "rtsp://viewer:geheim@192.0.2.3/stream1",
      "quickstart:devices": JSON.stringify([
        device("tx2", "tx2", "192.0.2.1"),
        device("xavier", "agx-xavier", "192.0.2.4"),
      ]),
      ...change,
    };
    const file = join(dir, "Pulumi.test.yaml");
    writeFileSync(file, JSON.stringify({ config }));
    return await pulumi("preview", "--stack", "test", "--config-file", file, "--diff");
  }

  test("is previewed with nothing of the fleet reachable, free of warnings and secrets", async () => {
    const { output, ok } = await preview();
    expect(output).toContain("+ 6 to create");
    expect(ok).toBe(true);
    expect(output).not.toMatch(/warn|deprecat/i);
    expect(output).not.toContain("geheim");
    expect(output).toMatch(/loop\s*: false\s+uri\s*: \[secret\]/);
    expect(output).toMatch(/plan: .*JetPack is not known yet: 4\.6\.\d, the newest for the board/);
  }, 100_000);

  test("shows what the model will do on each board, and refuses a budget that one cannot keep", async () => {
    const labels = JSON.stringify(["person", "vehicle", "bicycle"]);
    const street = { "quickstart:model": model, "quickstart:labels": labels };
    const { output, ok } = await preview(street);
    expect(ok, output).toBe(true);
    expect(output).toMatch(/estimatedFps.*\n.*high/);
    expect(output).toMatch(/plan: Jetson TX2 in FP16: .* fps where 10 are asked for/);
    expect(output).toMatch(/budget\s+: \{\n\s+latencyP95Ms: 500\n\s+minFps\s+: 10/);
    const impossible = await preview({ ...street, "quickstart:budget": '{"minFps":800}' });
    expect(impossible.ok).toBe(false);
    expect(impossible.output).toContain("budget.minFps");
    expect(impossible.output).toMatch(
      /Jetson TX2.*is estimated at \d+ to \d+ fps.*you ask for 800/,
    );
    expect(impossible.output).not.toMatch(/Jetson AGX Xavier.*you ask for/);
  }, 100_000);

  test("tells a wrong value by its property path", async () => {
    const { output, ok } = await preview({ "quickstart:minScore": "1.5" });
    expect(ok).toBe(false);
    expect(output).toContain("detect.minScore");
    expect(output).toContain("expected at most 1, got 1.5");
  }, 100_000);

  test("gives the engine a schema that is valid and complete", async () => {
    const { output, ok } = await pulumi(
      "package",
      "get-schema",
      join(provider, "pulumi-resource-jetfleet"),
    );
    expect(ok, output).toBe(true);
    const schema = JSON.parse(output) as { resources: Record<string, { inputProperties: object }> };
    expect(Object.keys(schema.resources)).toEqual([
      "jetfleet:index:Device",
      "jetfleet:index:Fleet",
      "jetfleet:index:Model",
      "jetfleet:index:Pipeline",
      "jetfleet:index:Site",
    ]);
    writeFileSync(join(dir, "schema.json"), output);
    const checked = await pulumi("schema", "check", join(dir, "schema.json"));
    expect(checked.ok, checked.output).toBe(true);
  }, 100_000);
});
