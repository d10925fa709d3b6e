import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import * as fs from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { CONTAINER_FOLDER, type ContainerState, type Engine } from "../container-files.ts";
import { isMapped } from "./unit.ts";
import { setVariable } from "./unit-file.ts";

/** Options that take a value, and those that do not; any other is refused, as the engines refuse it. */
const WITH_VALUE = [
  ...["--pull", "--network", "--tmpfs", "--cap-drop", "--security-opt", "--pids-limit", "--ulimit"],
  ...[
    "--log-driver",
    "--volume",
    "--name",
    "--label",
    "--user",
    "--group-add",
    "--memory",
    "--env",
  ],
  ...["--entrypoint", "--oom-score-adj", "--device", "--runtime", "--gpus"],
];
const START_MS = 400;
const ALONE = ["--rm", "--read-only", "--interactive"];

interface Asked {
  options: Map<string, string[]>;
  image: string;
  command: string[];
}

function parse(engine: Engine, words: string[]): Asked {
  const options = new Map<string, string[]>();
  let at = 0;
  for (; words[at]?.startsWith("-"); at++) {
    const name = words[at] ?? "";
    if (ALONE.includes(name)) options.set(name, []);
    else if (WITH_VALUE.includes(name))
      options.set(name, [...(options.get(name) ?? []), words[++at] ?? ""]);
    else fail(125, `unknown flag: ${name}\n\nRun '${engine} run --help' for more information`);
  }
  return { options, image: words[at] ?? "", command: words.slice(at + 1) };
}

function fail(code: number, says: string): never {
  fs.writeSync(2, `${says}\n`);
  process.exit(code);
}

function endAll(pid: number | undefined): void {
  try {
    if (pid !== undefined) process.kill(-pid, "SIGKILL");
  } catch {
    // Nothing else did.
  }
}

/** What stands before this machine's tools in an image that has less than it. */
const BARE = `${CONTAINER_FOLDER}.bare`;

function bareTools(): string {
  fs.mkdirSync(BARE, { recursive: true });
  for (const tool of ["gst-inspect-1.0", "ldconfig"])
    fs.writeFileSync(`${BARE}/${tool}`, "#!/bin/sh\nexit 127\n", { mode: 0o755 });
  return `${BARE}:`;
}

/**
 * Runs a program as what the daemon would start: in a session and with an environment of its own, its standard input and output
 * pipes that the client copies, so that it goes on when the client is killed and ends when that is told to stop. Its files,
 * processes and network are the PC's: of namespaces and limits nothing is simulated.
 */
export async function runContainer(
  engine: Engine,
  words: string[],
  state: ContainerState,
  isThere: (image: string) => boolean,
): Promise<never> {
  const { options, image, command } = parse(engine, words);
  const one = (name: string) => options.get(name)?.[0] ?? "";
  if (!isThere(image)) fail(125, `docker: Error response from daemon: No such image: ${image}`);
  const devices = [...(options.get("--gpus") ?? []), ...(options.get("--device") ?? [])];
  if (state === "no-nvidia" && devices.length > 0)
    fail(
      125,
      'docker: Error response from daemon: could not select device driver "" with capabilities: [[gpu]].',
    );
  if (state === "no-start" && devices.length > 0)
    fail(
      126,
      "docker: Error response from daemon: failed to create task for container: OCI runtime create failed: nvidia-container-cli: initialization error: nvml error: driver not loaded: unknown",
    );
  const file = `${CONTAINER_FOLDER}/${one("--name")}`;
  fs.mkdirSync(CONTAINER_FOLDER, { recursive: true });
  if (fs.existsSync(file))
    fail(
      125,
      `docker: Error response from daemon: Conflict. The container name "/${one("--name")}" is already in use.`,
    );
  // The daemon, its runtime and NVIDIA's hook take this long, and longer.
  await sleep(START_MS);
  const [uid = "0", gid = "0"] = one("--user").split(":");
  const rights = isMapped(Number(uid))
    ? [
        "--reuid",
        uid,
        "--regid",
        gid,
        "--groups",
        [gid, ...(options.get("--group-add") ?? [])].join(","),
      ]
    : [];
  const environment: Record<string, string> = {};
  for (const text of options.get("--env") ?? []) setVariable(environment, text);
  const part = one("--label").split("=")[1] ?? "";
  const isMute = state === "agent-hangs" && part === "agent";
  const args = [
    ...rights,
    "--bounding-set",
    "-all",
    "--inh-caps",
    "-all",
    "--no-new-privs",
    "--",
    ...(isMute ? ["/bin/sleep", "infinity"] : [one("--entrypoint"), ...command]),
  ];
  const path = `${state === "bare-image" ? bareTools() : ""}/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin`;
  const child = spawn("/usr/bin/setpriv", args, {
    detached: true,
    cwd: "/",
    env: { PATH: path, ...environment },
    stdio: [options.has("--interactive") ? "pipe" : "ignore", "pipe", "pipe"],
  });
  const id = randomBytes(6).toString("hex");
  fs.writeFileSync(file, JSON.stringify({ id, part, image, pid: child.pid }));
  if (child.stdin) {
    process.stdin.pipe(child.stdin);
    child.stdin.on("error", () => undefined);
  }
  // A client that nobody listens to goes on, as that of docker does.
  process.stdout.on("error", () => undefined);
  child.stdout?.pipe(process.stdout);
  child.stderr?.pipe(process.stderr);
  for (const signal of ["SIGTERM", "SIGINT"] as const) process.on(signal, () => child.kill(signal));
  return await new Promise(() => {
    // What else runs in it ends with its first process.
    child.once("exit", () => endAll(child.pid));
    child.once("close", (code, signal) => {
      fs.rmSync(file, { force: true });
      process.exit(signal === null ? (code ?? 1) : 137);
    });
  });
}
