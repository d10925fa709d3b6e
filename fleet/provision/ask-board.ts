import { isFleetError, reworded } from "../errors/index.ts";
import type { Deadline, SshSession } from "../ssh/index.ts";
import { runAsRoot } from "./board-shell.ts";

export interface Asking {
  /** Names the questions in errors. */
  label: string;
  signal: AbortSignal;
  /** For one answer. A board that builds an engine meanwhile may need a minute for some fifty of them. */
  answerMs?: number;
}

/**
 * What a script of `file` and `say` prints, for `parseAnswers`. As long as answers come, there is time for the next; the
 * one that does not come is named by SSH_TIMEOUT.
 */
export async function askBoard(
  session: SshSession,
  script: string,
  { label, signal, answerMs = 30_000 }: Asking,
): Promise<string> {
  let line = "";
  const onOutput = (data: Buffer, deadline: Deadline) => {
    deadline.restart();
    line = (line + data.toString("latin1")).split("\n").at(-1) ?? "";
  };
  const options = { label, signal, timeoutMs: answerMs, onOutput };
  try {
    return await runAsRoot(session, script, options);
  } catch (error) {
    const [question] = line.split(" ");
    if (!question || !isFleetError(error, "SSH_TIMEOUT")) throw error;
    const message = `${error.message}, at the question "${question}"`;
    throw reworded(error, { message, context: { question } });
  }
}
