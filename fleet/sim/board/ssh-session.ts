import type { ChildProcess } from "node:child_process";
import type { PseudoTtyInfo, ServerChannel, Session } from "ssh2";
import { childrenOf } from "./namespace.ts";

/** Starts a command inside the board. */
export type Launch = (command: readonly string[], env: Record<string, string>) => ChildProcess;

const SFTP_SERVER = "/usr/lib/openssh/sftp-server";

/** Serves one SSH session channel as sshd does: one exec, shell or sftp, with its environment and terminal. */
export function serveSession(session: Session, user: string, launch: Launch): void {
  const env = loginEnvironment(user);
  let pty: PseudoTtyInfo | null = null;
  let running: ChildProcess | null = null;

  const start = (channel: ServerChannel, command: readonly string[]) => {
    running = launch(command, env);
    connect(running, channel, pty !== null);
  };
  session.on("env", (accept, _reject, info) => {
    // What Debian's sshd_config accepts, so that nobody comes to rely on more.
    const name = (info as unknown as { key: string }).key;
    if (name === "LANG" || name.startsWith("LC_"))
      env[name] = (info as unknown as { val: string }).val;
    accept?.();
  });
  session.on("pty", (accept, _reject, info) => {
    pty = info;
    accept?.();
  });
  session.on("window-change", (accept) => accept?.());
  session.on("signal", (accept, _reject, info) => {
    if (running) signalSession(running, `SIG${info.name}` as NodeJS.Signals);
    accept?.();
  });
  session.on("exec", (accept, _reject, info) => {
    start(accept(), pty ? inTerminal(pty, env, info.command) : inShell(info.command));
  });
  session.on("shell", (accept) => {
    start(accept(), pty ? inTerminal(pty, env, "exec bash -l") : inShell("exec bash -l"));
  });
  session.on("subsystem", (accept, reject, info) => {
    if (info.name === "sftp") start(accept(), inShell(`exec ${SFTP_SERVER}`));
    else reject();
  });
}

function loginEnvironment(user: string): Record<string, string> {
  const home = user === "root" ? "/root" : `/home/${user}`;
  return {
    USER: user,
    LOGNAME: user,
    HOME: home,
    SHELL: "/bin/bash",
    PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
  };
}

// nsenter opens a working directory outside, so the shell goes home by itself.
function inShell(command: string): string[] {
  return ["/bin/sh", "-c", 'cd "$HOME" 2>/dev/null; exec "$SHELL" -c "$0"', command];
}

// `script` is what gives a terminal without native code; it also passes the command's exit status on.
function inTerminal(pty: PseudoTtyInfo, env: Record<string, string>, command: string): string[] {
  env["TERM"] = (pty as unknown as { term?: string }).term ?? "xterm";
  const sized = `stty rows ${pty.rows} cols ${pty.cols} 2>/dev/null; ${command}`;
  return ["/bin/sh", "-c", 'cd "$HOME" 2>/dev/null; exec script -qefc "$0" /dev/null', sized];
}

function connect(child: ChildProcess, channel: ServerChannel, terminal: boolean): void {
  const { stdin, stdout, stderr } = child;
  if (!stdin || !stdout || !stderr) throw new TypeError("a session's process must have pipes");
  channel.pipe(stdin);
  stdout.pipe(channel, { end: false });
  stderr.pipe(channel.stderr, { end: false });
  // EPIPE here means that the process closed its input, which it may.
  stdin.on("error", () => undefined);
  channel.on("error", () => undefined);
  child.once("error", () => endChannel(channel, 255, null));
  // `close` comes after all output: sshd too keeps the channel open as long as anyone holds it.
  child.once("close", (code, signal) => endChannel(channel, code, signal));
  channel.once("close", () => {
    stdin.destroy();
    stdout.destroy();
    stderr.destroy();
    if (terminal) signalSession(child, "SIGHUP");
  });
}

function endChannel(
  channel: ServerChannel,
  code: number | null,
  signal: NodeJS.Signals | null,
): void {
  if (signal !== null) channel.exit(signal.replace(/^SIG/, ""), false, "");
  else channel.exit(code ?? 255);
  channel.end();
}

/** Sends `signal` to the session's process group, as sshd does; nsenter outside it stays to pass the status on. */
function signalSession(nsenter: ChildProcess, signal: NodeJS.Signals): void {
  if (nsenter.pid === undefined) return;
  for (const leader of childrenOf(nsenter.pid)) {
    try {
      process.kill(-leader, signal);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
    }
  }
}
