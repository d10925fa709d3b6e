import { execFile } from "node:child_process";
import { randomUUID } from "node:crypto";
import { closeSync, constants, openSync, unlinkSync } from "node:fs";
import { Socket } from "node:net";
import { join } from "node:path";
import { promisify } from "node:util";

const { O_NONBLOCK, O_RDONLY, O_RDWR, O_WRONLY } = constants;

/*
 * Node gives child processes sockets where a shell gives pipes, and a socket cannot be opened by its path:
 * `install /dev/stdin FILE` or `tee /dev/stderr` would fail inside, while under sshd they work.
 */

/** A pipe out of a process that is still to be started. */
export interface OutputPipe {
  stream: Socket;
  /** The process's end, for spawn's stdio. */
  end: number;
  /** Closes that end on this side; only then does the stream end when the process does. */
  closeEnd(): void;
}

/** Output pipes: named ones that lose their name at once. */
export async function makeOutputPipes(dir: string): Promise<[OutputPipe, OutputPipe]> {
  const paths = [join(dir, `pipe-${randomUUID()}`), join(dir, `pipe-${randomUUID()}`)] as const;
  await promisify(execFile)("mkfifo", ["-m", "600", ...paths]);
  return [openPipe(paths[0]), openPipe(paths[1])];
}

// Opening one end of a named pipe waits for the other, unless somebody already holds both. Only our own end may
// be non-blocking: the flag belongs to an opened file, and a program does not expect it on its standard output.
function openPipe(path: string): OutputPipe {
  const hold = openSync(path, O_RDWR);
  const stream = new Socket({
    fd: openSync(path, O_RDONLY | O_NONBLOCK),
    readable: true,
    writable: false,
  });
  const end = openSync(path, O_WRONLY);
  closeSync(hold);
  unlinkSync(path);
  return { stream, end, closeEnd: () => closeSync(end) };
}

/**
 * The same for standard input: a shell puts a `cat` and a pipe before the command and becomes the command. A named
 * pipe would not do, because opening it again waits for a writer, who may have finished. 63 is bash's own copy
 * of the pipe, which the command must not inherit.
 */
export function behindInputPipe(command: readonly string[]): string[] {
  return ["bash", "-c", 'exec "$@" < <(exec cat 2>/dev/null) 63<&-', "bash", ...command];
}
