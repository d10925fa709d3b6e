import { readFileSync, realpathSync } from "node:fs";
import type { z } from "zod";
import { describeError, FleetError } from "../fleet/errors/index.ts";
import { AGENT_VERSION } from "./version.ts";

// Each command loads what it needs when it is called: a runner is started for every pipeline, and the daemon's modules
// would be most of its start.

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

async function main(args: readonly string[]): Promise<void> {
  const [command, ...rest] = args;
  switch (command) {
    case "run":
      return await runDaemon(...runOptions(rest));
    case "runner":
      return (await import("./supervise/runner.ts")).runRunner();
    case "runner-host":
      return (await import("./supervise/runner-host.ts")).runHost(
        bundlePath(),
        rest[0] === "--halves",
      );
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
  const { BenchOrder } = await import("../fleet/bench/index.ts");
  const { runBench } = await import("./alone/run-bench.ts");
  const order = await orderIn(BenchOrder, "bench", args);
  // A build ends at the library's next step; a measurement has an end of its own.
  const answer = await runBench(order, await places(), untilEnded());
  process.stdout.write(`${JSON.stringify(answer)}\n`);
  if (answer.type === "error") process.exitCode = 1;
}

async function pipeline(args: readonly string[]): Promise<void> {
  const { AloneOrder } = await import("../fleet/alone/index.ts");
  const { runPipeline } = await import("./alone/run-pipeline.ts");
  // By standard input: addresses of cameras hold passwords, and arguments are seen by everyone.
  const order = await orderIn(AloneOrder, "pipeline", [...args, readFileSync(0, "utf8")]);
  const isDone = await runPipeline(order, await places(), untilEnded());
  // Not by itself: an exit in order runs destructors of vendors' libraries, which may hang.
  process.exit(isDone ? 0 : 1);
}

async function places() {
  const { placesOf } = await import("./alone/places.ts");
  return placesOf(bundlePath(), process.env);
}

async function orderIn<Order>(
  schema: z.ZodType<Order>,
  command: string,
  [text, ...rest]: readonly string[],
): Promise<Order> {
  const { parseJson } = await import("../fleet/release/index.ts");
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
  const { TrialOrder } = await import("../fleet/bench/index.ts");
  const { tryModel } = await import("./alone/try-model.ts");
  const answer = await tryModel(await orderIn(TrialOrder, "try", args), await places());
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
  const { requestCertificate } = await import("./identity/certificate-verbs.ts");
  const request = await requestCertificate(await identityIn(path));
  process.stdout.write(`${JSON.stringify(request)}\n`);
}

async function install(path: string): Promise<void> {
  const { describeIdentity, installCertificate } = await import("./identity/certificate-verbs.ts");
  const answer = readFileSync(0, "utf8");
  const identity = await installCertificate(await identityIn(path), answer);
  process.stdout.write(`${describeIdentity(identity)}\n`);
}

async function identityIn(path: string) {
  const { identityOf, readConfig } = await import("./config.ts");
  return identityOf(readConfig(path));
}

async function runDaemon(path: string, runners: string | null): Promise<void> {
  const { runUntilStopped } = await import("./run-daemon.ts");
  await runUntilStopped(path, runners, bundlePath());
}

/** The real path, so that a running agent keeps its own release when `current` is switched to the next. */
function bundlePath(): string {
  return realpathSync(process.argv[1] ?? "");
}

main(process.argv.slice(2)).catch((error: unknown) => {
  process.stderr.write(`${describeError(error)}\n`);
  process.exitCode = error instanceof FleetError && error.code === "USAGE" ? 2 : 1;
});
