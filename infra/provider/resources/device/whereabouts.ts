import { setTimeout as delay } from "node:timers/promises";
import { FleetError, reworded } from "../../../../fleet/errors/index.ts";
import type { FleetContext } from "../../fleet-context.ts";
import type { Operation } from "../../rpc/operation.ts";

/** What the hub knows of a device that SSH does not reach. */
export interface Whereabouts {
  /** Its agent sends figures at this moment. */
  isHeard: boolean;
  /** As its birth or will says; null: it never came, or was deleted. */
  online: boolean | null;
  /** When the hub heard from it last; null: its history has nothing of it. */
  lastHeardMs: number | null;
  /** When its agent started last, as after a boot; null: the hub has no word of that. */
  agentStartedMs: number | null;
}

/** Time for all questions to the hub, which may be away as well. */
const ASK_MS = 8_000;
/** Figures come once a second. */
const LISTEN_MS = 2_500;
const HOUR = { ms: 3_600_000, stepMs: 10_000 };

/**
 * The same failure with a hint that fits a board which was there at the last `up`: what its hub knows of it, and what helps.
 * `triedMs`: for how long this one tried.
 */
export async function withWhereabouts(
  context: FleetContext,
  operation: Operation,
  error: FleetError,
  { name, triedMs }: { name: string; triedMs: number },
): Promise<FleetError> {
  const found = await ask(context, operation, name).catch((failure: unknown) =>
    failure instanceof FleetError ? failure : null,
  );
  const seconds = Math.max(1, Math.round(triedMs / 1000));
  const before = `The board was reached at the last \`up\`; this one tried for ${seconds} s.`;
  return reworded(error, { hint: `${before} ${describeWhereabouts(found, Date.now())}` });
}

async function ask(
  context: FleetContext,
  operation: Operation,
  device: string,
): Promise<Whereabouts> {
  const signal = AbortSignal.any([operation.signal, AbortSignal.timeout(ASK_MS)]);
  const { history } = context.hub(signal);
  return await context.withLink(signal, async (link) => {
    let isHeard = false;
    await link.subscribe(device, "stats", () => {
      isHeard = true;
    });
    const nowMs = Date.now();
    const hour = { sinceMs: nowMs - HOUR.ms, untilMs: nowMs, stepMs: HOUR.stepMs };
    const [presence, figures, newest, started] = await Promise.all([
      link.readRetained(device, "presence"),
      history.figures(device, hour),
      history.newest({ device }, 20),
      history.newest({ device, kinds: ["agent-started"] }, 1),
      delay(LISTEN_MS, undefined, { signal }),
    ]);
    const said = newest.events.find(({ source }) => source === "device");
    const heardMs = [
      // The last step is that of the last figures, which came within it.
      ...figures.board.slice(-1).map(({ atMs }) => Math.min(atMs + hour.stepMs, nowMs)),
      ...(said ? [said.receivedAtMs] : []),
    ];
    return {
      isHeard,
      online: presence?.online ?? null,
      lastHeardMs: heardMs.length === 0 ? null : Math.max(...heardMs),
      agentStartedMs: started.events[0]?.timeMs ?? null,
    };
  });
}

/** Pure; `found` is the failure where the hub did not answer, and null where nobody knows why. */
export function describeWhereabouts(found: Whereabouts | FleetError | null, nowMs: number): string {
  if (found === null || found instanceof FleetError) {
    const why = found === null ? "" : ` (${found.code})`;
    return `Its hub does not answer either${why}: look at this machine's network first, then at the board. ${AGAIN}`;
  }
  const { isHeard, online, lastHeardMs, agentStartedMs } = found;
  const started =
    agentStartedMs === null ? "" : ` Its agent started last ${agoText(agentStartedMs, nowMs)}.`;
  if (isHeard) {
    return (
      `It runs: its agent talks to the hub at this moment.${started} Look at its SSH server (\`systemctl status ssh\` on it), ` +
      "at address and port, and at what filters them."
    );
  }
  const heard =
    lastHeardMs === null
      ? "The hub's history has no word of it."
      : `The hub heard from it last ${agoText(lastHeardMs, nowMs)}.`;
  const lately = lastHeardMs !== null && nowMs - lastHeardMs < 5 * 60_000;
  const guess =
    online === true || lately
      ? "It may be rebooting, which takes a minute or two, or has just lost power or network."
      : "It is without power or network, or hangs: look at its power, cable and address.";
  return `${heard}${started} ${guess} ${AGAIN}`;
}

const AGAIN =
  "When it is back, `pulumi up` goes on; to go on without it now: `pulumi config set jetfleet:onUnreachable skip`, then `pulumi up`.";

function agoText(atMs: number, nowMs: number): string {
  const seconds = Math.max(0, Math.round((nowMs - atMs) / 1000));
  const time = new Date(atMs).toISOString().replace("T", " ").slice(0, 19);
  const ago =
    seconds < 120
      ? `${seconds} s`
      : seconds < 7200
        ? `${Math.round(seconds / 60)} min`
        : seconds < 2 * 86_400
          ? `${Math.round(seconds / 3600)} h`
          : `${Math.round(seconds / 86_400)} d`;
  return `${ago} ago, at ${time} UTC`;
}
