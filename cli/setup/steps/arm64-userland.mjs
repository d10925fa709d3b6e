import {
  chmodSync,
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { SetupError } from "../errors.mjs";
import { exec, outputOf } from "../exec.mjs";
import { putInPlace } from "../put-in-place.mjs";
import { debianPackages } from "./debian-packages.mjs";

/** As JetPack 5: glibc 2.31; its GStreamer is 1.18 where the board has 1.16. */
const SUITE = "bullseye";
const KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg";
const WHOLE = [
  "dash",
  "coreutils",
  "libstdc++6",
  "gstreamer1.0-plugins-base",
  "gstreamer1.0-libav",
];
/** Their plug-ins that are wanted need no more than what the others bring; with all they could need it is twice as much. */
const ALONE = [
  "libgstreamer-plugins-bad1.0-0",
  "gstreamer1.0-plugins-good",
  "gstreamer1.0-plugins-bad",
];
const APT_TIMEOUT_MS = 10 * 60_000;

/**
 * A system of arm64 boards, unpacked and not installed, and the emulator that runs its programs: nothing of this machine
 * changes. Packages are what apt has verified by Debian's own signatures; versions are Debian's, and not ours to pin.
 * @type {import("./step.mjs").Step}
 */
export const arm64Userland = {
  name: "arm64-userland",
  why: "Debian 11 for arm64 and QEMU, unpacked, so that what is built for boards runs here, emulated.",
  touches: "arm64-userland/ of the cache",
  estimateSeconds: 60,
  onlyFor: "emulation",
  needs: (places) => (debianPackages.check(places).ok ? [] : ["debian-packages"]),
  lockFile: ({ cache }) => join(cache, "locks", "arm64-userland.lock"),
  check({ cache }) {
    const userland = join(cache, "arm64-userland");
    if (!existsSync(join(userland, "qemu-aarch64-static")))
      return { ok: false, reason: "not in the cache" };
    const isMerged = lstatSync(join(userland, "root/lib")).isSymbolicLink();
    return isMerged
      ? { ok: true, note: "unpacked" }
      : { ok: false, reason: "its /lib is not in /usr" };
  },
  async run({ cache, signal, log, progress }) {
    await putInPlace(join(cache, "arm64-userland"), async (work) => {
      const options = { cwd: work, signal, onLine: log, deadlineMs: APT_TIMEOUT_MS };
      const apt = aptOf(work);
      progress("package lists");
      await exec("apt-get", [...apt, "update"], options);
      progress("downloading");
      const only = ["--no-install-recommends", "--download-only", "-y", "install"];
      await exec("apt-get", [...apt, ...only, ...WHOLE], options);
      const archives = join(work, "archives");
      await exec("apt-get", [...apt, "download", ...ALONE], { ...options, cwd: archives });
      // The emulator is this machine's own package.
      await exec("apt-get", ["-q", "download", "qemu-user-static"], options);
      progress("unpacking");
      await unpack(work, options);
    });
  },
};

/**
 * apt with lists, packages and a state of its own.
 * @param {string} work
 */
function aptOf(work) {
  for (const folder of ["lists/partial", "archives/partial"])
    mkdirSync(join(work, folder), { recursive: true });
  writeFileSync(join(work, "status"), "");
  writeFileSync(
    join(work, "sources.list"),
    `deb [signed-by=${KEYRING}] ${mirror()} ${SUITE} main\n`,
  );
  return [
    "-q",
    ...[
      `Dir::State=${work}`,
      `Dir::State::lists=${join(work, "lists")}`,
      `Dir::State::status=${join(work, "status")}`,
      `Dir::Cache=${work}`,
      `Dir::Cache::archives=${join(work, "archives")}`,
      `Dir::Etc::sourcelist=${join(work, "sources.list")}`,
      "Dir::Etc::sourceparts=/dev/null",
      "APT::Architecture=arm64",
      "APT::Architectures=arm64",
      "APT::Sandbox::User=",
      "Debug::NoLocking=true",
      "Acquire::Languages=none",
      "Acquire::Retries=3",
      "Acquire::http::Timeout=30",
    ].flatMap((setting) => ["-o", setting]),
  ];
}

/** Where this machine gets Debian from; one that is no Debian has nowhere. */
function mirror() {
  const args = [
    "indextargets",
    "--format",
    "$(REPO_URI)",
    "Created-By: Packages",
    "Origin: Debian",
    "Label: Debian",
  ];
  const uri = outputOf("apt-get", args)
    ?.split("\n")
    .find((line) => line !== "");
  if (uri) return uri.trim();
  throw new SetupError(
    "SETUP_FAILED",
    "expected a machine that gets its packages from Debian, but this one does not",
    "run the tests for arm64 on Debian 12",
  );
}

/**
 * @param {string} work
 * @param {import("../exec.mjs").ExecOptions} options
 */
async function unpack(work, options) {
  const root = join(work, "root");
  mkdirSync(root);
  for (const name of readdirSync(join(work, "archives")).filter((one) => one.endsWith(".deb"))) {
    await exec("dpkg-deb", ["-x", join(work, "archives", name), root], options);
  }
  // As Debian's installer does it, and as a simulated board lays it over the machine's own.
  for (const name of ["bin", "sbin", "lib"]) {
    const options = { recursive: true, verbatimSymlinks: true };
    cpSync(join(root, name), join(root, "usr", name), options);
    rmSync(join(root, name), { recursive: true });
    symlinkSync(`usr/${name}`, join(root, name));
  }
  // What maintainers' scripts would have made.
  const libraries = join(root, "usr/lib/aarch64-linux-gnu");
  for (const name of ["blas", "lapack"]) {
    symlinkSync(`${name}/lib${name}.so.3`, join(libraries, `lib${name}.so.3`));
  }
  for (const folder of ["dev", "proc", "tmp", "root"])
    mkdirSync(join(root, folder), { recursive: true });
  const emulator = readdirSync(work).find((name) => name.startsWith("qemu-user-static")) ?? "";
  await exec("dpkg-deb", ["-x", emulator, "emulator"], options);
  cpSync(join(work, "emulator/usr/bin/qemu-aarch64-static"), join(work, "qemu-aarch64-static"));
  chmodSync(join(work, "qemu-aarch64-static"), 0o755);
  for (const rest of ["archives", "lists", "emulator", emulator]) {
    rmSync(join(work, rest), { recursive: true, force: true });
  }
}
