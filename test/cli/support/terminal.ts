import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { until } from "../../hub/running-hub.ts";

/** A program in a real terminal: tmux on a socket of its own. Tests wait for what is on the screen. */
export class Terminal {
  readonly #folder = mkdtempSync(path.join(tmpdir(), "jetfleet-tmux-"));
  readonly #statusFile = path.join(this.#folder, "status");

  constructor(command: readonly string[], size: { width: number; height: number }) {
    // The pane stays after the program's end, so that its exit status can be read.
    const quoted = command.map((part) => `'${part.replaceAll("'", `'\\''`)}'`).join(" ");
    this.#tmux("-f", "/dev/null", "new-session", "-d", "-s", "t", ...sizeFlags(size), "sh");
    this.#tmux("set-option", "-g", "remain-on-exit", "on");
    this.#tmux("respawn-pane", "-k", "-t", "t", `${quoted}; echo $? > '${this.#statusFile}'`);
  }

  /** The screen as a person sees it. */
  screen(): string {
    return this.#tmux("capture-pane", "-p", "-t", "t");
  }

  keys(...keys: string[]): void {
    this.#tmux("send-keys", "-t", "t", ...keys);
  }

  resize(width: number, height: number): void {
    this.#tmux("resize-window", "-t", "t", ...sizeFlags({ width, height }));
  }

  async awaitText(pattern: RegExp): Promise<string> {
    let screen = "";
    await until(`${pattern} on the screen`, () => pattern.test((screen = this.screen()))).catch(
      (error: unknown) => {
        throw new Error(`${String(error)}; the screen was:\n${screen}`);
      },
    );
    return screen;
  }

  /** Waits for the program's end and returns its exit status. */
  async exitStatus(): Promise<number> {
    // tmux itself does not always hear how a program ended, so the shell around it writes it down.
    await until("the program's exit status", () => existsSync(this.#statusFile));
    await until("the whole of it", () => readFileSync(this.#statusFile, "utf8").endsWith("\n"));
    return Number(readFileSync(this.#statusFile, "utf8"));
  }

  /** Of the program, which is the only child of the shell in the pane. */
  get pid(): number {
    const shell = this.#format("#{pane_pid}");
    return Number(readFileSync(`/proc/${shell}/task/${shell}/children`, "utf8").trim());
  }

  /** As another program on the same terminal does, which also sets its modes as shells like them. */
  scribble(text: string): void {
    const tty = this.#format("#{pane_tty}");
    execFileSync("stty", ["-F", tty, "sane"]);
    writeFileSync(tty, text);
  }

  close(): void {
    this.#tmux("kill-server");
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #format(format: string): string {
    return this.#tmux("display-message", "-p", "-t", "t", format).trim();
  }

  #tmux(...args: string[]): string {
    const env = { ...process.env, TERM: "xterm-256color", LC_ALL: "C.UTF-8", TMUX: "" };
    const socket = ["-u", "-S", path.join(this.#folder, "socket")];
    return execFileSync("tmux", [...socket, ...args], { encoding: "utf8", env });
  }
}

function sizeFlags({ width, height }: { width: number; height: number }): string[] {
  return ["-x", String(width), "-y", String(height)];
}
