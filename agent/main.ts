import { readFileSync, realpathSync } from "node:fs";
import type { z } from "zod";
import { AloneOrder } from "../fleet/alone/index.ts";
import { BenchOrder, TrialOrder } from "../fleet/bench/index.ts";
import { describeError, FleetError } from "../fleet/errors/index.ts";
import { parseJson } from "../fleet/release/index.ts";
import { placesOf } from "./alone/places.ts";
import { runBench } from "./alone/run-bench.ts";
import { runPipeline } from "./alone/run-pipeline.ts";
import { tryModel } from "./alone/try-model.ts";
import { type AgentConfig, identityOf, readConfig } from "./config.ts";
import { startDaemon } from "./daemon.ts";
import { kernelFolder } from "./engine/kernel-store.ts";
import {
  describeIdentity,
  installCertificate,
  requestCertificate,
} from "./identity/certificate-verbs.ts";
import { createLog } from "./report/log.ts";
import { connectRunner } from "./supervise/connect-runner.ts";
import { runRunner } from "./supervise/runner.ts";
import { forkRunner } from "./supervise/runner-child.ts";
import { runHost } from "./supervise/runner-host.ts";
import { AGENT_VERSION } from "./version.ts";

const HELP = `jetfleet agent ${AGENT_VERSION}: runs the pipelines that its fleet's operator signed for this device

usage:
  agent.cjs run --config FILE                   run as daemon (systemd unit jetfleet-agent)
                [--runners SOCKET]              with runners of the service behind a socket, not its own children
  agent.cjs runner                              host one pipeline; started by the daemon or a host only
  agent.cjs runner-host                         start one runner for the agent at standard input (systemd unit
                                                jetfleet-runner@, which has rights of its own)
               [--halves]                       with the agent at standard input and output, as in a container
  agent.cjs request-certificate --config FILE   make a key; prints what the hub needs to certify it
  agent.cjs install-certificate --config FILE   take the hub's answer from standard input
  agent.cjs bench ORDER                         measure a model, and answer in JSON; see \`jetfleet bench\`
  agent.cjs pipeline                            run the pipeline of the order at standard input without a fleet, and
                                                tell it in lines of JSON; see \`jetfleet run\`
  agent.cjs try ORDER                           try a model on real pictures, and answer in JSON; previews do
  agent.cjs --version
  agent.cjs --help
`;

const STOP_DEADLINE_MS = 15_000;

async function main(args: readonly string[]): Promise<void> {
  const [command, ...rest] = args;
  switch (command) {
    case "run":
      return runDaemon(...runOptions(rest));
    case "runner":
      return runRunner();
    case "runner-host":
      return runHost(bundlePath(), rest[0] === "--halves");
    case "bench":
      return await bench(rest);
    case "pipeline":
      return await pipeline(rest);
    case "try":
      return await trial(rest);
    case "request-certificate":
      return await printRequest(configPath(rest));
    case "install-certificate":
      return await install(configPath(rest));
    case "--version":
      return void process.stdout.write(`${AGENT_VERSION}\n`);
    case "--help":
      return void process.stdout.write(HELP);
    default:
      throw new FleetError("USAGE", `Expected a command of agent.cjs but got ${command}`, {
        hint: "Run agent.cjs --help.",
      });
  }
}

async function bench(args: readonly string[]): Promise<void> {
  const order = orderIn(BenchOrder, "bench", args);
  // A build ends at the library's next step; a measurement has an end of its own.
  const answer = await runBench(order, placesOf(bundlePath(), process.env), untilEnded());
  process.stdout.write(`${JSON.stringify(answer)}\n`);
  if (answer.type === "error") process.exitCode = 1;
}

