import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { setTimeout } from "node:timers/promises";

export type Command = readonly [program: string, ...args: string[]];

/** Seconds of the clock that all processes of a machine share (CLOCK_MONOTONIC). */
export type Span = readonly [from: number, to: number];

export interface Output {
  stdout: string;
  /** When the command was not stopped, in order. */
  turns: Span[];
}

/**
 * Long against what caches lose when another takes the processor, short against what neighbours on the same host do to it:
 * that goes on for seconds.
 */
const TURN_MS = 300;

/**
 * Runs commands that each take seconds of processor time as if each were alone, and all at the same time: one goes on for a
 * moment while the others are stopped. So all meet the same machine, however it changes meanwhile.
 * @throws Error when one ends with another code than 0; then all are ended
 */
export async function inTurns(commands: readonly Command[]): Promise<Output[]> {
  const running = commands.map((command) => new Turned(command));
  const end = () => running.forEach((one) => void one.signal("SIGKILL"));
  const stop = () => process.exit(130);
  // In groups of their own, which a terminal's Ctrl-C does not reach.
  process.once("exit", end).once("SIGINT", stop).once("SIGTERM", stop);
  try {
    for (let left = running; left.length > 0; left = left.filter((one) => !one.ended)) {
      for (const one of left) await one.takeTurn();
    }
    return running.map(({ stdout, turns }) => ({ stdout, turns }));
  } finally {
    end();
    process.off("exit", end).off("SIGINT", stop).off("SIGTERM", stop);
  }
}

/** Seconds of a span that lie in turns. */
export function secondsIn(turns: readonly Span[], [from, to]: Span): number {
  return turns.reduce((sum, turn) => {
    return sum + Math.max(0, Math.min(to, turn[1]) - Math.max(from, turn[0]));
  }, 0);
}

class Turned {
  stdout = "";
  ended = false;
  readonly turns: Span[] = [];
  readonly #command: Command;
  readonly #child: ChildProcess;
  readonly #exit: Promise<unknown>;

  constructor(command: Command) {
    this.#command = command;
    const [program, ...args] = command;
    this.#child = spawn(program, args, { detached: true, stdio: ["ignore", "pipe", "inherit"] });
    this.#child.stdout?.setEncoding("utf8").on("data", (text: string) => (this.stdout += text));
    this.#exit = once(this.#child, "close").then(() => (this.ended = true));
    this.#exit.catch(() => undefined); // told by the turn that awaits it
    this.signal("SIGSTOP");
  }

  async takeTurn(): Promise<void> {
    const from = now();
    this.signal("SIGCONT");
    const over = new AbortController();
    await Promise.race([
      this.#exit.finally(() => over.abort()),
      setTimeout(TURN_MS, undefined, over).catch(() => undefined),
    ]);
    if (!this.ended) this.signal("SIGSTOP");
    this.turns.push([from, now()]);
    if (this.ended && this.#child.exitCode !== 0) {
      const how = this.#child.signalCode ?? `code ${this.#child.exitCode}`;
      throw new Error(`${this.#command.join(" ")} ended with ${how}`);
    }
  }

  /** To the command and all that it has started. */
  signal(name: NodeJS.Signals): void {
    const { pid } = this.#child;
    if (pid === undefined || this.ended) return;
    try {
      process.kill(-pid, name);
    } catch {
      // It has ended just now.
    }
  }
}

/** Seconds of CLOCK_MONOTONIC. */
export function now(): number {
  return Number(process.hrtime.bigint()) / 1e9;
}
