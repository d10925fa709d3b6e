// `npm test [-- VITEST ARGS]`, `npm run test:full [-- NAME]`: vitest, then the native tests; the exit code says whether all passed.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, mkdirSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { join, relative } from "node:path";
import { runInPlace } from "./child.mjs";
import { fullPlan, partNamed } from "./full-parts.mjs";
import { repoDir, requireNode, stateDir } from "./paths.mjs";
import { describeCounts, recordCounts, sumCounts } from "./results.mjs";
import { setUp } from "./setup.mjs";
import { countsInText, failedFiles, vitestCounts, withSecondRun } from "./test-counts.mjs";

const SETUP = join(repoDir, "cli/setup/setup.mjs");
const BOARDS = ["--boards", "aarch64", "--emulated"];

const TRY_AGAIN_AT_MOST = 8;

/** Projects of vitest.config.ts. */
const SIDE_BY_SIDE = "side by side";
const IN_THE_GAPS = ["counted", "in one process"];
const TWO_BY_TWO = "two by two";
const ONE_BY_ONE = "one by one";
const OF_PROJECT = "--project=";

/** @typedef {import("./results.mjs").Counts} Counts */

/**
 * `report` is vitest's own, undefined when it wrote none.
 * @typedef {{ args: string[], report: any, code: number }} VitestRun
 */

/**
 * Targets of native/Makefile: what runs, and what makes ready to run.
 * @typedef {{ runner: string, args: string[], compiled?: string[] }} NativeRun
 */

/**
 * @param {string[]} args for vitest; with any, only vitest runs
 * @param {{ full: boolean }} options
 * @returns {Promise<number>} exit code
 */
export async function runTests(args, { full }) {
  const part = full ? partNamed(args) : undefined;
  if (full && args.length === 0) console.log(fullPlan());
  const results = part
    ? [await runPart(part)]
    : args.length === 0
      ? await runAll(full)
      : [countsOf(await runVitest(args, full))];
  if (args.length > 0 && !part) {
    console.log("Native tests were left out, because arguments select tests of vitest.");
  }
  for (const counts of results) recordCounts(counts);
  for (const counts of results) console.log(describeCounts(counts));
  return sumCounts(results).failed > 0 ? 1 : 0;
}

/**
 * @param {boolean} full
 * @returns {Promise<Counts[]>}
 */
async function runAll(full) {
  const log = join(stateDir(), "logs", "in-the-gaps.log");
  rmSync(log, { force: true });
  const beside = compileNativeTests(full).then(() =>
    runVitest(IN_THE_GAPS.map(ofProject), full, { inTheGaps: log }),
  );
  const runs = [await runVitest([ofProject(SIDE_BY_SIDE)], full)];
  runs.push(await beside);
  process.stdout.write(readFileSync(log, "utf8"));
  for (const project of [TWO_BY_TWO, ONE_BY_ONE]) {
    runs.push(await runVitest([ofProject(project)], full));
  }
  if (process.env["CI"]) await tryAgain(runs, full);
  const results = runs.map(countsOf);
  for (const run of nativeRuns(full)) results.push(await runNative(run));
  return results;
}

/**
 * Minutes of a compiler beside tests that mostly wait, and before those that measure. What does not
 * compile is told by the run that needs it.
 * @param {boolean} full
 */
async function compileNativeTests(full) {
  const targets = nativeRuns(full).flatMap(({ compiled }) => compiled ?? []);
  const log = join(stateDir(), "logs", "native-tests.log");
  mkdirSync(join(stateDir(), "logs"), { recursive: true });
  console.log(`Beside the first tests, native ones are being compiled; its words: ${log}`);
  const commands = [["make", ...makeArgs(targets), "--keep-going"]];
  // What goes onto boards, and a system of theirs to run it in.
  if (full) commands.push([process.execPath, SETUP, ...BOARDS]);
  writeFileSync(log, "");
  for (const command of commands) {
    const code = await runNicely(command, log, { cwd: repoDir });
    if (code !== 0) console.log(`${command[0]} beside the tests ended with ${code}: see ${log}`);
  }
}

/**
 * With what others leave of the machine; its words go to the end of a file.
 * @param {string[]} command
 * @param {string} log
 * @param {import("node:child_process").SpawnOptions} options
 * @returns {Promise<number>} exit code
 */
async function runNicely(command, log, options) {
  const output = openSync(log, "a");
  const child = spawn("nice", ["-n", "19", ...command], {
    ...options,
    stdio: ["ignore", output, output],
  });
  const [code] = await once(child, "close");
  closeSync(output);
  return code ?? 1;
}

/** @param {string[]} args */
function makeArgs(args) {
  return ["--no-print-directory", "-C", "native", `-j${cpus().length}`, ...args];
}

