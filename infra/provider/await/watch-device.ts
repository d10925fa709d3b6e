import { copyText, type Presence, type Reported } from "../../../fleet/contract/index.ts";
import type { FleetLink, Unsubscribe } from "../../../fleet/hub/client/index.ts";
import type { Operation } from "../rpc/operation.ts";

/** What a device says of itself, as far as it has said it. */
export interface DeviceView {
  presence: Presence | null;
  reported: Reported | null;
}

/** Said at the end of a wait, well or not: what is told of the device may be told by either of the two. */
export function warnOfCopy(operation: Operation, device: string, { presence }: DeviceView): void {
  if (presence?.copy) operation.log("warning", `${device}: ${copyText(presence.copy)}`);
}

/** Keeps `view` up to date until the returned function is called; `changed` is called after every message. */
export async function watchDevice(
  link: FleetLink,
  device: string,
  view: DeviceView,
  changed: () => void,
): Promise<Unsubscribe> {
  const stops = [
    await link.subscribe(device, "presence", (presence) => {
      view.presence = presence;
      changed();
    }),
    await link.subscribe(device, "reported", (reported) => {
      view.reported = reported;
      changed();
    }),
  ];
  return async () => {
    for (const stop of stops) await stop();
  };
}
