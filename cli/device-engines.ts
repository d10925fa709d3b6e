import { Reported } from "../fleet/contract/index.ts";
import { asFleetError } from "../fleet/errors/index.ts";
import type { HubClient } from "../fleet/hub/client/index.ts";
import { parseJson } from "../fleet/release/index.ts";
import type { DeviceEngines } from "./render/engines-text.ts";

/** As the device last reported, be it online or not. */
export async function enginesOf(client: HubClient, device: string): Promise<DeviceEngines> {
  const bytes = await client.getRetained(device, "reported");
  const never = { reportedAtMs: null, quotaBytes: null, engines: null, names: {} };
  if (bytes === null) return { device, ...never };
  const parsed = Reported.safeParse(parseJson(Buffer.from(bytes).toString("utf8")));
  if (!parsed.success) throw asFleetError(parsed.error, `reading what ${device} reports`);
  const { atMs, engines = null, engineQuotaBytes: quotaBytes = null, pipelines } = parsed.data;
  const names = Object.fromEntries(pipelines.map(({ model }) => [model.digest, model.name]));
  return { device, reportedAtMs: atMs, quotaBytes, engines, names };
}
