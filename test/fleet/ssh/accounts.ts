import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { userInfo } from "node:os";
import { join } from "node:path";

/** An account of the board that a test stands up. */
export interface Account {
  login: string;
  shell: string;
  uid: number;
  /** Start-up files by their name in the home folder. */
  files?: Record<string, string>;
  /** Lines of sudoers; `%s` is the login. */
  sudo?: string[];
  /** Size of a file system of its own at `small` in the home folder. */
  smallKib?: number;
}

const NEEDED = ["sudo", "fish", "tcsh", "unshare"].map((name) => `/usr/bin/${name}`);

/** Why such a board cannot be stood up here; empty when it can. */
export const accountsMissing = (() => {
  const absent = NEEDED.filter((path) => !existsSync(path));
  if (userInfo().uid !== 0) return " (skipped: other accounts need root)";
  return absent.length > 0 ? ` (skipped: ${absent.join(", ")} not installed)` : "";
})();

/** `Secret1` for crypt(3): what the accounts' password is. */
export const PASSWORD = "Secret1";

/**
 * Writes accounts of a board, and returns the command that starts a server among them: in a mount namespace, where /etc
 * has these accounts and those of the system. Nothing of this machine is changed.
 */
export function withAccounts(dir: string, accounts: readonly Account[]): string[] {
  const hash = execFileSync("openssl", ["passwd", "-6", PASSWORD], { encoding: "utf8" }).trim();
  const etc = join(dir, "etc");
  mkdirSync(etc);
  const passwd = [execFileSync("cat", ["/etc/passwd"], { encoding: "utf8" }).trim()];
  const shadow = [execFileSync("cat", ["/etc/shadow"], { encoding: "utf8" }).trim()];
  const sudoers = ["root ALL=(ALL) ALL"];
  const mounts: string[] = [];
  for (const { login, shell, uid, files = {}, sudo = [], smallKib } of accounts) {
    const home = join(dir, "home", `${uid}`);
    mkdirSync(home, { recursive: true });
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(join(home, name, ".."), { recursive: true });
      writeFileSync(join(home, name), text);
    }
    if (smallKib !== undefined) {
      const small = join(home, "small");
      mkdirSync(small);
      mounts.push(`mount -t tmpfs -o size=${smallKib}k,uid=${uid} small ${small}`);
    }
    execFileSync("chown", ["-R", `${uid}:${uid}`, home]);
    passwd.push(`${login}:x:${uid}:${uid}::${home}:${shell}`);
    shadow.push(`${login}:${hash}:19000:0:99999:7:::`);
    sudoers.push(...sudo.map((line) => line.replaceAll("%s", login.replaceAll("\\", "\\\\"))));
  }
  // A dialogue of one question: the password. Who is wrong need not wait.
  const pam = ["auth required pam_unix.so nodelay"];
  pam.push("account required pam_permit.so", "session required pam_permit.so");
  const write = (name: string, lines: readonly string[], mode: number) =>
    writeFileSync(join(etc, name), `${lines.join("\n")}\n`, { mode });
  write("passwd", passwd, 0o644);
  write("shadow", shadow, 0o640);
  write("sudoers", sudoers, 0o440);
  write("pam", pam, 0o644);
  execFileSync("chmod", ["0755", dir, join(dir, "home")]);
  const binds = ["passwd", "shadow", "sudoers"].map((name) => {
    return `mount --bind ${join(etc, name)} /etc/${name}`;
  });
  mounts.push(...binds, `mount --bind ${join(etc, "pam")} /etc/pam.d/sshd`);
  return ["unshare", "--mount", "sh", "-ec", `${mounts.join("; ")}; exec "$@"`, "sh"];
}
