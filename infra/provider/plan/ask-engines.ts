import { Reported } from "../../../fleet/contract/index.ts";
import { FleetError, isFleetError } from "../../../fleet/errors/index.ts";
import type { HubClient } from "../../../fleet/hub/client/index.ts";
import { parseJson } from "../../../fleet/release/index.ts";
import type { EngineQuestion, Told } from "./engine-preview.ts";

type Hub = Pick<HubClient, "getRetained" | "listDevices">;

/** A preview waits no longer than this for what it can also do without. */
export const ASK_MS = 3000;
/** Of a large fleet not every device is asked. */
const MOST_OTHERS = 32;

/** What the hub holds of engines; whatever keeps it from answering in time is told as not known. */
export async function askEngines(
  hub: (signal: AbortSignal) => Hub,
  device: string,
  deadlineMs = ASK_MS,
): Promise<Pick<EngineQuestion, "told" | "others" | "unasked">> {
  const signal = AbortSignal.timeout(deadlineMs);
  try {
    const client = hub(signal);
    const late = new Promise<never>((_resolve, reject) => {
      signal.addEventListener("abort", () => reject(tooLate(deadlineMs)), { once: true });
    });
    return await Promise.race([ask(client, device, deadlineMs), late]);
  } catch (error) {
    const why = isFleetError(error) ? error.message : String(error);
    return { told: { unknown: why }, others: [], unasked: 0 };
  }
}

async function ask(hub: Hub, device: string, timeoutMs: number) {
  const names = (await hub.listDevices()).map(({ name }) => name);
  const told = names.includes(device) ? await reportOf(hub, device, timeoutMs) : null;
  const others = names.filter((name) => name !== device);
  const asked = others.slice(0, MOST_OTHERS);
  const reports = await Promise.all(
    asked.map(async (name) => ({
      device: name,
      reported: await reportOf(hub, name, timeoutMs),
    })),
  );
  const said = reports.flatMap(({ device: name, reported }) =>
    reported === null || "unknown" in reported ? [] : [{ device: name, reported }],
  );
  return { told, others: said, unasked: others.length - said.length };
}

async function reportOf(hub: Hub, device: string, timeoutMs: number): Promise<Told> {
  const bytes = await hub.getRetained(device, "reported", timeoutMs);
  if (bytes === null) return { unknown: "it has not reported yet" };
  const report = Reported.safeParse(parseJson(Buffer.from(bytes).toString("utf8")));
  return report.data ?? { unknown: "what it reports is not what this version reads" };
}

function tooLate(deadlineMs: number): FleetError {
  return new FleetError("HUB_UNREACHABLE", `Expected the hub's answer within ${deadlineMs} ms`);
}
