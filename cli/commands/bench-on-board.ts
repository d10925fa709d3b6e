import { type BenchOrder, type BenchReport } from "../../fleet/bench/index.ts";
import { FleetError } from "../../fleet/errors/index.ts";
import { CURRENT } from "../../fleet/provision/layout.ts";
import {
  connectSsh,
  type ExecResult,
  quoteArgument,
  type SshConnection,
  type SshTarget,
  uploadFile,
} from "../../fleet/ssh/index.ts";
import { reportIn } from "./bench-answer.ts";

export interface OnBoard {
  signal: AbortSignal;
  /** For all that the board does beside the two measurements: loading, or building an engine. */
  besideMs: number;
  /** Of the runtime on the board. */
  release?: string;
  onProgress: (what: string) => void;
}

const CONNECT_MS = 20_000;
const CLEAN_MS = 10_000;
/** Thousands of layers. */
const MOST_OUTPUT_BYTES = 64 * 2 ** 20;

/** `[user@]host[:port]`, as for SSH. Throws USAGE. */
export function parseBoard(text: string): Pick<SshTarget, "host" | "port" | "user"> {
  const [, user = "root", plain, bracketed, port = "22"] =
    /^(?:([^@\s]+)@)?(?:([^[\]:@\s]+)|\[([^\]\s]+)\])(?::(\d{1,5}))?$/.exec(text) ?? [];
  const host = plain ?? bracketed;
  if (host !== undefined && Number(port) <= 65_535) return { host, user, port: Number(port) };
  throw new FleetError("USAGE", `Expected --board [user@]host[:port] but got ${text}`);
}

/**
 * Has the agent of a board measure a model, over SSH: sends the model, runs `agent.cjs bench`, and takes away what it
 * brought, also when it is called off. The board's host key must be known; without one, nothing is sent and USAGE tells
 * what key the board shows.
 */
export async function benchOnBoard(
  target: SshTarget,
  order: BenchOrder,
  { signal, besideMs, release = CURRENT, onProgress }: OnBoard,
): Promise<BenchReport> {
  onProgress(`connecting to ${target.host}`);
  const connection = await connectSsh(target, { deadlineMs: CONNECT_MS, signal });
  try {
    if (target.hostKey === undefined) throw unpinned(connection);
    const folder = await makeFolder(connection, release, signal);
    try {
      const model = `${folder}/model.onnx`;
      const onSent = (sent: number, total: number): void =>
        onProgress(`sending the model: ${Math.round((100 * sent) / Math.max(total, 1))} %`);
      const source = { path: order.model };
      await uploadFile(connection, {
        ...{ source, remotePath: model, mode: 0o600, onProgress: onSent, signal },
      });
      onProgress("the board measures");
      const timeoutMs = order.warmUpMs + 2 * order.durationMs + besideMs;
      // Its number, for the day it is called off: older SSH servers pass no signals on.
      const command = `echo $$ > ${folder}/pid && TMPDIR=${folder} exec ${release}/bin/node ${release}/agent.cjs bench ${quoteArgument(JSON.stringify({ ...order, model }))}`;
      const result = await connection.exec(command, {
        ...{ timeoutMs, signal, label: "agent.cjs bench", maxOutputBytes: MOST_OUTPUT_BYTES },
      });
      const report = reportOf(result, connection.address);
      return { ...report, board: target.host, model: { ...report.model, path: order.model } };
    } finally {
      await clean(connection, folder);
    }
  } finally {
    connection.close();
  }
}

function unpinned({ hostKey, address }: SshConnection): FleetError {
  return new FleetError("USAGE", `Expected --host-key for ${address} but got none`, {
    hint: `It shows ${hostKey}: compare that with \`ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub\` on the board, and give it as --host-key.`,
  });
}

async function makeFolder(
  connection: SshConnection,
  release: string,
  signal: AbortSignal,
): Promise<string> {
  const label = "looking for the agent";
  const made = await connection.exec(
    `test -x ${release}/bin/node && test -r ${release}/agent.cjs && mktemp -d /tmp/jetfleet-bench-XXXXXX`,
    { label, signal },
  );
  const folder = made.stdout.trim();
  if (made.exitCode === 0 && /^\/tmp\/jetfleet-bench-\w+$/.test(folder)) return folder;
  const said = made.stderr.trim().slice(-200) || `nothing in ${release}`;
  throw new FleetError(
    "SSH_COMMAND_FAILED",
    `Expected an agent on ${connection.address} but got ${said}`,
    {
      hint: "Declare the board as a Device and run `pulumi up`: that installs the agent with its runtime.",
    },
  );
}

function reportOf(result: ExecResult, address: string): BenchReport {
  const report = reportIn(result.stdout);
  if (report !== null) return report;
  const said = result.stderr.trim().slice(-500) || "nothing";
  if (/Expected a command of agent\.cjs/.test(said)) {
    throw new FleetError("AGENT_OUTDATED", `The agent on ${address} is too old to measure a model`);
  }
  const how =
    result.signal === null ? `with exit code ${result.exitCode}` : `by SIG${result.signal}`;
  throw new FleetError(
    "RUNNER_CRASHED",
    `The process that measured on ${address} ended ${how}; its last words: ${said}`,
  );
}

/** Also after an abort, so without its signal. Where the connection is lost, /tmp is left to the board's next start. */
async function clean(connection: SshConnection, folder: string): Promise<void> {
  const stop = `kill -TERM $(cat ${folder}/pid) 2>/dev/null; rm -rf ${folder}`;
  await connection.exec(stop, { timeoutMs: CLEAN_MS, label: "cleaning up" }).catch(() => undefined);
}
