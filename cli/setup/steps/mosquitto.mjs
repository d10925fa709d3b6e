import { chmodSync, mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { SetupError } from "../errors.mjs";
import { exec, outputOf } from "../exec.mjs";
import { mosquittoPath, wrapperIn } from "../mosquitto-path.mjs";
import { putInPlace } from "../put-in-place.mjs";
import { asRootCommand, debianPackages } from "./debian-packages.mjs";

const APT_TIMEOUT_MS = 5 * 60_000;

/**
 * Mosquitto as a program and not as a service: installing the package would start a broker on the user's machine, so
 * it and what it lacks are unpacked into the cache. What is unpacked is what apt has verified by the distribution's
 * own signatures; versions are the distribution's, and not ours to pin.
 * @type {import("./step.mjs").Step}
 */
export const mosquitto = {
  name: "mosquitto",
  why: "A broker of another make for tests of MQTT 5, unpacked without its service.",
  touches: "mosquitto/ of the cache",
  estimateSeconds: 5,
  onlyFor: "tests",
  // For the package lists, and so that both do not ask apt at once.
  needs: (places) => (debianPackages.check(places).ok ? [] : ["debian-packages"]),
  lockFile: ({ cache }) => join(cache, "locks", "mosquitto.lock"),
  check() {
    const found = mosquittoPath();
    if (found) return { ok: true, note: found };
    return { ok: false, reason: "no mosquitto on PATH or in the cache" };
  },
  async run({ cache, signal, log, progress }) {
    await putInPlace(join(cache, "mosquitto"), async (folder) => {
      const options = { cwd: folder, signal, onLine: log, deadlineMs: APT_TIMEOUT_MS };
      const names = wouldInstall() ?? (await updateLists(options), wouldInstall()) ?? [];
      if (names.length === 0) throw noPackage();
      progress("downloading");
      await exec("apt-get", ["-q", "download", ...names], options);
      for (const file of readdirSync(folder).filter((name) => name.endsWith(".deb"))) {
        await exec("dpkg-deb", ["-x", file, "."], options);
        rmSync(join(folder, file));
      }
      writeWrapper(folder);
      if (!runs(wrapperIn(folder))) throw noPackage();
    });
  },
};

/** Names of the packages that an installation would add, by apt's own simulation; undefined when it knows none. */
function wouldInstall() {
  const args = ["-s", "--no-install-recommends", "install", "mosquitto"];
  const said = outputOf("apt-get", args, { env: { LC_ALL: "C" }, timeoutMs: 60_000 });
  return said === undefined ? undefined : packagesToInstall(said);
}

/**
 * @param {string} said by `apt-get -s install`: lines "Inst name (version …)"
 * @returns {string[]}
 */
export function packagesToInstall(said) {
  return said.split("\n").flatMap((line) => /^Inst (\S+) /.exec(line)?.[1] ?? []);
}

/** @param {import("../exec.mjs").ExecOptions} options */
async function updateLists(options) {
  const [command = "", ...rest] = asRootCommand(["apt-get", "-q", "update"]);
  await exec(command, rest, { ...options, ownGroup: false });
}

/**
 * The libraries beside it are found first; what is not there comes from the system.
 * @param {string} folder
 */
function writeWrapper(folder) {
  const file = wrapperIn(folder);
  mkdirSync(dirname(file));
  const lines = [
    "#!/bin/sh",
    'here="$(dirname "$0")/.."',
    'for lib in "$here"/usr/lib/*-linux-*; do LD_LIBRARY_PATH="$lib:$LD_LIBRARY_PATH"; done',
    "export LD_LIBRARY_PATH",
    'exec "$here/usr/sbin/mosquitto" "$@"',
  ];
  writeFileSync(file, `${lines.join("\n")}\n`);
  chmodSync(file, 0o755);
}

/** @param {string} file `mosquitto -h` ends with 3, and with 127 when a library is not found */
function runs(file) {
  return outputOf("sh", ["-c", '"$0" -h | grep -q "^mosquitto version"', file]) !== undefined;
}

function noPackage() {
  return new SetupError(
    "SETUP_FAILED",
    "expected the package mosquitto of this distribution to unpack and run, but it does not",
    "apt-get install mosquitto, then `npm test`",
  );
}
