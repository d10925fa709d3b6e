import { createHash, randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { afterAll, describe, expect, test } from "vitest";
import { runAsRoot } from "../../../fleet/provision/board-shell.ts";
import { connectSsh, type SshConnection, uploadFile } from "../../../fleet/ssh/index.ts";
import { type Account, accountsMissing, PASSWORD } from "./accounts.ts";
import { failureOf } from "./failure-of.ts";
import { sshdMissing, sshdOfBlock } from "./sshd.ts";

const FREE = ["%s ALL=(ALL) NOPASSWD: ALL"];
const CHATTER = 'echo "Welcome to the lab"; echo "mind the step" >&2\n';

const ACCOUNTS: Account[] = [
  { login: "jetson_user", shell: "/bin/bash", uid: 7001, sudo: FREE },
  { login: "Admin", shell: "/usr/bin/fish", uid: 7002, sudo: FREE },
  { login: "svc.deploy", shell: "/usr/bin/tcsh", uid: 7003, sudo: FREE },
  { login: "CORP\\dev", shell: "/bin/sh", uid: 7004, sudo: FREE },
  {
    ...{ login: "talks", shell: "/bin/bash", uid: 7005, sudo: FREE },
    files: { ".bashrc": `${CHATTER}umask 077\ntrap 'echo bye' EXIT\n` },
  },
  { login: "asked", shell: "/bin/bash", uid: 7006, sudo: ["%s ALL=(ALL) ALL"] },
  { login: "tty", shell: "/bin/bash", uid: 7007, sudo: [...FREE, "Defaults:%s requiretty"] },
  { login: "guest", shell: "/bin/bash", uid: 7008, smallKib: 300 },
  { login: "mute", shell: "/usr/sbin/nologin", uid: 7009 },
];

const missing = sshdMissing || accountsMissing;

describe.skipIf(missing)(`a board's accounts, by real sshd and sudo${missing}`, () => {
  // One channel at a time, and no SFTP as on every server of these tests: what holds then holds everywhere.
  const server = sshdOfBlock(() => ({ config: ["MaxSessions 1"], accounts: ACCOUNTS }));
  const open: SshConnection[] = [];
  const signal = new AbortController().signal;

  afterAll(() => {
    for (const connection of open) connection.close();
  });

  async function login(user: string, sudoPassword?: string): Promise<SshConnection> {
    const connection = await connectSsh({ ...server.target, user, sudoPassword });
    open.push(connection);
    return connection;
  }

  describe.each(["jetson_user", "Admin", "svc.deploy", "CORP\\dev", "talks"])("of %s", (user) => {
    test("run commands under sh, become root, make readable files and take a file", async () => {
      const connection = await login(user);
      const command = `printf '%s|' "$0" 'a!b' "$(id -un)" '\\n' "it's"; exit 3`;
      const result = await connection.exec(command);
      expect(result).toMatchObject({ exitCode: 3, stderr: "" });
      expect(result.stdout.split("|").slice(1, 5)).toEqual(["a!b", user, "\\n", "it's"]);
      const home = (await connection.run('printf %s "$HOME"')).trim();
      const script = `id -u; : > ${home}/made; stat -c %a ${home}/made`;
      expect(await runAsRoot(connection, script, { label: "test", signal })).toBe("0\n644\n");
      const data = randomBytes(400_000);
      const remotePath = `${home}/file`;
      await uploadFile(connection, { source: { data }, remotePath, mode: 0o640 });
      expect(readFileSync(remotePath).equals(data)).toBe(true);
    });
  });

  test("share one channel of a server that allows no more", async () => {
    const connection = await login("jetson_user");
    const answers = [1, 2, 3].map((n) => connection.run(`sleep 0.1; echo ${n}`));
    expect(await Promise.all(answers)).toEqual(["1\n", "2\n", "3\n"]);
  });

  test("are asked by sudo for a password, which is given as a secret", async () => {
    const connection = await login("asked", PASSWORD);
    const script = "ps -o args= -p $PPID; id -u";
    const answer = await runAsRoot(connection, script, { label: "test", signal });
    expect(answer).toMatch(/\n0\n$/);
    expect(answer).not.toContain(PASSWORD);
  });

  test.each([
    ["asked", undefined, /password is required/, /ssh\.sudoPassword/],
    ["asked", "wrong", /incorrect password|no password/i, /Correct ssh\.sudoPassword/],
    ["tty", undefined, /must have a tty/, /requiretty/],
    ["guest", undefined, /password is required|not in the sudoers/, /sudo/],
  ])("of %s with sudo password %s are told why not", async (user, password, said, hint) => {
    const connection = await login(user, password);
    const error = await failureOf(runAsRoot(connection, "true", { label: "test", signal }));
    expect(error.code).toBe("BOARD_ROOT");
    expect(error.message).toMatch(said);
    expect(error.hint).toMatch(hint);
  });

  test("whose disk is full are told so, nothing stays in the way, and what fits arrives", async () => {
    const connection = await login("guest");
    const home = (await connection.run('printf %s "$HOME"')).trim();
    const remotePath = `${home}/small/file`;
    const data = randomBytes(400_000);
    const send = (bytes: number) =>
      uploadFile(connection, {
        source: { data: data.subarray(0, bytes) },
        remotePath,
        mode: 0o600,
      });
    const error = await failureOf(send(data.length));
    expect(error).toMatchObject({ code: "BOARD_DISK_FULL" });
    expect(error.message).toMatch(/No space left on device/);
    expect(await connection.run(`ls -A ${home}/small`)).toBe("");
    await send(200_000);
    expect(await connection.run(`sha256sum < ${remotePath}`)).toContain(
      sha256(data.subarray(0, 200_000)),
    );
  });

  test("without a shell are told so, with what was said in its place", async () => {
    const error = await failureOf((await login("mute")).run("true"));
    expect(error.code).toBe("SSH_REFUSED");
    expect(error.message).toContain("currently not available");
  });
});

function sha256(data: Buffer): string {
  return createHash("sha256").update(data).digest("hex");
}
