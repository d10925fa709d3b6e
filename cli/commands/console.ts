import { setTimeout as delay } from "node:timers/promises";
import { FleetError } from "../../fleet/errors/index.ts";
import { type HubLocation, type HubOptions, locateHub, openFeed } from "../hub-location.ts";
import { openOverlay } from "../overlay-source.ts";
import type { Shown } from "../render/overlay.ts";
import type { CommandContext } from "./command-context.ts";

/** 128 + SIGTERM, as shells count. */
const ENDED_BY_SIGNAL = 143;
/** Ctrl-C reaches esbuild as well, and its end may be heard before the signal is. */
const HEARD_LATE_MS = 500;

/** Adds `console`, which is what runs when no command is named. */
export function registerConsole({ program, withHub, run, signal }: CommandContext): void {
  withHub(program.command("console", { isDefault: true }).description("the fleet on a live screen"))
    .addHelpText("after", "\nNeeds a terminal; `jetfleet status` does not.")
    .action((options: HubOptions) => run(() => openConsole(options, signal)));
}

async function openConsole(options: HubOptions, signal: AbortSignal): Promise<number> {
  requireTerminal();
  return showConsole(await locateHub(options), signal);
}

/** Shows the fleet until the user leaves; returns the exit code. */
export async function showConsole(location: HubLocation, signal: AbortSignal): Promise<number> {
  requireTerminal();
  prepareInk(process.env);
  const { loadConsole } = await import("../console/bundle.ts");
  const runConsole = await loadConsole().catch(async (error: unknown) => {
    if (await endedWithin(HEARD_LATE_MS, signal)) throw cancelled();
    throw error;
  });
  const feed = await openFeed(location, signal);
  const overlays = await openOverlay(location);
  try {
    await feed.settle(signal);
    if (signal.aborted) throw cancelled();
    const view = (): Shown => {
      const now = feed.view();
      return { ...now, overlay: overlays?.overlay(now) ?? null };
    };
    const onChange = (heard: () => void): (() => void) => {
      const stops = [feed.onChange(heard), overlays?.onChange(heard)];
      return () => {
        for (const stop of stops) stop?.();
      };
    };
    const look = (device: string | null): void => feed.look(device);
    await runConsole({ view, onChange, look }, signal);
    return signal.aborted ? ENDED_BY_SIGNAL : 0;
  } finally {
    overlays?.close();
    await feed.close();
  }
}

async function endedWithin(ms: number, signal: AbortSignal): Promise<boolean> {
  await delay(ms, undefined, { signal }).catch(() => {});
  return signal.aborted;
}

function cancelled(): FleetError {
  return new FleetError("CANCELLED", "Cancelled while opening the console");
}

/** Ink reads these when it is loaded. It knows FORCE_COLOR only, and draws nothing where CI is set, terminal or not. */
function prepareInk(env: NodeJS.ProcessEnv): void {
  if (env["NO_COLOR"]) env["FORCE_COLOR"] = "0";
  env["CI"] = "false";
  env["CONTINUOUS_INTEGRATION"] = "false";
}

function requireTerminal(): void {
  if (process.stdin.isTTY && process.stdout.isTTY) return;
  throw new FleetError("USAGE", "Expected a terminal for the console but there is none", {
    hint: "Use `jetfleet status`, with --watch or --json.",
  });
}
