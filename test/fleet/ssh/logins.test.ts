import { execFileSync, spawn } from "node:child_process";
import { copyFileSync, existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import type { FleetError } from "../../../fleet/errors/index.ts";
import { connectSsh, type SshTarget, withSshConfig } from "../../../fleet/ssh/index.ts";
import { type Account, accountsMissing, PASSWORD } from "./accounts.ts";
import { failureOf } from "./failure-of.ts";
import { sshdMissing, sshdOfBlock } from "./sshd.ts";

const ACCOUNTS: Account[] = ["plain", "words", "talk", "twice", "inside", "closed"].map(
  (login, index) => {
    return { login, shell: "/bin/sh", uid: 7101 + index };
  },
);
const MATCH = [
  "Match User words",
  "AuthenticationMethods password",
  "PasswordAuthentication yes",
  "Match User talk",
  "AuthenticationMethods keyboard-interactive",
  "Match User twice",
  "AuthenticationMethods publickey,keyboard-interactive",
  "Match User inside",
  "AllowTcpForwarding no",
  "Match User closed",
  "MaxSessions 0",
];
const PASSPHRASE = "open sesame";

const missing = sshdMissing || accountsMissing;

describe.skipIf(missing)(`logging in at a real OpenSSH server${missing}`, () => {
  const config = ["UsePAM yes", "KbdInteractiveAuthentication yes"];
  const server = sshdOfBlock(() => ({ config, match: MATCH, accounts: ACCOUNTS }));
  let plain: SshTarget;
  const file = (name: string) => join(server.dir, name);

  beforeAll(() => {
    plain = { ...server.target, user: "plain" };
    copyFileSync(file("client"), file("locked"));
    execFileSync("chmod", ["600", file("locked")]);
    execFileSync("ssh-keygen", ["-q", "-p", "-N", PASSPHRASE, "-f", file("locked")]);
  });

  async function whoIs(target: SshTarget): Promise<string> {
    const connection = await connectSsh(target);
    try {
      return (await connection.run("id -un")).trim();
    } finally {
      connection.close();
    }
  }

  describe("works with", () => {
    test("an encrypted key and its passphrase", async () => {
      const locked = { privateKeyPath: file("locked"), passphrase: PASSPHRASE };
      expect(await whoIs({ ...plain, ...locked })).toBe("plain");
    });

    test("the keys of an SSH agent, also after a key that is refused", async () => {
      const agentSocket = file("agent");
      const agent = spawn("ssh-agent", ["-D", "-a", agentSocket], { stdio: "ignore" });
      try {
        await expect.poll(() => existsSync(agentSocket), { interval: 20 }).toBe(true);
        const env = { ...process.env, SSH_AUTH_SOCK: agentSocket };
        execFileSync("ssh-add", ["-q", file("client")], { env, stdio: "ignore" });
        expect(await whoIs({ ...plain, privateKeyPath: undefined, agentSocket })).toBe("plain");
        const stranger = { privateKeyPath: file("stranger"), agentSocket };
        expect(await whoIs({ ...plain, ...stranger })).toBe("plain");
      } finally {
        agent.kill();
      }
    });

    test.each([
      ["a password", "words", false],
      ["a password that a dialogue asks for", "talk", false],
      ["a key and then a password", "twice", true],
    ])("%s", async (_what, user, withKey) => {
      const key = withKey ? {} : { privateKeyPath: undefined };
      expect(await whoIs({ ...plain, user, ...key, password: PASSWORD })).toBe(user);
    });
  });

  describe("is refused with the reason", () => {
    test.each([
      ["a wrong passphrase", "locked", "wrong", /passphrase does not open/, /ssh-keygen -y -f/],
      ["no passphrase", "locked", undefined, /encrypted key and no passphrase/, /ssh\.passphrase/],
      ["the public half", "client.pub", undefined, /the public half/, /to \S+\/client\./],
    ])("of %s", async (_what, name, passphrase, said, hint) => {
      const target = { ...plain, privateKeyPath: file(name), passphrase };
      const error = await failureOf(connectSsh(target));
      expect(error).toMatchObject({ code: "SSH_KEY_UNREADABLE" });
      expect(error.message).toMatch(said);
      expect(error.hint).toMatch(hint);
    });

    test("of a certificate in the place of its key", async () => {
      const certificate = file("stranger-cert.pub");
      const sign = ["-q", "-s", file("client"), "-I", "x", "-n", "plain", file("stranger.pub")];
      execFileSync("ssh-keygen", sign);
      const error = await failureOf(connectSsh({ ...plain, privateKeyPath: certificate }));
      expect(error).toMatchObject({ code: "SSH_KEY_UNREADABLE" });
      expect(error.hint).toContain(
        `to ${file("stranger")} and ssh.certificatePath to ${certificate}`,
      );
      rmSync(certificate);
    });

    test.each([
      ["a second factor that is still asked for", "twice", {}, /took that and still asks for/],
      ["a dialogue that nobody answers", "talk", {}, /it asks ".*Password:"/],
      ["a wrong password", "words", { password: "wrong" }, /accept .*the password.* it refused/],
      ["an agent that is not there", "plain", { agentSocket: "/no/agent" }, /which is not there/],
    ])("of %s", async (_what, user, change, said) => {
      const stranger = user === "plain" ? { privateKeyPath: file("stranger") } : {};
      const error = await failureOf(connectSsh({ ...plain, user, ...stranger, ...change }));
      expect(error).toMatchObject({ code: "SSH_AUTH", retryable: false });
      expect(error.message).toMatch(said);
      if (user === "twice") expect(error.hint).toMatch(/Match User twice.*AuthenticationMethods/);
    });
  });

  test("and then without a session is told so", async () => {
    const error = await failureOf(whoIs({ ...plain, user: "closed" }));
    expect(error).toMatchObject({ code: "SSH_REFUSED" });
    expect(error.message).toContain("it refused the only one");
    expect(error.hint).toContain("See MaxSessions in /etc/ssh/sshd_config");
  });

  describe("goes by known_hosts", () => {
    function known(name: string, key: string, marker = ""): string {
      const [type, blob] = readFileSync(file(`${key}.pub`), "utf8").split(" ");
      const line = `${marker}[${plain.host}]:${plain.port} ${type} ${blob}\n`;
      writeFileSync(file(name), `# a comment\n\n${line}`);
      return file(name);
    }

    test("with names in plain or hashed, and by the key type that is known", async () => {
      const hashed = known("hashed", "host_rsa");
      execFileSync("ssh-keygen", ["-q", "-H", "-f", hashed], { stdio: "ignore" });
      expect(readFileSync(hashed, "utf8")).toContain("|1|");
      for (const path of [known("plain", "host_ed25519"), hashed]) {
        const strict = { knownHostsPaths: [path], acceptNewHostKey: false };
        expect(await whoIs({ ...plain, ...strict })).toBe("plain");
      }
    });

    test("and refuses another key, naming file and both, and a revoked one", async () => {
      const other = known("other", "stranger");
      const error = await failureOf(connectSsh({ ...plain, knownHostsPaths: [other] }));
      expect(error).toMatchObject({ code: "SSH_HOST_KEY_MISMATCH" });
      expect(error.message).toContain(`(${other}) but got ${server.fingerprints.ed25519}`);
      expect(error.hint).toContain(`set ssh.hostKey to ${server.fingerprints.ed25519}`);
      const revoked = known("revoked", "host_ed25519", "@revoked ");
      const knownHostsPaths = [revoked];
      expect(await failureOf(connectSsh({ ...plain, knownHostsPaths }))).toMatchObject({
        code: "SSH_HOST_KEY_UNKNOWN",
      });
    });

    test("and takes no first key of a host for which it names only a CA", async () => {
      const path = known("authority", "stranger", "@cert-authority ");
      const error = await failureOf(connectSsh({ ...plain, knownHostsPaths: [path] }));
      expect(error).toMatchObject({ code: "SSH_HOST_KEY_UNKNOWN" });
      expect(error.message).toMatch(/only the CA SHA256:\S+ for it \(@cert-authority\)/);
      expect(error.hint).toContain(`set its hostKey to ${server.fingerprints.ed25519}`);
      const also = known("also", "host_ed25519");
      expect(await whoIs({ ...plain, knownHostsPaths: [path, also] })).toBe("plain");
    });
  });

  describe("goes by jump hosts", () => {
    const jump = (change: Partial<SshTarget> = {}): SshTarget => {
      return { ...plain, hostKey: server.fingerprints.ed25519, ...change };
    };

    test("one after the other", async () => {
      const jumpHosts = [jump(), jump({ user: "talk", password: PASSWORD })];
      expect(await whoIs({ ...plain, jumpHosts })).toBe("plain");
    });

    test.each([
      [
        "whose key nobody knows",
        { hostKey: undefined },
        {},
        "SSH_HOST_KEY_UNKNOWN",
        /nothing says/,
      ],
      ["that pass nothing on", { user: "inside" }, {}, "SSH_REFUSED", /forbids that/],
      ["that do not reach the board", {}, { port: 1 }, "SSH_UNREACHABLE", /jump host to reach/],
    ])("but not by ones %s", async (_what, change, board, code, said) => {
      const target = { ...plain, ...board, jumpHosts: [jump(change)] };
      const once = new AbortController();
      let error: FleetError | undefined;
      const onRetry = (reason: FleetError) => {
        error = reason;
        once.abort();
      };
      const failure = await failureOf(connectSsh(target, { signal: once.signal, onRetry }));
      error ??= failure;
      expect(error).toMatchObject({ code });
      expect(error.message).toMatch(said);
    });
  });

  describe("goes by a file like ~/.ssh/config", () => {
    const config = (name: string, lines: readonly string[]): string => {
      writeFileSync(file(name), `${lines.join("\n")}\n`);
      return file(name);
    };
    const lab: SshTarget = { host: "lab", port: 22, user: "nvidia" };

    test("with its hosts, identities, known hosts and jumps", async () => {
      const [type, blob] = readFileSync(file("host_ed25519.pub"), "utf8").split(" ");
      writeFileSync(file("known"), `[127.0.0.1]:${plain.port} ${type} ${blob}\n`);
      const path = config("config", [
        "Host lab gate",
        "HostName 127.0.0.1",
        `Port ${plain.port}`,
        `IdentityFile ${file("client")}`,
        `UserKnownHostsFile ${file("known")}`,
        "StrictHostKeyChecking yes",
        "User plain",
        "Host lab",
        "ProxyJump gate",
      ]);
      const target = await withSshConfig(lab, path);
      expect(target.jumpHosts).toMatchObject([{ host: "127.0.0.1", user: "plain" }]);
      expect(await whoIs(target)).toBe("plain");
    });

    test.each([
      ["ProxyCommand nc %h %p", /ProxyCommand; use ProxyJump/],
      ["NoSuchOption yes", /nosuchoption/i],
    ])("and refuses %s", async (line, said) => {
      const error = await failureOf(withSshConfig(lab, config("odd", ["Host lab", line])));
      expect(error).toMatchObject({ code: "SPEC_UNSUPPORTED" });
      expect(error.message).toMatch(said);
    });
  });
});
