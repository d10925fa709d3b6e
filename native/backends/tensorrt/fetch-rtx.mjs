// Puts TensorRT-RTX 1.7 into a folder, `include/` and `lib/`: the one TensorRT that can be had from package registries,
// and that builds engines on a machine without a GPU. Headers from a crate (1 MB, with what it depends on 40 MB), the
// libraries from a wheel (95 MB). Headers of two other versions come from the same crate: `headers/rtx-1.3/` and
// `headers/11.4/`. Says why when it cannot, and leaves nothing behind then.
//   node fetch-rtx.mjs FOLDER
import { execFileSync } from "node:child_process";
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fetchWheel } from "../../wheel.mjs";

const CRATE = { name: "trtx-sys", version: "0.9.1" };
/** @type {[name: string, inCrate: string][]} */
const OTHERS = [
  ["rtx-1.3", "TRT-RTX-1.3"],
  ["11.4", "TRT-Enterprise-11.4"],
];
const WHEEL = {
  requirement: "tensorrt-rtx-cu13-libs==1.7.1.116",
  sha256: "e3fd45fed001240d63304e77a2d4006319b839994237cb294b6e7ad72acaabcd",
};

const target = resolve(process.argv[2] ?? "build/tensorrt-rtx");
const others = join(target, "headers");
if (existsSync(others)) process.exit(0);
mkdirSync(dirname(target), { recursive: true });
const work = mkdtempSync(join(dirname(target), ".tensorrt-rtx-"));
try {
  console.log(
    `fetching TensorRT-RTX (${WHEEL.requirement}, 95 MB; headers of crate ${CRATE.name})`,
  );
  const made = join(work, "made");
  const crate = fetchCrate();
  const headers = (/** @type {string} */ from, /** @type {string} */ to) =>
    cpSync(join(crate, "TensorRT-Headers", from), join(made, to), { recursive: true });
  for (const [name, from] of OTHERS) headers(from, `headers/${name}`);
  if (existsSync(target)) {
    renameSync(join(made, "headers"), others);
  } else {
    headers("TRT-RTX-1.7", "include");
    await fetchLibraries(join(made, "lib"));
    renameSync(made, target);
  }
} catch (error) {
  console.error(
    `no TensorRT-RTX: ${error instanceof Error ? error.message.split("\n")[0] : error}`,
  );
  process.exitCode = 1;
} finally {
  rmSync(work, { recursive: true, force: true });
}

/** Cargo keeps the digest of every crate; a project of our own says which. */
function fetchCrate() {
  const project = join(work, "crate");
  mkdirSync(join(project, "src"), { recursive: true });
  writeFileSync(join(project, "src/lib.rs"), "");
  const { name, version } = CRATE;
  writeFileSync(
    join(project, "Cargo.toml"),
    `[package]\nname = "headers"\nversion = "0.0.0"\nedition = "2021"\n[dependencies.${name}]\nversion = "=${version}"\ndefault-features = false\n`,
  );
  const options = { cwd: project, encoding: /** @type {const} */ ("utf8"), timeout: 120_000 };
  const metadata = execFileSync("cargo", ["metadata", "--format-version", "1"], {
    ...options,
    stdio: ["ignore", "pipe", "ignore"],
    maxBuffer: 1 << 28,
  });
  const crate = JSON.parse(metadata).packages.find(
    (/** @type {{ name: string }} */ one) => one.name === name,
  );
  return dirname(crate.manifest_path);
}

async function fetchLibraries(/** @type {string} */ to) {
  renameSync(join(await fetchWheel(work, WHEEL), "tensorrt_rtx_libs"), to);
}
