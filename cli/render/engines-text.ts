import type { KeptEngine } from "../../fleet/contract/index.ts";
import { dateTime } from "./event-text.ts";
import { formatBytes, shortDigest } from "./format.ts";
import { type Column, table } from "./table.ts";

/** What one device said of its engines. */
export interface DeviceEngines {
  device: string;
  /** By the device's clock; null: it never reported. */
  reportedAtMs: number | null;
  /** Room for engines that nothing runs; null: its agent does not tell. */
  quotaBytes: number | null;
  /** Null: its agent tells nothing of engines. */
  engines: KeptEngine[] | null;
  /** Of models that its pipelines run, by digest. */
  names: Record<string, string>;
}

const COLUMNS: readonly Column[] = [
  { title: "MODEL" },
  { title: "FOR" },
  { title: "KEY" },
  { title: "SIZE", align: "right" },
  { title: "ORIGIN" },
  { title: "SELF-TEST" },
  { title: "BUILT" },
  { title: "IN", align: "right" },
  { title: "STATE" },
];
const AS_WIDE_AS_NEEDED = Number.POSITIVE_INFINITY;

export function engineLines(devices: readonly DeviceEngines[]): string[] {
  if (devices.length === 0) return ["The hub knows no device yet."];
  return devices.flatMap(({ device, reportedAtMs, quotaBytes, engines, names }) => {
    if (reportedAtMs === null) return [`${device}: has never reported`];
    if (engines === null) return [`${device}: its agent tells nothing of engines`];
    if (engines.length === 0) return [`${device}: no engine`];
    const rows = engines.map((engine) => cells(engine, names));
    const reasons = engines.flatMap(({ key, error }) =>
      error ? [`  ${shortDigest(key)}: ${error.code}: ${error.message}`] : [],
    );
    const used = engines.reduce((sum, { sizeBytes = 0 }) => sum + sizeBytes, 0);
    const quota = quotaBytes === null ? "" : ` of a quota of ${formatBytes(quotaBytes)}`;
    const room = `${formatBytes(used)}${quota}`;
    const count = `${device}: ${engines.length} as reported ${dateTime(reportedAtMs)}, ${room}`;
    const lines = table(COLUMNS, rows, AS_WIDE_AS_NEEDED).map((text) => `  ${text}`);
    return [count, ...lines, ...reasons];
  });
}

function cells(engine: KeptEngine, names: DeviceEngines["names"]): string[] {
  const { model, accelerator, key, sizeBytes, atMs, seconds } = engine;
  const digest = shortDigest(model);
  return [
    names[model] === undefined ? digest : `${names[model]} ${digest}`,
    accelerator,
    shortDigest(key),
    formatBytes(sizeBytes),
    originOf(engine),
    testOf(engine),
    dateTime(atMs),
    `${seconds.toFixed(1)} s`,
    stateOf(engine),
  ];
}

/** The hub's word is not needed for whom: the device that built it signed it. */
function originOf({ origin, attestation }: KeptEngine): string {
  if (origin === undefined) return "-";
  return origin === "fetched" && attestation ? `fetched from ${attestation.device}` : origin;
}

/** How near it is to its model in the golden pictures. */
function testOf({ selfTest }: KeptEngine): string {
  if (selfTest === undefined) return "-";
  const { candidates, mostScoreOff } = selfTest;
  const off = mostScoreOff === null ? "no measure" : `off by ${mostScoreOff.toFixed(4)}`;
  return `${candidates} found, ${off}`;
}

function stateOf({ outcome, inUse }: KeptEngine): string {
  if (outcome === "unbuildable") return "cannot be built";
  if (outcome === "unknown") return "unknown";
  return inUse ? "in use" : "kept";
}
