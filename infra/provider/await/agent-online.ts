import type { Presence } from "../../../fleet/contract/index.ts";
import { FleetError } from "../../../fleet/errors/index.ts";
import type { FleetLink } from "../../../fleet/hub/client/index.ts";
import type { Operation } from "../rpc/operation.ts";
import { type Verdict, waitUntil } from "./wait-until.ts";
import { type DeviceView, warnOfCopy, watchDevice } from "./watch-device.ts";

export interface AgentView extends DeviceView {
  /** How often the agent ended by itself since it was started. */
  restarts: number;
}

/** An agent that ended this often will not come online by waiting. */
const MAX_RESTARTS = 3;
const POLL_MS = 2_000;

/**
 * Online means: a birth that is newer than `before` (or any, when nothing was restarted), and a report of that same
 * start of the agent. A retained birth alone proves nothing, for its will may be under way.
 */
export function judgeOnline(view: AgentView, before: Presence | null, restarted: boolean): Verdict {
  const { presence, reported } = view;
  const stale =
    restarted &&
    before !== null &&
    presence?.bootId === before.bootId &&
    presence.seq === before.seq;
  if (view.restarts >= MAX_RESTARTS && !(presence?.online && !stale)) return crashed(view.restarts);
  if (presence === null || stale) return waiting("agent started, not yet online at the hub");
  if (!presence.online) return waiting("agent offline");
  if (reported?.bootId !== presence.bootId) return waiting("agent online, no report yet");
  const { board, agentVersion } = reported;
  return { verdict: "done", text: `online, agent ${agentVersion} on Node ${board.node}` };
}

function crashed(restarts: number): Verdict {
  const message = `Expected the agent to stay up but it ended by itself ${restarts} times`;
  return { verdict: "failed", error: new FleetError("AGENT_OFFLINE", message) };
}

function waiting(reason: string): Verdict {
  return { verdict: "waiting", reason };
}

export interface OnlineWait {
  operation: Operation;
  link: FleetLink;
  device: string;
  before: Presence | null;
  restarted: boolean;
  /** How often the unit was restarted by itself. */
  countRestarts(): Promise<number>;
  /** End of the agent's log, for the error. */
  log(): Promise<string>;
}

export async function waitOnline(wait: OnlineWait): Promise<AgentView> {
  const { link, device, operation } = wait;
  const view: AgentView = { presence: null, reported: null, restarts: 0 };
  await waitUntil({
    operation,
    link,
    goal: `the agent of ${device} to be online`,
    code: "AGENT_OFFLINE",
    judge: () => judgeOnline(view, wait.before, wait.restarted),
    observe: async (changed) => {
      const stopWatching = await watchDevice(link, device, view, changed);
      const stopPolling = poll(async () => {
        view.restarts = await wait.countRestarts();
        changed();
      });
      return async () => {
        stopPolling();
        await stopWatching();
      };
    },
    details: wait.log,
    atEnd: () => warnOfCopy(operation, device, view),
  });
  return view;
}

/** Runs `work` again and again with a pause; a failure of one round is left to the next. */
function poll(work: () => Promise<void>): () => void {
  let timer: NodeJS.Timeout;
  let stopped = false;
  const round = async () => {
    await work().catch(() => {});
    if (!stopped) timer = setTimeout(() => void round(), POLL_MS);
  };
  timer = setTimeout(() => void round(), POLL_MS);
  return () => {
    stopped = true;
    clearTimeout(timer);
  };
}
