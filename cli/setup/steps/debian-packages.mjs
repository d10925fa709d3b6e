import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { SetupError } from "../errors.mjs";
import { exec } from "../exec.mjs";
import { findOnPath } from "../lookup.mjs";

/** @type {Record<string, string[]>} */
const PACKAGES_BY_PURPOSE = {
  video: [
    "gstreamer1.0-tools",
    "gstreamer1.0-plugins-base",
    "gstreamer1.0-plugins-good",
    "gstreamer1.0-plugins-bad",
    "gstreamer1.0-plugins-ugly",
    "gstreamer1.0-libav",
    "gstreamer1.0-rtsp",
    "ffmpeg",
  ],
  "building the native runtime": [
    "g++",
    "make",
    "pkg-config",
    "libgstreamer1.0-dev",
    "libgstreamer-plugins-base1.0-dev",
    "libgstrtspserver-1.0-dev",
    "libyuv-dev",
    "python3-pip",
    "clang-format",
    "clang-tidy",
    "libgtest-dev",
  ],
  "simulated boards": [
    "openssh-client",
    "openssh-server",
    "openssh-sftp-server",
    "iproute2",
    "util-linux",
    "zstd",
    "python3",
    "ca-certificates",
  ],
  "servers and shells that boards have": ["dropbear-bin", "fish", "sudo", "tcsh"],
  tests: ["mosquitto-clients", "openssl", "faketime", "curl", "tmux", "git"],
};

const APT_TIMEOUT_MS = 15 * 60_000;
const APT_OPTIONS = [
  "-o",
  "DPkg::Lock::Timeout=600",
  "-o",
  "Acquire::Retries=3",
  "-o",
  "Acquire::http::Timeout=30",
  "-o",
  "Dpkg::Use-Pty=0",
];

/** @type {import("./step.mjs").Step} */
export const debianPackages = {
  name: "debian-packages",
  why: `Debian packages for ${Object.keys(PACKAGES_BY_PURPOSE).join(", ")}.`,
  touches: "the system's packages (apt)",
  estimateSeconds: 90,
  needs: () => [],
  lockFile: ({ cache }) => join(cache, "locks", "debian-packages.lock"),
  check() {
    const wanted = wantedPackages();
    const missing = missingPackages(wanted);
    if (missing.length === 0) return { ok: true, note: `${wanted.length} packages installed` };
    return { ok: false, reason: `not installed: ${missing.join(" ")}` };
  },
  preflight() {
    const missing = missingPackages(wantedPackages());
    if (!findOnPath("apt-get")) throw noApt(missing);
    if (process.getuid?.() !== 0) requireSudo(missing);
  },
  async run({ signal, log, progress }) {
    const missing = missingPackages(wantedPackages());
    let configured = 0;
    /** @param {string[]} args @param {(line: string) => void} onLine */
    const asRoot = (args, onLine) => {
      const [command = "", ...rest] = asRootCommand(args);
      // sudo's ticket belongs to the terminal's session, so the child must stay in it.
      return exec(command, rest, { signal, onLine, deadlineMs: APT_TIMEOUT_MS, ownGroup: false });
    };
    progress("package lists");
    // Finishes what an interrupted set-up left half installed; does nothing otherwise.
    await asRoot(["dpkg", "--configure", "-a"], log);
    await asRoot(["apt-get", ...APT_OPTIONS, "-q", "update"], log);
    await asRoot(
      ["apt-get", ...APT_OPTIONS, "-q", "-y", "--no-install-recommends", "install", ...missing],
      (line) => {
        log(line);
        if (line.startsWith("Unpacking ")) progress(line.split(" ")[1] ?? "", undefined);
        if (line.startsWith("Setting up ")) progress(`${++configured} packages set up`);
      },
    );
  },
};

function wantedPackages() {
  return Object.values(PACKAGES_BY_PURPOSE).flat();
}

/**
 * @param {string[]} wanted
 * @returns {string[]}
 */
function missingPackages(wanted) {
  const format = "${binary:Package} ${db:Status-Status}\\n";
  const query = spawnSync("dpkg-query", ["-W", "-f", format, ...wanted], { encoding: "utf8" });
  return query.error ? wanted : notInstalled(wanted, query.stdout);
}

/**
 * The packages that dpkg-query's answer does not call installed.
 * @param {string[]} wanted
 * @param {string} answer lines "name[:arch] status"
 */
export function notInstalled(wanted, answer) {
  const installed = new Set(
    answer
      .split("\n")
      .filter((line) => line.endsWith(" installed"))
      .map((line) => line.split(/[: ]/)[0]),
  );
  return wanted.filter((name) => !installed.has(name));
}

/**
 * @param {string[]} command
 * @param {number | undefined} [uid]
 */
export function asRootCommand(command, uid = process.getuid?.()) {
  const quiet = ["env", "DEBIAN_FRONTEND=noninteractive", "LC_ALL=C.UTF-8"];
  return uid === 0 ? [...quiet, ...command] : ["sudo", "-n", ...quiet, ...command];
}

/** @param {string[]} missing */
function requireSudo(missing) {
  if (!findOnPath("sudo")) throw noRoot(missing, "neither root nor sudo");
  // On a terminal sudo may ask for the password now, before the long steps start.
  const args = process.stdin.isTTY ? ["-v"] : ["-n", "true"];
  const answer = spawnSync("sudo", args, { stdio: process.stdin.isTTY ? "inherit" : "ignore" });
  if (answer.status !== 0) throw noRoot(missing, "a user whom sudo refuses");
}

/**
 * @param {string[]} missing
 * @param {string} got
 */
function noRoot(missing, got) {
  return new SetupError(
    "SETUP_MISSING",
    `expected root or sudo to install ${missing.length} Debian packages, got ${got}`,
    `as root: apt-get update && apt-get install -y --no-install-recommends ${missing.join(" ")}`,
  );
}

/** @param {string[]} missing */
function noApt(missing) {
  return new SetupError(
    "SETUP_MISSING",
    `expected Debian or Ubuntu, found no apt-get to install ${missing.join(" ")}`,
    "use Debian 12 or newer or Ubuntu 22.04 or newer, for instance in a container",
  );
}
