import * as fs from "node:fs";
import { parseArgs } from "node:util";
import { readJournal } from "./journal.ts";
import { formatShort } from "./journal-format.ts";
import { activity, fileState, properties } from "./unit-properties.ts";
import type { AnyUnit, Units } from "./units.ts";

export interface Reply {
  code: number;
  stdout: string;
  stderr: string;
  /** The board is to be switched off or on again once the reply is out. */
  power?: "poweroff" | "reboot";
}

interface Request {
  verb: string;
  names: string[];
  units: Units;
  options: {
    now: boolean;
    quiet: boolean;
    value: boolean;
    property: string[];
    lines: number;
    signal: string;
  };
}

const EXIT_NOT_RUNNING = 3;
const EXIT_NO_SUCH_UNIT = 4;
const EXIT_NOT_INSTALLED = 5;

const VERBS: Readonly<Record<string, (request: Request) => Reply | Promise<Reply>>> = {
  "daemon-reload": ({ units }) => {
    units.reload();
    return reply(0);
  },
  start: (request) => forEachUnit(request, "start", (unit) => unit.start()),
  stop: (request) => forEachUnit(request, "stop", (unit) => unit.stop()),
  restart: (request) => forEachUnit(request, "restart", (unit) => unit.restart()),
  "try-restart": (request) =>
    forEachUnit(request, "restart", (unit) =>
      activeState(unit) === "active" ? unit.restart() : undefined,
    ),
  kill: (request) =>
    forEachUnit(request, "kill", (unit) => {
      const signal = request.options.signal.replace(/^(SIG)?/, "SIG") as NodeJS.Signals;
      unit.kill(signal);
    }),
  "reset-failed": (request) => forEachUnit(request, "reset", (unit) => unit.resetFailed()),
  enable,
  disable,
  "is-active": (request) => isState(request, (state) => state === "active", EXIT_NOT_RUNNING),
  "is-failed": (request) => isState(request, (state) => state === "failed", 1),
  "is-enabled": isEnabled,
  show,
  status,
  cat: ({ names, units }) => {
    const missing = names.find((name) => !units.exists(name));
    if (missing !== undefined) return reply(1, "", `No files found for ${missing}.\n`);
    return reply(
      0,
      names
        .map((name) => units.load(name))
        .map((unit) => `# ${unit.path}\n${fs.readFileSync(unit.path, "utf8")}`)
        .join("\n"),
    );
  },
  "is-system-running": () => reply(0, "running\n"),
  poweroff: () => ({ ...reply(0), power: "poweroff" }),
  reboot: () => ({ ...reply(0), power: "reboot" }),
};

/** Answers `systemctl <args>` in the words and with the exit codes of systemd 237 to 245. */
export async function runSystemctl(args: string[], units: Units): Promise<Reply> {
  let parsed: ReturnType<typeof parse>;
  try {
    parsed = parse(args);
  } catch (error) {
    return reply(1, "", `systemctl (simulated): ${(error as Error).message}\n`);
  }
  const [verb = "", ...names] = parsed.positionals;
  const act = VERBS[verb];
  if (!act)
    return reply(
      1,
      "",
      `Unknown operation ${verb}. The simulated board knows: ${Object.keys(VERBS).join(", ")}.\n`,
    );
  const { values } = parsed;
  const options = {
    now: values.now === true,
    quiet: values.quiet === true,
    value: values.value === true,
    property: (values.property ?? []).flatMap((list) => list.split(",")),
    lines: Number(values.lines ?? 10),
    signal: values.signal ?? "SIGTERM",
  };
  return await act({ verb, names: names.map(fullName), units, options });
}

function parse(args: string[]) {
  const flag = { type: "boolean" } as const;
  return parseArgs({
    args,
    allowPositionals: true,
    options: {
      now: flag,
      quiet: { type: "boolean", short: "q" },
      "no-pager": flag,
      "no-block": flag,
      full: { type: "boolean", short: "l" },
      force: { type: "boolean", short: "f" },
      system: flag,
      value: flag,
      property: { type: "string", short: "p", multiple: true },
      lines: { type: "string", short: "n" },
      signal: { type: "string", short: "s" },
    },
  });
}

function fullName(name: string): string {
  return /\.\w+$/.test(name) ? name : `${name}.service`;
}

async function forEachUnit(
  request: Request,
  doing: string,
  act: (unit: AnyUnit) => void | Promise<void> | undefined,
): Promise<Reply> {
  let stderr = "";
  let code = 0;
  for (const name of request.names) {
    if (!request.units.exists(name)) {
      stderr += `Failed to ${doing} ${name}: Unit ${name} not found.\n`;
      code = EXIT_NOT_INSTALLED;
      continue;
    }
    try {
      const unit = request.units.load(name);
      if (unit.needsReload) stderr += reloadWarning(name);
      await act(unit);
      if (unit.state.result === "start-limit-hit" && doing !== "reset") {
        stderr += `Job for ${name} failed.\nSee "systemctl status ${name}" and "journalctl -u ${name}" for details.\n`;
        code = 1;
      }
    } catch (error) {
      stderr += `Failed to ${doing} ${name}: ${(error as Error).message}\n`;
      code = 1;
    }
  }
  return reply(code, "", stderr);
}

