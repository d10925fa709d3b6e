import { execFileSync, spawn } from "node:child_process";
import { copyFileSync, existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { userInfo } from "node:os";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { connectSsh, type SshTarget, withSshConfig } from "../../../fleet/ssh/index.ts";
import { authorityOfBlock } from "./certificate-authority.ts";
import { failureOf } from "./failure-of.ts";
import { sshdMissing, sshdOfBlock } from "./sshd.ts";

const ME = userInfo().username;
const FOR_ME = ["-n", `other,${ME}`];
const PASSPHRASE = "open sesame";

describe.skipIf(sshdMissing)(`a certificate at a real OpenSSH server${sshdMissing}`, () => {
  const ca = authorityOfBlock();
  const server = sshdOfBlock(() => ({ config: [`TrustedUserCAKeys ${ca.publicKeyPath}`] }));
  /** Without a key of its own. */
  let plain: SshTarget;

  beforeAll(() => {
    plain = { ...server.target, privateKeyPath: undefined };
  });

  async function letsIn(target: SshTarget): Promise<boolean> {
    const connection = await connectSsh(target);
    try {
      return (await connection.run("id -un")).trim() === ME;
    } finally {
      connection.close();
    }
  }

  describe("logs in", () => {
    test.each([
      ["ed25519", ["-t", "ed25519"]],
      ["ecdsa-256", ["-t", "ecdsa", "-b", "256"]],
      ["ecdsa-384", ["-t", "ecdsa", "-b", "384"]],
      ["ecdsa-521", ["-t", "ecdsa", "-b", "521"]],
      ["rsa", ["-t", "rsa", "-b", "2048"]],
    ])("with a key of %s beside which it lies, as often as one likes", async (name, type) => {
      const privateKeyPath = ca.key(name, ...type);
      ca.sign(privateKeyPath, ...FOR_ME);
      // A number of a signature by ECDSA has a leading zero in one of some hundred.
      for (let time = 0; time < 3; time += 1) {
        expect(await letsIn({ ...plain, privateKeyPath })).toBe(true);
      }
    });

    test("from a place of its own, with an encrypted key", async () => {
      const privateKeyPath = ca.key("locked");
      const certificatePath = join(ca.dir, "elsewhere.pub");
      renameSync(ca.sign(privateKeyPath, ...FOR_ME), certificatePath);
      execFileSync("ssh-keygen", ["-q", "-p", "-N", PASSPHRASE, "-f", privateKeyPath]);
      const login = { privateKeyPath, passphrase: PASSPHRASE };
      expect(await failureOf(connectSsh({ ...plain, ...login }))).toMatchObject({
        code: "SSH_AUTH",
      });
      expect(await letsIn({ ...plain, ...login, certificatePath })).toBe(true);
    });

    test("by way of a jump host that takes the same", async () => {
      const privateKeyPath = ca.key("jump");
      ca.sign(privateKeyPath, ...FOR_ME);
      const login = { ...plain, privateKeyPath };
      const gate = { ...login, hostKey: server.fingerprints.ed25519 };
      expect(await letsIn({ ...login, jumpHosts: [gate] })).toBe(true);
    });

    test("as the CertificateFile of a configuration of ssh", async () => {
      const key = ca.key("configured");
      const certificate = join(ca.dir, "configured-by-name.pub");
      renameSync(ca.sign(key, ...FOR_ME), certificate);
      const path = join(ca.dir, "config");
      const lines = ["HostName 127.0.0.1", `Port ${plain.port}`, `User ${ME}`];
      lines.push(`IdentityFile ${key}`, `CertificateFile ${certificate}`);
      lines.push("UserKnownHostsFile /dev/null");
      writeFileSync(path, `Host lab\n${lines.map((line) => `  ${line}\n`).join("")}`);
      const target = await withSshConfig({ host: "lab", port: 22, user: "nvidia" }, path);
      expect(target).toMatchObject({ privateKeyPath: key, certificatePath: certificate });
      expect(await letsIn(target)).toBe(true);
    });

    test("not where the server wants the key alone, which is offered after it", async () => {
      const privateKeyPath = join(ca.dir, "known");
      for (const half of ["", ".pub"])
        copyFileSync(join(server.dir, `client${half}`), `${privateKeyPath}${half}`);
      ca.sign(privateKeyPath, "-n", "other");
      expect(await letsIn({ ...plain, privateKeyPath })).toBe(true);
      writeFileSync(`${privateKeyPath}-cert.pub`, "damaged");
      expect(await letsIn({ ...plain, privateKeyPath })).toBe(true);
    });
  });

  describe("of an agent's key logs in", () => {
    async function withAgent<T>(name: string, work: (socket: string) => Promise<T>): Promise<T> {
      const socket = join(ca.dir, `${name}.agent`);
      const agent = spawn("ssh-agent", ["-D", "-a", socket], { stdio: "ignore" });
      try {
        await expect.poll(() => existsSync(socket), { interval: 20 }).toBe(true);
        return await work(socket);
      } finally {
        agent.kill();
      }
    }

    function add(socket: string, key: string): void {
      const env = { ...process.env, SSH_AUTH_SOCK: socket };
      execFileSync("ssh-add", ["-q", key], { env, stdio: "ignore" });
    }

    test.each([
      ["ed25519", ["-t", "ed25519"]],
      ["ecdsa", ["-t", "ecdsa"]],
      ["rsa", ["-t", "rsa", "-b", "2048"]],
    ])("that it keeps with the key, of %s, beside another", async (name, type) => {
      const key = ca.key(`kept-${name}`, ...type);
      ca.sign(key, ...FOR_ME);
      await withAgent(name, async (agentSocket) => {
        add(agentSocket, join(server.dir, "stranger"));
        add(agentSocket, key);
        expect(await letsIn({ ...plain, agentSocket })).toBe(true);
      });
    });

    test("that is named while the agent has the key alone", async () => {
      const key = ca.key("held");
      await withAgent("held", async (agentSocket) => {
        add(agentSocket, key);
        const certificatePath = ca.sign(key, ...FOR_ME);
        expect(await letsIn({ ...plain, agentSocket, certificatePath })).toBe(true);
      });
    });

    test("not where the agent signs no more, and the next way is taken", async () => {
      const key = ca.key("withdrawn");
      ca.sign(key, ...FOR_ME);
      await withAgent("withdrawn", async (agentSocket) => {
        add(agentSocket, key);
        // Asked before each use, and there is nobody to ask.
        const env = { ...process.env, SSH_AUTH_SOCK: agentSocket, SSH_ASKPASS: "/bin/false" };
        execFileSync("ssh-add", ["-q", "-D"], { env, stdio: "ignore" });
        execFileSync("ssh-add", ["-q", "-c", key], { env, stdio: "ignore" });
        const login = { ...server.target, agentSocket };
        expect(await letsIn(login)).toBe(true);
        expect(await failureOf(connectSsh({ ...plain, agentSocket }))).toMatchObject({
          code: "SSH_AUTH",
        });
      });
    });
  });

  describe("that the server refuses is told with the reason", () => {
    test.each([
      ["has ended", [...FOR_ME, "-V", "20200101Z:20200102Z"], /ended at 2020-01-02T/, /anew/],
      ["has not begun", [...FOR_ME, "-V", "20900101Z:20910101Z"], /begins at 2090-01-01T/, /clock/],
      ["is of other logins", ["-n", "other,another"], /is for other, another/, /Set ssh\.user/],
      ["is of no login", [], /names no login/, new RegExp(`-n ${ME}`)],
    ])("%s", async (name, options, said, hint) => {
      const privateKeyPath = ca.key(name.replaceAll(" ", "-"));
      ca.sign(privateKeyPath, ...options);
      const error = await failureOf(connectSsh({ ...plain, privateKeyPath }));
      expect(error).toMatchObject({ code: "SSH_CERTIFICATE", retryable: false });
      expect(error.message).toMatch(said);
      expect(error.hint).toMatch(hint);
    });

    const other = authorityOfBlock();
    test("is of a CA that the board does not trust", async () => {
      const privateKeyPath = other.key("of-another-ca");
      other.sign(privateKeyPath, ...FOR_ME);
      const error = await failureOf(connectSsh({ ...plain, privateKeyPath }));
      expect(error).toMatchObject({ code: "SSH_AUTH", retryable: false });
      const said = execFileSync("ssh-keygen", ["-lf", other.publicKeyPath], { encoding: "utf8" });
      expect(error.hint).toContain(
        `TrustedUserCAKeys of sshd_config names the CA ${said.split(" ")[1]};`,
      );
    });

    test("is for other addresses alone", async () => {
      const privateKeyPath = ca.key("from-elsewhere");
      ca.sign(privateKeyPath, ...FOR_ME, "-O", "source-address=10.255.0.0/16");
      const error = await failureOf(connectSsh({ ...plain, privateKeyPath }));
      expect(error).toMatchObject({ code: "SSH_AUTH" });
      expect(error.hint).toContain("its source-address allows this");
    });
  });

  describe("that is named and cannot be used is refused before anything is offered:", () => {
    let key: string;
    let good: string;
    const file = (name: string, text: string) => {
      writeFileSync(join(ca.dir, name), text);
      return join(ca.dir, name);
    };

    beforeAll(() => {
      key = ca.key("own");
      good = readFileSync(ca.sign(key, ...FOR_ME), "utf8");
    });

    test.each<[string, () => string, RegExp]>([
      [
        "of another key",
        () => ca.sign(ca.key("foreign"), ...FOR_ME),
        /another key: of SHA256:\S+, and \S+own is SHA256:/,
      ],
      ["of a host", () => ca.sign(ca.key("host"), "-h", ...FOR_ME), /the certificate of a host/],
      [
        "cut short",
        () => file("cut", good.slice(0, 400)),
        /a damaged one: it ends after \d+ bytes/,
      ],
      ["with more behind it", () => file("more", longer(good)), /a damaged one: more comes/],
      [
        "as large as no certificate is",
        () => file("huge", good + "x".repeat(70_000)),
        /more than 65536 bytes/,
      ],
      ["a public key", () => `${key}.pub`, /something else/],
      ["absent", () => join(ca.dir, "absent"), /no such file/],
      ["a folder", () => ca.dir, /no regular file/],
    ])("%s", async (_what, make, said) => {
      const certificatePath = make();
      const error = await failureOf(connectSsh({ ...plain, privateKeyPath: key, certificatePath }));
      expect(error).toMatchObject({ code: "SSH_CERTIFICATE", retryable: false });
      expect(error.message).toContain(certificatePath);
      expect(error.message).toMatch(said);
      expect(error.hint).not.toBe("");
    });

    test("without its private key", async () => {
      const error = await failureOf(connectSsh({ ...plain, certificatePath: file("alone", good) }));
      expect(error).toMatchObject({ code: "SSH_CERTIFICATE" });
      expect(error.message).toContain("whose private key is not there");
    });
  });
});

/** A certificate with a byte behind its end. */
function longer(certificate: string): string {
  const [type, base64 = ""] = certificate.split(" ");
  const blob = Buffer.concat([Buffer.from(base64, "base64"), Buffer.alloc(1)]);
  return `${type} ${blob.toString("base64")}\n`;
}
