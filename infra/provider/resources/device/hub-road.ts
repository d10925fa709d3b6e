import { FleetError } from "../../../../fleet/errors/index.ts";
import { drawToken } from "../../../../fleet/hub/client/index.ts";
import type { HubRoad } from "../../../../fleet/provision/send-files.ts";
import type { FleetContext } from "../../fleet-context.ts";
import type { Operation } from "../../rpc/operation.ts";

/** What a board would run that asked for an installer: it is provisioned from here. */
const NO_INSTALLER = "exit 0\n";

/**
 * The hub's side for boards without a certificate, as one that is enrolled has it: a token for the board of `device` alone and
 * for these files, that ends with the operation. Each file goes to the hub once, also from provisionings that run beside.
 */
export function hubRoad(
  context: FleetContext,
  { signal, timeoutMs }: Operation,
  device: string,
): HubRoad {
  const hub = context.hub(signal);
  return {
    async open(files) {
      const { enrolUrl } = await hub.info();
      if (enrolUrl === undefined)
        throw new FleetError(
          "HUB_REFUSED",
          "Expected a hub that boards may fetch from but it is of a former version",
        );
      for (const { digest, path } of files)
        await context.sending.run(digest, () => hub.putObject(digest, path));
      const { token, tokenHash } = drawToken();
      const { id } = await hub.beginEnrolment(device, {
        tokenHash,
        lifeMs: Math.max(timeoutMs, 60_000),
        script: NO_INSTALLER,
        objects: files.map(({ digest }) => digest),
      });
      return { url: `${enrolUrl.replace(/\/+$/, "")}/enrol/${id}`, token, caPem: hub.caPem };
    },
    // Also after a cancellation; the token ends by itself where the hub is not reached.
    close: () =>
      context
        .hub(AbortSignal.timeout(10_000))
        .endEnrolment(device)
        .catch(() => undefined),
  };
}