async function pipeline(args: readonly string[]): Promise<void> {
  // By standard input: addresses of cameras hold passwords, and arguments are seen by everyone.
  const order = orderIn(AloneOrder, "pipeline", [...args, readFileSync(0, "utf8")]);
  const isDone = await runPipeline(order, placesOf(bundlePath(), process.env), untilEnded());
  // Not by itself: an exit in order runs destructors of vendors' libraries, which may hang.
  process.exit(isDone ? 0 : 1);
}

function orderIn<Order>(
  schema: z.ZodType<Order>,
  command: string,
  [text, ...rest]: readonly string[],
): Order {
  const order = schema.safeParse(rest.length === 0 ? parseJson(text ?? "") : null);
  if (order.success) return order.data;
  throw new FleetError(
    "USAGE",
    `Expected an order in JSON after ${command}: ${order.error.message}`,
  );
}

function untilEnded(): AbortSignal {
  const cancel = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => cancel.abort());
  return cancel.signal;
}

async function trial(args: readonly string[]): Promise<void> {
  const answer = await tryModel(
    orderIn(TrialOrder, "try", args),
    placesOf(bundlePath(), process.env),
  );
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}

function configPath(args: readonly string[]): string {
  const [flag, path, ...rest] = args;
  if (flag === "--config" && path !== undefined && rest.length === 0) return path;
  throw new FleetError("USAGE", "Expected --config FILE after the command", {
    hint: "Run agent.cjs --help.",
  });
}

/** `--config FILE [--runners SOCKET]` */
function runOptions(args: readonly string[]): [config: string, runners: string | null] {
  const [flag, socket, ...rest] = args.slice(2);
  if (flag === undefined) return [configPath(args), null];
  if (flag === "--runners" && socket !== undefined && rest.length === 0) {
    return [configPath(args.slice(0, 2)), socket];
  }
  throw new FleetError("USAGE", "Expected --config FILE [--runners SOCKET] after the command", {
    hint: "Run agent.cjs --help.",
  });
}

async function printRequest(path: string): Promise<void> {
  const request = await requestCertificate(identityOf(readConfig(path)));
  process.stdout.write(`${JSON.stringify(request)}\n`);
}

async function install(path: string): Promise<void> {
  const answer = readFileSync(0, "utf8");
  const identity = await installCertificate(identityOf(readConfig(path)), answer);
  process.stdout.write(`${describeIdentity(identity)}\n`);
}

async function runDaemon(path: string, runners: string | null): Promise<void> {
  const config = readConfig(path);
  // A journal that was restarted must not end the pipelines.
  process.stdout.on("error", () => undefined);
  const log = createLog({ level: config.logLevel, secrets: secretsOf(config) });
  const bundle = bundlePath();
  // Runners of a service have it from their unit.
  const kernels = { JETFLEET_KERNELS: kernelFolder(config.stateDir) };
  const launch = runners === null ? forkRunner(bundle, kernels) : connectRunner(runners);
  const daemon = await startDaemon({ config, bundlePath: bundle, launch, log });
  const stop = (signal: string) => {
    log.info("agent stops", { signal });
    // The unit's own deadline would end us as well, but without this line in the journal.
    setTimeout(() => exitLate(log), STOP_DEADLINE_MS).unref();
    daemon.stop().then(
      () => process.exit(0),
      (error: unknown) => {
        log.error("stopping failed", error);
        process.exit(1);
      },
    );
  };
  process.once("SIGTERM", stop);
  process.once("SIGINT", stop);
}

function exitLate(log: ReturnType<typeof createLog>): void {
  log.error("stopping took too long");
  process.exit(1);
}

/** The real path, so that a running agent keeps its own release when `current` is switched to the next. */
function bundlePath(): string {
  return realpathSync(process.argv[1] ?? "");
}

function secretsOf(config: AgentConfig): string[] {
  return config.password === undefined ? [] : [config.password];
}

main(process.argv.slice(2)).catch((error: unknown) => {
  process.stderr.write(`${describeError(error)}\n`);
  process.exitCode = error instanceof FleetError && error.code === "USAGE" ? 2 : 1;
});