/**
 * @param {import("./full-parts.mjs").FullPart} part
 * @returns {Promise<Counts>}
 */
async function runPart({ make, files = [], boards = false }) {
  if (boards) await setUp({ quiet: true, also: ["tests", "aarch64", "emulation"] });
  if (make) return runNative({ runner: `native: ${make}`, args: [make] });
  return countsOf(await runVitest(files, true));
}

/**
 * Files of which something failed, once more when nothing else runs: a second attempt within the first run met the
 * same load, and what the first attempt left behind. That it was needed is told with the counts.
 * @param {VitestRun[]} runs
 * @param {boolean} full
 */
async function tryAgain(runs, full) {
  const files = runs.flatMap(({ report }) => failedFiles(report));
  // So many are no accident.
  if (files.length === 0 || files.length > TRY_AGAIN_AT_MOST) return;
  console.log(`Once more, alone: ${files.map((file) => relative(repoDir, file)).join(", ")}`);
  const { report } = await runVitest([...files, "--no-file-parallelism"], full);
  if (!report) return;
  for (const run of runs) {
    if (failedFiles(run.report).length === 0) continue;
    run.report = withSecondRun(run.report, report);
    run.code = failedFiles(run.report).length > 0 ? 1 : 0;
  }
}

/**
 * @param {VitestRun} run
 * @returns {Counts}
 */
function countsOf({ args, report, code }) {
  const projects = args.flatMap((arg) => arg.split(OF_PROJECT)[1] ?? []);
  return { runner: ["vitest", ...projects].join(", "), ...vitestCounts(report, code) };
}

/** @param {string} project */
function ofProject(project) {
  return `${OF_PROJECT}${project}`;
}

/**
 * `inTheGaps`: takes what other runs leave of the machine, and writes into this file.
 * @param {string[]} args
 * @param {boolean} full
 * @param {{ inTheGaps?: string }} [how]
 * @returns {Promise<VitestRun>}
 */
async function runVitest(args, full, { inTheGaps } = {}) {
  const name = inTheGaps ? `vitest-${process.pid}-gaps` : `vitest-${process.pid}`;
  const report = join(stateDir(), "logs", `${name}.json`);
  mkdirSync(join(stateDir(), "logs"), { recursive: true });
  const vitest = join(repoDir, "node_modules", "vitest", "vitest.mjs");
  // A campaign says each of its tests as it ends: a file of them may take half an hour.
  const reporters = [
    `--reporter=${full ? "verbose" : "default"}`,
    "--reporter=json",
    `--outputFile.json=${report}`,
  ];
  const env = full ? { ...process.env, JETFLEET_TEST_FULL: "1" } : process.env;
  const options = { cwd: repoDir, env };
  const node = requireNode();
  const run = [vitest, "run", ...reporters, ...args];
  const code = inTheGaps
    ? await runNicely([node, ...run], inTheGaps, options)
    : await runInPlace(node, run, options);
  const ended = { args, report: readReport(report), code };
  rmSync(report, { force: true });
  return ended;
}

/** @param {string} file */
function readReport(file) {
  try {
    return JSON.parse(readFileSync(file, "utf8"));
  } catch {
    return undefined;
  }
}

/**
 * Sanitizers compile everything anew, so that only the full form has them.
 * @param {boolean} full
 * @returns {NativeRun[]}
 */
function nativeRuns(full) {
  /** @type {NativeRun[]} */
  const runs = [{ runner: "native", args: ["test"], compiled: ["test-compiled"] }];
  if (!full) return runs;
  runs.push({ runner: "native: threads", args: ["tsan"], compiled: ["tsan-compiled"] });
  runs.push({
    runner: "native: memory of the binding",
    args: ["asan-binding"],
    compiled: ["asan-binding-compiled"],
  });
  runs.push({ runner: "native: memory", args: ["asan"] });
  runs.push({ runner: "native: clang-tidy", args: ["tidy"] });
  return runs;
}

/**
 * @param {NativeRun} run
 * @returns {Promise<Counts>}
 */
async function runNative({ runner, args }) {
  const { code, text } = await runAndKeep("make", makeArgs(args));
  return { runner, ...countsInText(text, code) };
}

/**
 * Shows a program's output and keeps it.
 * @param {string} command
 * @param {string[]} args
 * @returns {Promise<{ code: number, text: string }>}
 */
function runAndKeep(command, args) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd: repoDir, stdio: ["ignore", "pipe", "inherit"] });
    let text = "";
    child.stdout.setEncoding("utf8").on("data", (/** @type {string} */ chunk) => {
      text += chunk;
      process.stdout.write(chunk);
    });
    child.on("error", reject);
    child.on("close", (code) => resolve({ code: code ?? 1, text }));
  });
}
