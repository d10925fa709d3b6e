import type { PseudoTtyInfo, ServerChannel, Session } from "ssh2";
import type { InsideProcess } from "./inside-process.ts";

/** Starts a command inside the board. */
export type Launch = (
  command: readonly string[],
  env: Record<string, string>,
) => Promise<InsideProcess>;

/** What OpenSSH's client gives where there is no exit status. */
const EXIT_NOT_STARTED = 255;
const SFTP_SERVER = "/usr/lib/openssh/sftp-server";

/** Serves one SSH session channel as sshd does: one exec, shell or sftp, with its environment and terminal. */
export function serveSession(session: Session, user: string, launch: Launch): void {
  const env = loginEnvironment(user);
  let pty: PseudoTtyInfo | null = null;
  let running: Promise<InsideProcess> | null = null;

  const start = (channel: ServerChannel, command: readonly string[]) => {
    running = launch(command, env);
    running.then(
      (process) => connect(process, channel, pty !== null),
      () => endChannel(channel, EXIT_NOT_STARTED, null),
    );
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
    void running?.then((process) => process.signal(`SIG${info.name}` as NodeJS.Signals));
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
  const known = pty.rows > 0 && pty.cols > 0;
  const sized = known ? `stty rows ${pty.rows} cols ${pty.cols}; ${command}` : command;
  return ["/bin/sh", "-c", 'cd "$HOME" 2>/dev/null; exec script -qefc "$0" /dev/null', sized];
}

function connect(process: InsideProcess, channel: ServerChannel, terminal: boolean): void {
  channel.pipe(process.stdin);
  process.stdout.pipe(channel, { end: false });
  process.stderr.pipe(channel.stderr, { end: false });
  channel.on("error", () => undefined);
  channel.once("close", () => {
    process.abandon();
    if (terminal) process.signal("SIGHUP");
  });
  process.ended.then(
    ({ code, signal }) => endChannel(channel, code, signal),
    () => endChannel(channel, EXIT_NOT_STARTED, null),
  );
}

function endChannel(
  channel: ServerChannel,
  code: number | null,
  signal: NodeJS.Signals | null,
): void {
  if (signal !== null) channel.exit(signal.replace(/^SIG/, ""), false, "");
  else channel.exit(code ?? EXIT_NOT_STARTED);
  channel.end();
}
