import { z } from "zod";
import { FleetError } from "../../../../fleet/errors/index.ts";
import { uninstall } from "../../../../fleet/provision/install.ts";
import { probeBoard } from "../../../../fleet/provision/probe.ts";
import type { FleetContext } from "../../fleet-context.ts";
import type { Operation } from "../../rpc/operation.ts";
import { type Properties, reveal } from "../../rpc/values.ts";
import { unreachablePolicy } from "../../unreachable.ts";
import type { Known } from "../resource.ts";
import { wayTo } from "./declared.ts";
import { otherOwner } from "./ownership.ts";
import { FormerBoard, type ReachedDevice, specOf, targetOf } from "./state.ts";

/*
 * A device that gets another board leaves its agent on the one before. It is removed there once the new one is online, and
 * is in the state until then, so that neither a failure in between nor a board that is switched off makes it forgotten.
 */

/** The next `up` tries again, so nobody need wait long for a board that is switched off. */
const TRY_FORMER_MS = 8_000;

const FormerBoards = z.array(FormerBoard).catch([]);

export function formerBoardsIn(state: Properties): FormerBoard[] {
  return FormerBoards.parse(reveal(state["formerBoards"] ?? []));
}

/** Whether the program reaches the device otherwise than before; at another address there may be another board. */
export function isMoved({ inputs }: Known, news: Properties): boolean {
  return wayTo(inputs) !== wayTo(news);
}

/**
 * Where the agent of the device is to be removed, now that it is on the board that shows this host key. Boards of one
 * image that share a key cannot be told apart: none of them is left.
 */
export function formerBoards(
  known: Known | undefined,
  news: Properties,
  hostKey: string,
): FormerBoard[] {
  if (known === undefined) return [];
  const left = formerBoardsIn(known.state);
  const last = isMoved(known, news) ? lastBoard(known) : [];
  // A device that is back where it was has not left.
  return [...left, ...last].filter((board) => board.hostKey !== hostKey);
}

/**
 * Whether the agent of this device that is online may be that of a former board, which has its name: until an update has seen
 * the one on the present board come online.
 */
export function mayBeFormers(
  known: Known,
  news: Properties,
  former: readonly FormerBoard[],
): boolean {
  return former.length > 0 && (isMoved(known, news) || known.state["online"] !== true);
}

function lastBoard({ inputs, state }: Known): FormerBoard[] {
  const { address, port } = inputs;
  const board = FormerBoard.safeParse({ address, port, hostKey: state["hostKey"] }).data;
  return board === undefined ? [] : [board];
}

/** Removes the agent from the boards that `state` has as former ones; resolves to the state without those that are done. */
export async function leaveFormerBoards(
  context: FleetContext,
  operation: Operation,
  { inputs }: Known,
  state: Properties,
): Promise<Properties> {
  const { formerBoards: _, ...rest } = state;
  const left: FormerBoard[] = [];
  for (const former of formerBoardsIn(state)) {
    const spec = onFormer(specOf(inputs), former);
    try {
      await removeAgent(context, operation, spec, state, TRY_FORMER_MS);
    } catch (error) {
      if (!(error instanceof FleetError)) throw error;
      const isForgotten = unreachablePolicy(context, inputs) === "forget";
      operation.log("warning", stays(spec, error, isForgotten));
      if (!isForgotten) left.push(former);
    }
  }
  return left.length === 0 ? rest : { ...rest, formerBoards: left };
}

/** The login of the device before, as nobody says another one. */
export function onFormer(
  spec: ReachedDevice,
  { address, port, hostKey }: FormerBoard,
): ReachedDevice {
  return { ...spec, address, port, ssh: { ...spec.ssh, hostKey } };
}

/** Removes the agent of a device from a board, unless it is another's by now. */
export async function removeAgent(
  context: FleetContext,
  operation: Operation,
  spec: ReachedDevice,
  state: Properties,
  reachWithinMs: number,
): Promise<void> {
  const { signal, log, status } = operation;
  const deadlineMs = Math.min(reachWithinMs, operation.timeoutMs / 2);
  const target = await targetOf(spec, state["hostKey"]);
  await context.ssh.use(target, { signal, deadlineMs }, async (connection) => {
    const { owner } = await probeBoard(connection, signal);
    const other = otherOwner({ owner }, state);
    if (other !== null) {
      log("warning", `The board of ${spec.name} is of ${other} by now; its agent stays as it is`);
      return;
    }
    status(`removing the agent from ${spec.address}:${spec.port}`);
    const left = await uninstall(connection, signal);
    for (const line of left.split("\n").filter((one) => one !== "")) log("warning", line);
  });
}

function stays(
  { name, address, port }: ReachedDevice,
  cause: FleetError,
  isForgotten: boolean,
): string {
  const what = `The agent of ${name} stays on its former board at ${address}:${port}, where the hub lets it do nothing any more: ${cause.message}`;
  return isForgotten
    ? `${what}; that board is forgotten`
    : `${what}. The next \`up\` tries again; or forget that board: \`pulumi config set jetfleet:onUnreachable forget\`, then \`up\``;
}
