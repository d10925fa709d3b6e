import { budgetText, copyText } from "../contract/index.ts";
import { ERROR_CODES, type ErrorCode } from "../errors/index.ts";
import { cardProblem } from "./card-problem.ts";
import { brokenBudget } from "./plan/broken-budget.ts";
import type { DeviceView, PipelineView, Problem } from "./view.ts";

/** What is wrong with a device, the device's own troubles first. */
export function problemsOf(device: DeviceView, nowMs: number): Problem[] {
  const absent = absence(device);
  const ending = endOfDesired(device, nowMs);
  // What an absent device said last is history; that it is absent is the news.
  if (absent) return [absent, ...copied(device), ...ending];
  return [
    ...copied(device),
    ...ending,
    ...(device.error ? [reported(device, null, device.error)] : []),
    ...pending(device, nowMs),
    ...cardProblem(device),
    ...device.pipelines.flatMap((pipeline) => pipelineProblems(device, pipeline)),
  ];
}

function absence(device: DeviceView): Problem | null {
  switch (device.presence) {
    case "online":
      return null;
    case "offline":
      return problem(
        device,
        null,
        "AGENT_OFFLINE",
        "the device is offline",
        device.presenceSinceMs,
      );
    case "silent":
      return problem(device, null, "AGENT_OFFLINE", "connected, but it sends no figures", null);
    case "unknown":
      return device.board
        ? problem(device, null, "HUB_UNREACHABLE", "no link to the hub: state unknown", null)
        : problem(device, null, "AGENT_OFFLINE", "the device has never reported", null);
  }
}

function copied(device: DeviceView): Problem[] {
  return device.copy === null
    ? []
    : [problem(device, null, "IDENTITY_COPIED", copyText(device.copy), device.copy.sinceMs)];
}

/** The hub renews a composition when half of its 45 days is over, unless its certificate ends before. */
const NOT_RENEWED_MS = 20 * 24 * 3_600_000;

function endOfDesired(device: DeviceView, nowMs: number): Problem[] {
  const { desiredUntilMs } = device;
  if (desiredUntilMs === null || desiredUntilMs - nowMs > NOT_RENEWED_MS) return [];
  const day = new Date(desiredUntilMs).toISOString().slice(0, 10);
  const over = desiredUntilMs <= nowMs;
  const message = `what it was told ${over ? "ended" : "ends"} on ${day} and is not renewed by the hub`;
  const found = problem(device, null, "HUB_NOT_CERTIFIED", message, null);
  return [{ ...found, severity: over ? "error" : "warning" }];
}

/** A device that is online takes a change at once. */
const ACCEPT_MS = 10_000;

function pending(device: DeviceView, nowMs: number): Problem[] {
  const { desiredGeneration, desiredSinceMs, generation, error } = device;
  // Why it refuses the change is said by its error.
  if (desiredGeneration === null || (generation ?? 0) >= desiredGeneration || error) return [];
  if (desiredSinceMs !== null && nowMs - desiredSinceMs < ACCEPT_MS) return [];
  const message = `has not taken generation ${desiredGeneration}; it is at ${generation ?? 0}`;
  const found = problem(device, null, "PIPELINE_NOT_RUNNING", message, desiredSinceMs);
  return [
    { ...found, severity: "warning", hint: "Read its agent's log: journalctl -u jetfleet-agent." },
  ];
}

function pipelineProblems(device: DeviceView, pipeline: PipelineView): Problem[] {
  const sources = sourceProblems(device, pipeline);
  if (sources.length > 0) return sources;
  if (pipeline.error) return [reported(device, pipeline.name, pipeline.error)];
  const { name, state, stats, sinceMs } = pipeline;
  if (state !== "running") {
    return [problem(device, name, "PIPELINE_NOT_RUNNING", `the pipeline is ${state}`, sinceMs)];
  }
  if (stats?.source.state === "lost") {
    return [problem(device, name, "SOURCE_UNREACHABLE", "the source is lost", null)];
  }
  if (stats && stats.fps === 0 && stats.source.state !== "ended") {
    return [problem(device, name, "PIPELINE_NOT_RUNNING", "no frames come out", null)];
  }
  const broken = brokenBudget(pipeline);
  const action = stats?.budget ? budgetText(stats.budget) : null;
  const words = [broken, action].filter((one) => one !== null).join("; ");
  return words === ""
    ? []
    : [{ ...problem(device, name, "PIPELINE_BUDGET", words, null), severity: "warning" }];
}

/** Of several sources, each that is not well. Where none plays, the pipeline itself says why. */
function sourceProblems(
  device: DeviceView,
  { name, state, sources = [] }: PipelineView,
): Problem[] {
  if (state !== "running") return [];
  return sources.flatMap(({ name: source, error }) =>
    error === null
      ? []
      : [reported(device, name, { ...error, message: `source ${source}: ${error.message}` })],
  );
}

function reported(
  device: DeviceView,
  pipeline: string | null,
  error: { code: string; message: string; hint: string; atMs: number },
): Problem {
  const { code, message, hint, atMs } = error;
  return { severity: "error", device: device.name, pipeline, code, message, hint, sinceMs: atMs };
}

function problem(
  device: DeviceView,
  pipeline: string | null,
  code: ErrorCode,
  message: string,
  sinceMs: number | null,
): Problem {
  const { hint } = ERROR_CODES[code];
  return { severity: "error", device: device.name, pipeline, code, message, hint, sinceMs };
}
