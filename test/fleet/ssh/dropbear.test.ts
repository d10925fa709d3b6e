import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { runAsRoot } from "../../../fleet/provision/board-shell.ts";
import {
  connectSsh,
  type SshConnection,
  type SshTarget,
  uploadFile,
} from "../../../fleet/ssh/index.ts";
import { type Account, accountsMissing, withAccounts } from "./accounts.ts";
import { failureOf } from "./failure-of.ts";
import { freePort, spawnServer } from "./sshd.ts";

const DROPBEAR = "/usr/sbin/dropbear";
const missing = existsSync(DROPBEAR)
  ? accountsMissing
  : " (skipped: dropbear-bin is not installed)";

describe.skipIf(missing)(`a board that runs dropbear${missing}`, () => {
  let dir: string;
  let target: SshTarget;
  let hostKeyText = "";
  let connection: SshConnection;
  let stop = () => Promise.resolve();

  beforeAll(async () => {
    dir = mkdtempSync(join(tmpdir(), "jetfleet-dropbear-"));
    const key = join(dir, "key");
    execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", key]);
    const hostKey = join(dir, "host");
    const made = execFileSync("dropbearkey", ["-t", "ed25519", "-f", hostKey], {
      encoding: "utf8",
    });
    const account: Account = {
      ...{
        login: "jetson_user",
        shell: "/bin/bash",
        uid: 7201,
        sudo: ["%s ALL=(ALL) NOPASSWD: ALL"],
      },
      files: { ".ssh/authorized_keys": readFileSync(`${key}.pub`, "utf8"), ".bashrc": "echo hi\n" },
    };
    const port = await freePort();
    const command = [DROPBEAR, "-F", "-E", "-s", "-p", `127.0.0.1:${port}`, "-r", hostKey];
    stop = await spawnServer([...withAccounts(dir, [account]), ...command], port);
    target = { host: "127.0.0.1", port, user: account.login, privateKeyPath: key };
    hostKeyText = made;
  });
  // Each its own: one that a stalled machine lets go of is no other test's.
  beforeEach(async () => {
    connection = await connectSsh(target);
    expect(hostKeyText).toContain(connection.hostKey);
  });
  afterEach(() => connection.close());
  afterAll(async () => {
    await stop();
    rmSync(dir, { recursive: true, force: true });
  });

  test("runs commands, several at a time, and says how they end", async () => {
    const answers = [1, 2, 3].map((n) => connection.exec(`echo ${n}; echo !>&2; exit ${n}`));
    expect(await Promise.all(answers)).toMatchObject(
      [1, 2, 3].map((n) => ({ stdout: `${n}\n`, stderr: "!\n", exitCode: n })),
    );
    const error = await failureOf(connection.run("sleep 60", { timeoutMs: 150 }));
    expect(error).toMatchObject({ code: "SSH_TIMEOUT" });
  });

  test("runs scripts as root and takes files", async () => {
    const signal = new AbortController().signal;
    expect(await runAsRoot(connection, "id -u", { label: "test", signal })).toBe("0\n");
    const data = randomBytes(1_000_000);
    const remotePath = join(dir, "home", "7201", "file");
    await uploadFile(connection, { source: { data }, remotePath, mode: 0o600 });
    expect(readFileSync(remotePath).equals(data)).toBe(true);
  });

  test("refuses what it does not know, and is refused with another key", async () => {
    const stranger = await failureOf(connectSsh({ ...target, user: "nobody" }));
    expect(stranger).toMatchObject({ code: "SSH_AUTH" });
    const hostKey = `SHA256:${"A".repeat(43)}`;
    const other = await failureOf(connectSsh({ ...target, hostKey }));
    expect(other).toMatchObject({ code: "SSH_HOST_KEY_MISMATCH" });
    expect(other.message).toContain(connection.hostKey);
  });
});
