import { execFile } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { FleetError } from "../errors/index.ts";
import { expandHome } from "./private-key.ts";
import type { SshTarget } from "./target.ts";

/** ProxyJump of a ProxyJump of …: OpenSSH itself has no such bound. */
const MOST_HOPS = 8;
const TIMEOUT_MS = 10_000;

/**
 * What a file like ~/.ssh/config says of a host, read by OpenSSH itself (`ssh -G`), so that Include, Match and patterns
 * mean what they mean there. The file's HostName, Port, User and ProxyJump come first, the target's stand in for what it
 * does not say; a key, a certificate, an agent or a pinned host key that the target names
 * stay.
 */
export async function withSshConfig(target: SshTarget, configPath: string): Promise<SshTarget> {
  const path = resolve(expandHome(configPath));
  if (!existsSync(path)) throw unusable(configPath, "no such file");
  const folder = mkdtempSync(join(tmpdir(), "jetfleet-ssh-"));
  try {
    return await resolved(target, { path, folder }, 0);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

interface Place {
  path: string;
  folder: string;
}

async function resolved(target: SshTarget, place: Place, depth: number): Promise<SshTarget> {
  const said = await ask(target, place);
  const of = (key: string) => said.get(key)?.find((value) => value !== "none");
  const { path } = place;
  if (of("proxycommand") !== undefined) throw unusable(path, "a ProxyCommand; use ProxyJump");
  const there = (key: string) =>
    said.get(key)?.find((one) => one !== "none" && existsSync(expandHome(one)));
  const agentSocket = agentOf(of("identityagent"));
  const jumps = of("proxyjump")?.split(",") ?? [];
  if (depth + jumps.length > MOST_HOPS) throw unusable(path, `more than ${MOST_HOPS} jump hosts`);
  const jumpHosts: SshTarget[] = [];
  for (const jump of jumps) {
    const { host, ...named } = parseJump(jump, path);
    // What opens the board may open the way to it; OpenSSH tries the same keys everywhere, too.
    const { user, passphrase } = target;
    const hop = await resolved({ host, port: 22, user, passphrase }, place, depth + 1);
    const { jumpHosts: before = [], ...last } = hop;
    // Who is named on the way wins over what the file says of that host.
    jumpHosts.push(...before, { ...last, ...named });
  }
  return {
    ...target,
    host: of("hostname") ?? target.host,
    port: Number(of("port") ?? target.port),
    user: of("user") ?? target.user,
    privateKeyPath: target.privateKeyPath ?? there("identityfile"),
    certificatePath: target.certificatePath ?? there("certificatefile"),
    agentSocket: target.agentSocket ?? agentSocket,
    knownHostsPaths: target.knownHostsPaths ?? of("userknownhostsfile")?.split(" "),
    acceptNewHostKey: of("stricthostkeychecking") !== "true",
    jumpHosts: target.jumpHosts ?? jumpHosts,
  };
}

function agentOf(said: string | undefined): string | undefined {
  const own = process.env["SSH_AUTH_SOCK"];
  return said === undefined || said === "SSH_AUTH_SOCK" ? own : said;
}

/** `[user@]host[:port]` as in ProxyJump. */
function parseJump(jump: string, path: string): { host: string; user?: string; port?: number } {
  const [, user, bracketed, plain, port] =
    /^(?:ssh:\/\/)?(?:([^@]+)@)?(?:\[([^\]]+)\]|([^:[\]/]+))(?::(\d{1,5}))?\/?$/.exec(jump) ?? [];
  const host = bracketed ?? plain;
  if (host === undefined) throw unusable(path, `ProxyJump ${jump}`);
  return { host, ...(user && { user }), ...(port && { port: Number(port) }) };
}

/** What `ssh -G` prints: a key and a value a line. The target's own come last, so that they only fill in. */
async function ask({ host, port, user }: SshTarget, place: Place): Promise<Map<string, string[]>> {
  const file = join(place.folder, "config");
  const own = `Include "${place.path}"\nHost *\n  User "${user}"\n  Port ${port}\n`;
  writeFileSync(file, own, { mode: 0o600 });
  const text = await new Promise<string>((resolve, reject) => {
    const options = { timeout: TIMEOUT_MS, encoding: "utf8" as const };
    execFile("ssh", ["-G", "-F", file, "--", host], options, (error, stdout, stderr) => {
      if (error) reject(unusable(place.path, stderr.trim() || error.message));
      else resolve(stdout);
    });
  });
  const said = new Map<string, string[]>();
  for (const line of text.split("\n")) {
    const at = line.indexOf(" ");
    if (at < 0) continue;
    const key = line.slice(0, at);
    said.set(key, [...(said.get(key) ?? []), line.slice(at + 1)]);
  }
  return said;
}

function unusable(path: string, got: string): FleetError {
  return new FleetError(
    "SPEC_UNSUPPORTED",
    `Expected a configuration of ssh at ${path} that can be used but got: ${got}`,
    {
      hint: "`ssh -G -F FILE HOST` shows what it says of a host; it needs openssh-client on this machine.",
    },
  );
}
