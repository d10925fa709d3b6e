import { type AgentConfig, readConfig } from "./config.ts";
import { startDaemon } from "./daemon.ts";
import { kernelFolder } from "./engine/kernel-store.ts";
import { createLog } from "./report/log.ts";
import { connectRunner } from "./supervise/connect-runner.ts";
import { forkRunner } from "./supervise/runner-child.ts";

const STOP_DEADLINE_MS = 15_000;

/**
 * The daemon of a configuration, until SIGTERM or SIGINT ends this process in order.
 * @param runners socket of the service that starts runners; null for children of this process
 */
export async function runUntilStopped(
  path: string,
  runners: string | null,
  bundlePath: string,
): Promise<void> {
  const config = readConfig(path);
  // A journal that was restarted must not end the pipelines.
  process.stdout.on("error", () => undefined);
  const log = createLog({ level: config.logLevel, secrets: secretsOf(config) });
  // Runners of a service have it from their unit.
  const kernels = { JETFLEET_KERNELS: kernelFolder(config.stateDir) };
  const launch = runners === null ? forkRunner(bundlePath, kernels) : connectRunner(runners);
  const daemon = await startDaemon({ config, bundlePath, launch, log });
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

function secretsOf(config: AgentConfig): string[] {
  return config.password === undefined ? [] : [config.password];
}