function reloadWarning(name: string): string {
  return `Warning: The unit file, source configuration file or drop-ins of ${name} changed on disk. Run 'systemctl daemon-reload' to reload units.\n`;
}

async function enable(request: Request): Promise<Reply> {
  const { names, units } = request;
  const missing = names.find((name) => !units.exists(name));
  if (missing !== undefined) {
    return reply(1, "", `Failed to enable unit: AnyUnit file ${missing} does not exist.\n`);
  }
  const made = names.flatMap((name) => units.enable(name));
  const stderr = made.map(({ link, target }) => `Created symlink ${link} → ${target}.\n`).join("");
  const started = request.options.now
    ? await forEachUnit(request, "start", (unit) => unit.start())
    : reply(0);
  return reply(started.code, "", request.options.quiet ? started.stderr : stderr + started.stderr);
}

async function disable(request: Request): Promise<Reply> {
  const removed = request.names.flatMap((name) => request.units.disable(name));
  const stderr = removed.map((link) => `Removed ${link}.\n`).join("");
  const stopped = request.options.now
    ? await forEachUnit(request, "stop", (unit) => unit.stop())
    : reply(0);
  return reply(stopped.code, "", request.options.quiet ? stopped.stderr : stderr + stopped.stderr);
}

function isState(
  { names, units, options }: Request,
  wanted: (state: string) => boolean,
  otherwise: number,
): Reply {
  const states = names.map((name) =>
    units.exists(name) ? activeState(units.load(name)) : "inactive",
  );
  const stdout = options.quiet ? "" : states.map((state) => `${state}\n`).join("");
  return reply(states.some(wanted) ? 0 : otherwise, stdout);
}

function isEnabled({ names, units, options }: Request): Reply {
  let stdout = "";
  let stderr = "";
  let enabled = false;
  for (const name of names) {
    if (!units.exists(name)) {
      stderr += `Failed to get unit file state for ${name}: No such file or directory\n`;
      continue;
    }
    const state = fileState(units, units.load(name));
    enabled ||= state === "enabled";
    stdout += `${state}\n`;
  }
  return reply(enabled ? 0 : 1, options.quiet ? "" : stdout, stderr);
}

function show({ names, units, options }: Request): Reply {
  const blocks = names.map((name) => {
    const all = properties(units, name);
    const wanted =
      options.property.length === 0
        ? Object.keys(all)
        : options.property.filter((key) => key in all);
    return wanted.map((key) => (options.value ? `${all[key]}\n` : `${key}=${all[key]}\n`)).join("");
  });
  return reply(0, blocks.join("\n"));
}

function status({ names, units, options }: Request): Reply {
  let code = 0;
  const blocks: string[] = [];
  for (const name of names) {
    if (!units.exists(name))
      return reply(EXIT_NO_SUCH_UNIT, "", `Unit ${name} could not be found.\n`);
    const unit = units.load(name);
    if (activeState(unit) !== "active") code = EXIT_NOT_RUNNING;
    blocks.push(statusBlock(units, unit, options.lines));
  }
  return reply(code, blocks.join("\n"));
}

function statusBlock(units: Units, unit: AnyUnit, lines: number): string {
  const all = properties(units, unit.name);
  const since = unit.startedAtMs === 0 ? "" : ` since ${new Date(unit.startedAtMs).toUTCString()}`;
  const result =
    all["ActiveState"] === "failed" ? ` (Result: ${all["Result"]})` : ` (${all["SubState"]})`;
  const entries = readJournal(unit.name).slice(-lines);
  const log =
    lines === 0 || entries.length === 0 ? "" : `\n${entries.map(formatShort).join("\n")}\n`;
  return (
    `● ${unit.name} - ${unit.service.description || unit.name}\n` +
    `   Loaded: loaded (${unit.path}; ${all["UnitFileState"]}; vendor preset: enabled)\n` +
    `   Active: ${all["ActiveState"]}${result}${since}\n` +
    (unit.mainPid === 0 ? "" : ` Main PID: ${unit.mainPid}\n`) +
    `    Tasks: ${unit.processes().length}\n${log}`
  );
}

function activeState(unit: AnyUnit): string {
  return activity(unit).ActiveState;
}

function reply(code: number, stdout = "", stderr = ""): Reply {
  return { code, stdout, stderr };
}
