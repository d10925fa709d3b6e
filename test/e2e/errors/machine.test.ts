import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, cp, mkdir, mkdtemp, readdir, rm, symlink, writeFile } from "node:fs/promises";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { nodePath, repoDir } from "../../../cli/setup/paths.mjs";
import { ErrorsSeen } from "../support/expect-error.ts";
import type { UpAnswer } from "../support/run-pulumi.ts";

const MINUTE = 60_000;

/** What the operator's own machine lacks; nothing here needs a board. */
describe("a machine that cannot do what is asked of it", { timeout: 2 * MINUTE }, () => {
  let folder: string;
  const seen = new ErrorsSeen();

  beforeAll(async () => {
    folder = await mkdtemp(path.join(tmpdir(), "jetfleet-machine-"));
    await chmod(folder, 0o755);
  });
  afterAll(async () => {
    seen.print();
    await rm(folder, { recursive: true, force: true });
  });

  it("is told when the hub's port is taken, and the hub starts once it is free", async () => {
    const other = createServer();
    await once(other.listen(0, "127.0.0.1"), "listening");
    const { port } = other.address() as AddressInfo;
    const dir = path.join(folder, "hub");
    const args = ["--dir", dir, "--fleet", "demo", "--operator-file", path.join(dir, "op.pem")];
    const hub = [path.join(repoDir, "fleet/hub/main.ts"), ...args, "--http-port", String(port)];

    seen.check("hub port taken", await run(nodePath(), hub, process.env), {
      code: "PORT_TAKEN",
      says: new RegExp(`Expected to listen on 127\\.0\\.0\\.1:${port} but another program does`),
      next: /Stop the other program or choose another port/,
      withinMs: MINUTE / 2,
    });
    other.close();
    await once(other, "close");
    const free = await run(nodePath(), hub, process.env, /"httpUrl":"[^"]+"/);
    expect(free.text).toContain(`"httpUrl":"https://127.0.0.1:${port}"`);
  });

  it("is told what to install when set-up has neither root nor sudo", async () => {
    const copy = path.join(folder, "clone");
    await mkdir(path.join(copy, "cli"), { recursive: true });
    await cp(path.join(repoDir, "cli/setup"), path.join(copy, "cli/setup"), { recursive: true });
    for (const file of ["package.json", "package-lock.json"]) {
      await cp(path.join(repoDir, file), path.join(copy, file));
    }
    const bin = await binFolder("no-root", {
      // A machine on which no package is installed.
      "dpkg-query": "exit 1",
      "apt-get": "exit 1",
    });
    const [command = "", ...args] = asNobody([await systemNode(), "cli/setup/setup.mjs"]);
    const answer = await run(command, args, freshEnv(bin), undefined, copy);
    seen.check("no root for set-up", answer, {
      code: "SETUP_MISSING",
      says: /expected root or sudo to install \d+ Debian packages, got neither root nor sudo/,
      next: /as root: apt-get update && apt-get install -y .*gstreamer1\.0-tools/,
      withinMs: MINUTE / 2,
    });
    expect(await readdir(copy), "nothing was begun").toEqual([
      "cli",
      "package-lock.json",
      "package.json",
    ]);
  });

  it("is told when the only pulumi is too old, and by which version", async () => {
    const bin = await binFolder("old-pulumi", {
      pulumi: 'echo "v3.100.0"',
      "pulumi-language-nodejs": "exit 0",
    });
    const env = { ...freshEnv(bin), PATH: `${bin}:${process.env["PATH"]}` };
    const pulumi = [path.join(repoDir, "cli/setup/run.mjs"), "pulumi", "preview"];
    const answer = await run(process.execPath, pulumi, env);
    expect(answer.text).not.toContain("Previewing");
    seen.check("pulumi too old", answer, {
      code: "SETUP_MISSING",
      says: /pulumi-engine: .*old-pulumi\/pulumi on PATH is 3\.100\.0, older than 3\.231\.0/,
      next: /npm run setup/,
      withinMs: MINUTE / 2,
    });
  });

  /** A PATH of its own, with these scripts. */
  async function binFolder(name: string, scripts: Record<string, string>): Promise<string> {
    const bin = path.join(folder, name);
    await mkdir(bin);
    for (const [file, body] of Object.entries(scripts)) {
      await writeFile(path.join(bin, file), `#!/bin/sh\n${body}\n`, { mode: 0o755 });
    }
    for (const tool of ["sh", "env"]) await symlink(`/usr/bin/${tool}`, path.join(bin, tool));
    return bin;
  }

  /** With a state folder and a cache in which nothing is. */
  function freshEnv(bin: string): NodeJS.ProcessEnv {
    return {
      PATH: bin,
      HOME: folder,
      XDG_CACHE_HOME: path.join(folder, "cache"),
      JETFLEET_STATE_DIR: path.join(folder, "state"),
    };
  }
});

/** Set-up must run on whatever Node the user has, which is also one that everybody may execute. */
async function systemNode(): Promise<string> {
  const { text } = await run("/bin/sh", ["-c", "command -v node"], {
    PATH: "/usr/local/bin:/usr/bin:/bin",
  });
  return text.trim() || process.execPath;
}

function asNobody(command: string[]): string[] {
  if (process.getuid?.() !== 0) return command;
  return ["/usr/bin/setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", ...command];
}

/** Runs to the end, or until `until` was said; then it is ended. */
function run(
  command: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv,
  until?: RegExp,
  cwd?: string,
): Promise<UpAnswer> {
  const startedAtMs = Date.now();
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      env,
      ...(cwd === undefined ? {} : { cwd }),
      stdio: ["ignore", "pipe", "pipe"],
    });
    let text = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream.on("data", (chunk) => {
        text += String(chunk);
        if (until?.test(text)) child.kill();
      });
    }
    child.once("error", reject);
    child.once("close", (code) => {
      resolve({ code: code ?? 128, text, tookMs: Date.now() - startedAtMs });
    });
  });
}
