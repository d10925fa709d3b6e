// Takes the README's pictures: `node cli/console/picture.ts [TEXT]`, with the demo running. Needs tmux. With TEXT it
// first waits until that is on the fleet screen.
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { nodePath, repoDir } from "../setup/paths.mjs";
import { ansiToSvg } from "./ansi-to-svg.ts";

const FLEET_SIZE = { columns: 112, rows: 20 };
const DEVICE_SIZE = { columns: 100, rows: 36 };
const DEADLINE_MS = 5 * 60_000;
const OUT = path.join(import.meta.dirname, "pictures");

const [awaited = ""] = process.argv.slice(2);
const folder = mkdtempSync(path.join(tmpdir(), "jetfleet-picture-"));
try {
  const program = `'${nodePath()}' '${path.join(repoDir, "cli", "main.ts")}'`;
  tmux("-f", "/dev/null", "new-session", "-d", "-s", "t", ...flags(FLEET_SIZE), program);
  const figures = /PREC\/REC[^]*running[^]*\d\.\d\d\/\d\.\d\d/;
  await take("fleet", FLEET_SIZE, (screen) => figures.test(screen) && screen.includes(awaited));
  tmux("send-keys", "-t", "t", "Enter");
  tmux("resize-window", "-t", "t", ...flags(DEVICE_SIZE));
  await take("device", DEVICE_SIZE, (screen) => /detect[^]*all labels[^]*Esc back/.test(screen));
} finally {
  tmux("kill-server");
  rmSync(folder, { recursive: true, force: true });
}

interface Size {
  columns: number;
  rows: number;
}

/** Writes a picture of the screen once it shows what it should. */
async function take(name: string, size: Size, isReady: (screen: string) => boolean): Promise<void> {
  for (const end = performance.now() + DEADLINE_MS; !isReady(capture()); await delay(250)) {
    if (performance.now() > end) throw new Error(`the ${name} screen was not ready:\n${capture()}`);
  }
  const file = path.join(OUT, `${name}.svg`);
  writeFileSync(file, ansiToSvg(capture("-e"), size.columns));
  process.stdout.write(`${file}\n`);
}

function capture(...options: string[]): string {
  return tmux("capture-pane", ...options, "-p", "-t", "t");
}

function flags({ columns, rows }: Size): string[] {
  return ["-x", String(columns), "-y", String(rows)];
}

function tmux(...args: string[]): string {
  const env = { ...process.env, TERM: "xterm-256color", LC_ALL: "C.UTF-8", TMUX: "" };
  return execFileSync("tmux", ["-u", "-S", path.join(folder, "socket"), ...args], {
    encoding: "utf8",
    env,
  });
}
