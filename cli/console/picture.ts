// Takes the README's pictures: `node cli/console/picture.ts`, with `npm run demo` running. Needs tmux.
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { nodePath, repoDir } from "../setup/paths.mjs";
import { ansiToSvg } from "./ansi-to-svg.ts";

const [COLUMNS, ROWS] = [100, 32];
const DEADLINE_MS = 60_000;
const OUT = path.join(import.meta.dirname, "pictures");

const folder = mkdtempSync(path.join(tmpdir(), "jetfleet-picture-"));
try {
  const program = `'${nodePath()}' '${path.join(repoDir, "cli", "main.ts")}'`;
  const size = ["-x", String(COLUMNS), "-y", String(ROWS)];
  tmux("-f", "/dev/null", "new-session", "-d", "-s", "t", ...size, program);
  await take("fleet", /PREC\/REC[^]*running[^]*\d\.\d\d\/\d\.\d\d/);
  tmux("send-keys", "-t", "t", "Enter");
  await take("device", /detect[^]*all labels/);
} finally {
  tmux("kill-server");
  rmSync(folder, { recursive: true, force: true });
}

/** Writes a picture of the screen once it shows what it should. */
async function take(name: string, shows: RegExp): Promise<void> {
  for (const end = Date.now() + DEADLINE_MS; !shows.test(tmux("capture-pane", "-p", "-t", "t")); ) {
    if (Date.now() > end) throw new Error(`the ${name} screen did not show ${String(shows)}`);
    await delay(250);
  }
  const file = path.join(OUT, `${name}.svg`);
  writeFileSync(file, ansiToSvg(tmux("capture-pane", "-e", "-p", "-t", "t"), COLUMNS));
  process.stdout.write(`${file}\n`);
}

function tmux(...args: string[]): string {
  const env = { ...process.env, TERM: "xterm-256color", LC_ALL: "C.UTF-8", TMUX: "" };
  return execFileSync("tmux", ["-u", "-S", path.join(folder, "socket"), ...args], {
    encoding: "utf8",
    env,
  });
}
