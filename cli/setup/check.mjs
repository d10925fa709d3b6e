// `npm run check`: what must hold before a commit. Runs two checks at a time and ends with a table.

import { spawn, spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { reportAndExitCode, SetupError } from "./errors.mjs";
import { repoDir, requireNode } from "./paths.mjs";
import { formatDuration } from "./plan.mjs";
import { recordCounts } from "./results.mjs";

const HELP = `Usage: npm run check

Format (Biome, clang-format), lint with types (oxlint), types (tsc for operator side, agent and
set-up) and the house tests. Nothing is changed; \`npm run format\` mends the format.`;

const AT_ONCE = 2;

/**
 * @typedef {{ name: string, command: string, args: string[], hint: string }} Check
 * @typedef {{ check: Check, ok: boolean, seconds: number, output: string }} Outcome
 */

/** @returns {Check[]} */
function checks() {
  const node = requireNode();
  const tool = (/** @type {string} */ file) => join(repoDir, "node_modules", file);
  const tsc = tool("typescript/bin/tsc");
  const types = "see the errors above";
  const format = "npm run format";
  return [
    { name: "types: operator side", command: node, args: [tsc, "-p", "."], hint: types },
    {
      name: "house tests",
      command: node,
      args: [tool("vitest/vitest.mjs"), "run", "test/house", "test/cli/setup"],
      hint: "npx vitest run test/house test/cli/setup",
    },
    {
      name: "types: agent (ES2021, Node 16)",
      command: node,
      args: [tsc, "-p", "agent"],
      hint: `${types}; the agent may use nothing newer than Node 16`,
    },
    { name: "types: set-up", command: node, args: [tsc, "-p", "cli/setup"], hint: types },
    {
      name: "lint",
      command: node,
      args: [tool("oxlint/bin/oxlint"), "--type-aware", "--deny-warnings", "."],
      hint: "npx oxlint --type-aware .",
    },
    {
      name: "format and import order",
      command: node,
      args: [tool("@biomejs/biome/bin/biome"), "check", "."],
      hint: format,
    },
    ...clangFormat(format),
    {
      name: "lockfile",
      command: node,
      args: [join(repoDir, "cli/setup/lockfile.mjs"), "--check"],
      hint: "node cli/setup/lockfile.mjs",
    },
  ];
}

/**
 * @param {string} hint
 * @returns {Check[]}
 */
function clangFormat(hint) {
  const listed = ["ls-files", "-co", "--exclude-standard", "-z", "native/*.cc", "native/*.h"];
  const { stdout, status } = spawnSync("git", listed, { cwd: repoDir, encoding: "utf8" });
  if (status !== 0) throw new SetupError("SETUP_MISSING", "expected a git checkout", "git clone");
  const files = stdout.split("\0").filter((file) => file !== "" && existsSync(join(repoDir, file)));
  if (files.length === 0) return [];
  const args = ["--dry-run", "-Werror", ...files];
  return [{ name: "format: C++", command: "clang-format", args, hint }];
}

/**
 * @param {Check} check
 * @returns {Promise<Outcome>}
 */
function runCheck(check) {
  const startedAtMs = performance.now();
  return new Promise((resolve) => {
    const child = spawn(check.command, check.args, {
      cwd: repoDir,
      env: { ...process.env, NODE_NO_WARNINGS: "1" },
      stdio: ["ignore", "pipe", "pipe"],
    });
    let output = "";
    const keep = (/** @type {Buffer} */ chunk) => (output += chunk.toString());
    child.stdout.on("data", keep);
    child.stderr.on("data", keep);
    const end = (/** @type {boolean} */ ok) =>
      resolve({ check, ok, seconds: (performance.now() - startedAtMs) / 1000, output });
    child.on("error", (error) => {
      output += `could not start: ${error.message}\n`;
      end(false);
    });
    child.on("close", (code) => end(code === 0));
  });
}

/**
 * @param {Check[]} all
 * @returns {Promise<Outcome[]>} in the order of `all`
 */
async function runAll(all) {
  /** @type {Outcome[]} */
  const outcomes = [];
  let next = 0;
  const worker = async () => {
    for (let index = next++; index < all.length; index = next++) {
      const check = all[index];
      if (check) outcomes[index] = await runCheck(check);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  return outcomes;
}

/** @param {Outcome[]} outcomes */
function report(outcomes) {
  const failed = outcomes.filter(({ ok }) => !ok);
  for (const { check, output } of failed) console.log(`--- ${check.name}\n${output.trimEnd()}\n`);
  const width = Math.max(...outcomes.map(({ check }) => check.name.length));
  for (const { check, ok, seconds } of outcomes) {
    const mark = ok ? "ok    " : "FAILED";
    const next = ok ? "" : `  next: ${check.hint}`;
    console.log(
      `${mark}  ${check.name.padEnd(width)}  ${formatDuration(seconds).padStart(6)}${next}`,
    );
  }
  const passed = outcomes.length - failed.length;
  recordCounts({ runner: "check", passed, failed: failed.length, skipped: 0 });
  process.exitCode = failed.length > 0 ? 1 : 0;
}

/** @param {string[]} args */
async function main(args) {
  if (args.includes("--help") || args.includes("-h")) return console.log(HELP);
  if (args.length > 0) {
    throw new SetupError(
      "USAGE",
      `expected no arguments, got ${args.join(" ")}`,
      "npm run check -- --help",
    );
  }
  report(await runAll(checks()));
}

main(process.argv.slice(2)).catch(reportAndExitCode);
