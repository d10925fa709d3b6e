import { execFileSync } from "node:child_process";
import { appendFileSync, copyFileSync, existsSync, mkdirSync, writeFileSync } from "node:fs";
import { userInfo } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import {
  type BoardOptions,
  type SimulatedBoard,
  startBoard,
} from "../../../../fleet/sim/board/index.ts";
import { answers, freePort } from "../../../fleet/ssh/sshd.ts";

const NEEDED = ["/usr/sbin/sshd", "/usr/bin/sudo"];

/** Why boards are reached by the simulation's own server here; empty when by OpenSSH. */
export const opensshMissing = (() => {
  const absent = NEEDED.filter((path) => !existsSync(path));
  if (userInfo().uid !== 0) return "other accounts need root";
  return absent.length > 0 ? `${absent.join(", ")} not installed` : "";
})();

/** Behind which server a test's boards are, for its title. */
export const BEHIND =
  opensshMissing === "" ? "OpenSSH and sudo" : `the simulation's own server (${opensshMissing})`;

export interface OpenBoard {
  board: SimulatedBoard;
  /** Of the server to be used. */
  port: number;
  hostKey: string;
}

/**
 * A simulated board whose server is OpenSSH's and whose login `nvidia` has no more rights than sudo gives it, as a unit
 * that comes up at every boot. Where that cannot be, the board as the simulation makes it.
 */
export async function startOpenBoard(options: BoardOptions): Promise<OpenBoard> {
  const board = await startBoard(options);
  if (opensshMissing !== "") {
    return { board, port: board.info.sshPort, hostKey: board.info.hostKey };
  }
  const port = await freePort();
  const hostKey = prepare(join(options.dir, "root"), port);
  const begun = await board.exec("systemctl daemon-reload; systemctl enable --now ssh");
  if (begun.code !== 0) throw new Error(begun.stderr);
  for (const until = Date.now() + 10_000; !(await answers(port)); await sleep(20)) {
    if (Date.now() < until) continue;
    const { stdout } = await board.exec("journalctl -u ssh -n 20 --no-pager");
    throw new Error(`no OpenSSH on the board: ${stdout}`);
  }
  return { board, port, hostKey };
}

/** Writes what the server and sudo need into the board's root; returns the host key's fingerprint. */
function prepare(root: string, port: number): string {
  const etc = (name: string) => join(root, "etc", name);
  for (const folder of ["ssh", "pam.d", "systemd/system"]) {
    mkdirSync(etc(folder), { recursive: true });
  }
  const write = (name: string, lines: readonly string[], mode = 0o644) =>
    writeFileSync(etc(name), `${lines.join("\n")}\n`, { mode });
  const key = etc("ssh/host_key");
  execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", key]);
  write("ssh/sshd_config", [
    `Port ${port}`,
    "ListenAddress 127.0.0.1",
    "HostKey /etc/ssh/host_key",
    "AuthorizedKeysFile /home/nvidia/.ssh/authorized_keys",
    "StrictModes no",
    "UsePAM no",
    "PasswordAuthentication no",
    "PidFile none",
  ]);
  copyFileSync("/usr/bin/sudo", etc("ssh/sudo"));
  write("sudoers", ["root ALL=(ALL) ALL", "nvidia ALL=(ALL) NOPASSWD: ALL"], 0o440);
  const pam = ["auth", "account", "session"].map((what) => `${what} required pam_permit.so`);
  write("pam.d/sudo", pam);
  const user = "sshd:x:110:65534::/run/sshd:/usr/sbin/nologin";
  appendFileSync(etc("passwd"), `${user}\n`);
  // In place of the simulation's sudo, which gives a login the rights that it has anyway.
  write("ssh/serve.sh", [
    "cat /etc/ssh/sudo > /usr/local/bin/sudo && chmod 4755 /usr/local/bin/sudo",
    "mkdir -p /run/sshd && chown -R 1000:1000 /home/nvidia",
    "exec /usr/sbin/sshd -D -e -f /etc/ssh/sshd_config",
  ]);
  write("systemd/system/ssh.service", [
    ...["[Unit]", "Description=OpenSSH", "[Service]", "ExecStart=/bin/sh /etc/ssh/serve.sh"],
    ...["Restart=always", "[Install]", "WantedBy=multi-user.target"],
  ]);
  const told = execFileSync("ssh-keygen", ["-lf", `${key}.pub`], { encoding: "utf8" });
  return told.split(" ")[1] ?? "";
}
