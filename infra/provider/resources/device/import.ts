import { randomUUID } from "node:crypto";
import { FleetError } from "../../../../fleet/errors/index.ts";
import {
  type BoardProbe,
  ENGINE_QUOTA_BYTES,
  probeBoard,
} from "../../../../fleet/provision/probe.ts";
import { type DeviceOwner, mayFollow, ownerText } from "../../../../fleet/spec/index.ts";
import { isOnline } from "../../await/device-online.ts";
import type { FleetContext } from "../../fleet-context.ts";
import { ownerOf } from "../../release/publish.ts";
import type { Operation } from "../../rpc/operation.ts";
import type { Properties } from "../../rpc/values.ts";
import type { Known } from "../resource.ts";
import { goalsOf, specOf, stateOf, targetOf } from "./state.ts";

/** `USER@ADDRESS[:PORT]`; an IPv6 address with a port stands in brackets. */
const ADDRESS = /^([^@\s]+)@(?:\[([0-9A-Fa-f:.%]+)\]|([^:\s[\]]+))(?::(\d{1,5}))?$/;

/**
 * A device by where its board is reached, as its board says it is. Its own name would not do: neither hub nor state
 * knows where a board of that name is. Becomes the resource of its name; nothing on the board is changed.
 */
export async function importDevice(
  context: FleetContext,
  operation: Operation,
  id: string,
): Promise<Known> {
  const where = addressIn(context, id);
  const target = await targetOf(specOf({ ...where, name: "import" }), undefined);
  const { signal } = operation;
  const deadlineMs = Math.min(20_000, operation.timeoutMs / 2);
  const { probe, hostKey } = await context.ssh.use(
    target,
    { signal, deadlineMs },
    async (connection) => ({
      probe: await probeBoard(connection, signal),
      hostKey: connection.hostKey,
    }),
  );
  const config = requireOurs(context, probe, id);
  const quotaMib = config.engineQuotaBytes / 2 ** 20;
  const inputs: Properties = {
    name: config.device,
    ...where,
    ...(Object.keys(config.labels).length > 0 && { labels: { ...config.labels } }),
    ...(config.engineQuotaBytes !== ENGINE_QUOTA_BYTES && { engineQuotaMib: quotaMib }),
    // Only where one was asked for is there a former one.
    ...(probe.formerPowerMode !== null && probe.powerMode && { powerMode: probe.powerMode }),
    ...(probe.container && { container: { ...probe.container } }),
    ...(probe.clocksHeld && { clocks: "max" }),
    ...(probe.formerFanProfile !== null && probe.fanProfile && { fanProfile: probe.fanProfile }),
  };
  const online = await context.withLink(signal, (link) => isOnline(link, config.device));
  const goals = await goalsOf(context);
  const seen = stateOf(context, probe, hostKey);
  return {
    id: config.device,
    inputs: { ...inputs, ...goals },
    state: {
      ...{ ...inputs, ...seen, online, board: probe.board },
      ...(goals["runtime"] !== undefined && { runtime: goals["runtime"] }),
      ...ownership(probe, operation),
    },
  };
}

/** Whose it is from now on. Another program's is told of, and claimed by the next `up`. */
function ownership({ owner }: BoardProbe, operation: Operation): Properties {
  const mine: DeviceOwner = { ...ownerOf(operation.urn), id: randomUUID() };
  if (owner !== null && owner !== "unreadable" && mayFollow(mine, owner)) return { owner };
  if (owner === null) return { owner: mine };
  const whose = owner === "unreadable" ? "a program that cannot be read" : ownerText(owner);
  const hint =
    owner === "unreadable"
      ? "make sure that no other program declares it"
      : `take it out of there without deleting it: \`pulumi state delete '${owner.resource}'\``;
  operation.log("warning", `The board is of ${whose} until the next \`up\`; ${hint}`);
  return { owner: mine, imported: true };
}

function addressIn(context: FleetContext, id: string): Properties {
  const [, user, v6, host, port = "22"] = ADDRESS.exec(id) ?? [];
  const address = v6 ?? host;
  const { importKey } = context.config;
  if (user === undefined || address === undefined || Number(port) < 1 || Number(port) > 65_535) {
    throw new FleetError("USAGE", `Expected where a board is reached over SSH but got ${id}`, {
      hint:
        "Import a Device by USER@ADDRESS or USER@ADDRESS:PORT, such as nvidia@10.0.4.17. Or declare it with `takeOver: true` " +
        "and run `up`: an agent that is already installed is taken over.",
    });
  }
  // As for a program that names neither key nor password.
  if (importKey === undefined && !process.env["SSH_AUTH_SOCK"]) {
    throw new FleetError("USAGE", `Expected an SSH agent or a private key for ${id}`, {
      hint:
        "Start an agent that has the key (SSH_AUTH_SOCK), or run `pulumi config set jetfleet:importKey PATH`, with the path " +
        "as the program gives it in ssh.privateKeyPath.",
    });
  }
  const key = importKey === undefined ? {} : { privateKeyPath: importKey };
  return { address, port: Number(port), ssh: { user, ...key } };
}

function requireOurs(context: FleetContext, { agentConfig }: BoardProbe, id: string) {
  if (agentConfig === null) {
    throw new FleetError("USAGE", `Expected an agent on the board at ${id} but it has none`, {
      hint: "Declare the device without `import` and run `up`, which installs one.",
    });
  }
  const { fleet } = context.config;
  if (agentConfig.fleet === fleet) return agentConfig;
  throw new FleetError(
    "DEVICE_OWNED",
    `Expected the board at ${id} to be of fleet ${fleet} but it is device ${agentConfig.device} of fleet ${agentConfig.fleet}`,
  );
}
