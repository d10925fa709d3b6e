import {
  existsSync,
  mkdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  symlinkSync,
} from "node:fs";
import { join, relative } from "node:path";
import { SetupError } from "../errors.mjs";
import { exec, outputOf } from "../exec.mjs";
import { runningFleet } from "../fleet-running.mjs";
import { nodePath } from "../paths.mjs";
import { hashOf, readStamp, writeStamp } from "../stamp.mjs";
import { packagesNotInstalled } from "./lock-comparison.mjs";
import { npmCommand } from "./npm-command.mjs";

const STAMP = "node_modules/.jetfleet-setup";

/** @type {import("./step.mjs").Step} */
export const nodeModules = {
  name: "node-modules",
  why: "The packages of package-lock.json (`npm ci`, no install scripts), Node 24 and Node 16 among them.",
  touches: "node_modules/ of this clone, npm's own cache",
  estimateSeconds: 40,
  needs: () => [],
  lockFile: ({ state }) => join(state, "locks", "node-modules.lock"),
  check({ root }) {
    const finding = checkPackages(root);
    if (!finding.ok || linkIsRight(root)) return finding;
    return { ok: false, reason: "node_modules/.bin/node is not the project's Node 24" };
  },
  preflight({ root, state }) {
    const running = checkPackages(root).ok ? undefined : runningFleet(state)[0];
    if (!running) return;
    throw new SetupError(
      "SETUP_FAILED",
      `expected no running fleet while node_modules is replaced (package-lock.json changed), ` +
        `but process ${running.pid} of ${running.file} runs from it`,
      "npm run demo -- --down",
    );
  },
  async run(context) {
    if (!checkPackages(context.root).ok) await installPackages(context);
    linkNode(context.root);
  },
};

/** @param {import("./step.mjs").Context} context */
async function installPackages(context) {
  const { root, signal, log, progress } = context;
  const { command, args, env } = await npmCommand(context);
  progress("npm ci");
  const ci = ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=http"];
  let fetched = 0;
  await exec(command, [...args, ...ci], {
    cwd: root,
    env,
    signal,
    deadlineMs: 15 * 60_000,
    onLine: (line) => {
      log(line);
      if (/http fetch GET 200/.test(line)) progress(`${++fetched} packages fetched`);
    },
  });
  verifyNode(root);
  writeStamp(join(root, STAMP), lockHash(root));
}

/**
 * @param {string} root
 * @returns {import("./step.mjs").Finding}
 */
function checkPackages(root) {
  if (!existsSync(nodePath(root))) return { ok: false, reason: "the project's Node 24 is missing" };
  if (readStamp(join(root, STAMP)) === lockHash(root)) {
    return { ok: true, note: "as package-lock.json says" };
  }
  return compareWithLockfile(root);
}

/** @param {string} root */
function lockHash(root) {
  return `${process.arch} ${hashOf(root, ["package-lock.json"])}`;
}

/**
 * Whether a plain `npm install` of the user has already put the very same packages there.
 * @param {string} root
 * @returns {import("./step.mjs").Finding}
 */
function compareWithLockfile(root) {
  const hidden = readJson(join(root, "node_modules/.package-lock.json"));
  if (!hidden) return { ok: false, reason: "node_modules is missing or half installed" };
  const lock = readJson(join(root, "package-lock.json"));
  const wrong = packagesNotInstalled(lock?.packages ?? {}, hidden.packages ?? {}, process.arch);
  if (wrong.length === 0) return { ok: true, note: "as package-lock.json says" };
  return { ok: false, reason: `${wrong.length} packages differ, ${wrong[0]} for instance` };
}

/** @param {string} file */
function readJson(file) {
  try {
    return JSON.parse(readFileSync(file, "utf8"));
  } catch {
    return undefined;
  }
}

/** @param {string} root */
function verifyNode(root) {
  const node = nodePath(root);
  const version = outputOf(node, ["--version"]);
  if (version?.startsWith("v24.")) return;
  throw new SetupError(
    "SETUP_FAILED",
    `expected Node 24 at ${node} after npm ci, got ${version ?? "nothing that runs"}`,
    process.arch === "x64" || process.arch === "arm64"
      ? "delete node_modules and run `npm run setup` again"
      : `use an x64 or arm64 machine; this one is ${process.arch}`,
  );
}

/**
 * `npm run …` must find Node 24 first. Node 16 has a program of the same name, and which of the two
 * npm links differs by version and by what was installed last.
 * @param {string} root
 */
function linkNode(root) {
  if (linkIsRight(root)) return;
  const bin = join(root, "node_modules/.bin");
  mkdirSync(bin, { recursive: true });
  const temporary = join(bin, `.node-${process.pid}`);
  symlinkSync(relative(bin, nodePath(root)), temporary);
  renameSync(temporary, join(bin, "node"));
}

/** @param {string} root */
function linkIsRight(root) {
  try {
    return realpathSync(join(root, "node_modules/.bin/node")) === realpathSync(nodePath(root));
  } catch {
    return false;
  }
}
