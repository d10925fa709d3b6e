import { readlinkSync } from "node:fs";
import { describeError } from "../../fleet/errors/index.ts";
import { assembleRuntime, RuntimeShelf } from "../../fleet/provision/runtime/index.ts";
import { KeptDigests } from "./resources/device/kept-digests.ts";
import { startServer } from "./server.ts";

/** How often a provider whose engine may have died looks for it. */
const ORPHAN_CHECK_MS = 2_000;

try {
  // The engine passes its address after options of its own; under PULUMI_DEBUG_PROVIDERS there is none.
  const engineAddress = process.argv.slice(2).find((argument) => !argument.startsWith("-"));
  const digests = new KeptDigests();
  const shelf = new RuntimeShelf(assembleRuntime, (path) => digests.of(path));
  const server = await startServer(engineAddress, shelf, engineHasTerminal());
  // The engine reads the port from the first line and shows nothing of what follows.
  process.stdout.write(`${server.port}\n`);
  const stop = () => {
    server.stop().then(
      () => process.exit(0),
      () => process.exit(1),
    );
  };
  process.once("SIGINT", stop);
  process.once("SIGTERM", stop);
  if (engineAddress) exitWithParent(stop);
} catch (error) {
  process.stderr.write(`${describeError(error)}\n`);
  process.exitCode = 1;
}

/** The engine does not say what it shows its rows on; where that cannot be seen either, it is taken for a terminal. */
function engineHasTerminal(): boolean {
  try {
    return /^\/dev\/(pts|tty|console)/.test(readlinkSync(`/proc/${process.ppid}/fd/1`));
  } catch {
    return true;
  }
}

/** An engine that was killed cannot say so; without it nobody would ever end this process. */
function exitWithParent(stop: () => void): void {
  const parent = process.ppid;
  setInterval(() => {
    if (process.ppid !== parent) stop();
  }, ORPHAN_CHECK_MS).unref();
}
