export type RestartPolicy = "no" | "always" | "on-success" | "on-failure" | "on-abnormal";
export type KillMode = "control-group" | "mixed" | "process";

/** The part of a .service file that this service manager acts on. */
export interface Service {
  description: string;
  command: string[];
  /** A leading `-` of ExecStart: failing counts as success. */
  ignoreFailure: boolean;
  restart: RestartPolicy;
  restartMs: number;
  stopTimeoutMs: number;
  killMode: KillMode;
  killSignal: NodeJS.Signals;
  environment: Record<string, string>;
  /** Paths; a leading `-` means that the file may be absent. */
  environmentFiles: string[];
  workingDirectory: string | null;
  user: string | null;
  group: string | null;
  /** StandardInput=socket: the connection that it was started for. */
  inputIsSocket: boolean;
  /** StandardOutput=socket: the same. */
  outputIsSocket: boolean;
  supplementaryGroups: string[];
  noNewPrivileges: boolean;
  /** CapabilityBoundingSet= is empty. */
  noCapabilities: boolean;
  startLimitBurst: number;
  startLimitIntervalMs: number;
  wantedBy: string[];
  /** What the file says but this service manager does not do; goes to the journal. */
  ignored: string[];
}

// Directives that change nothing here: ordering after targets that are always up, or limits nobody reaches.
const HARMLESS = new Set([
  ...[
    "Unit.After",
    "Unit.Before",
    "Unit.Wants",
    "Unit.Requires",
    "Unit.Documentation",
    "Unit.DefaultDependencies",
  ],
  ...["Service.StandardError", "Service.SyslogIdentifier", "Service.LimitNOFILE"],
]);

/** The part of a .socket file that this service manager acts on: one path, a service of its own for each connection. */
export interface SocketSettings {
  path: string;
  user: string | null;
  group: string | null;
  mode: number;
  directoryMode: number;
  /** What a service has, too. */
  service: Service;
}

/** Reads a .socket file as systemd does. Throws an Error where it asks for what is not simulated at all. */
export function parseSocketFile(text: string): SocketSettings {
  const settings: SocketSettings = {
    ...{
      path: "",
      user: null,
      group: null,
      mode: 0o666,
      directoryMode: 0o755,
      service: defaults(),
    },
  };
  let accepts = false;
  forEachSetting(text, (key, value) => {
    if (key === "Socket.ListenStream" && value.startsWith("/")) settings.path = value;
    else if (key === "Socket.Accept") accepts = value === "yes";
    else if (key === "Socket.SocketUser") settings.user = value;
    else if (key === "Socket.SocketGroup") settings.group = value;
    else if (key === "Socket.SocketMode") settings.mode = Number.parseInt(value, 8);
    else if (key === "Socket.DirectoryMode") settings.directoryMode = Number.parseInt(value, 8);
    else assign(settings.service, key, value);
  });
  if (settings.path === "" || !accepts) {
    throw new Error("Only sockets of one path with Accept=yes are simulated. Refusing.");
  }
  return settings;
}

/** Reads a .service file as systemd does. Throws an Error with systemd's own wording when it cannot be started. */
export function parseServiceFile(text: string): Service {
  const service = defaults();
  forEachSetting(text, (key, value) => assign(service, key, value));
  if (service.command.length === 0) throw new Error("Service has no ExecStart= setting. Refusing.");
  return service;
}

/** Calls back with `Section.Name` and the value of every line. */
function forEachSetting(text: string, onSetting: (key: string, value: string) => void): void {
  let section = "";
  for (const line of joinedLines(text)) {
    const header = /^\[(.+)\]$/.exec(line);
    if (header?.[1]) {
      section = header[1];
      continue;
    }
    const at = line.indexOf("=");
    if (at < 0) continue;
    onSetting(`${section}.${line.slice(0, at).trim()}`, line.slice(at + 1).trim());
  }
}

function defaults(): Service {
  return {
    description: "",
    command: [],
    ignoreFailure: false,
    restart: "no",
    restartMs: 100,
    stopTimeoutMs: 90_000,
    killMode: "control-group",
    killSignal: "SIGTERM",
    environment: {},
    environmentFiles: [],
    workingDirectory: null,
    user: null,
    group: null,
    inputIsSocket: false,
    outputIsSocket: false,
    supplementaryGroups: [],
    noNewPrivileges: false,
    noCapabilities: false,
    startLimitBurst: 5,
    startLimitIntervalMs: 10_000,
    wantedBy: [],
    ignored: [],
  };
}

function assign(service: Service, key: string, value: string): void {
  switch (key) {
    case "Unit.Description":
      service.description = value;
      return;
    case "Unit.StartLimitBurst":
      service.startLimitBurst = Number(value);
      return;
    case "Unit.StartLimitIntervalSec":
      service.startLimitIntervalMs = parseSpan(value);
      return;
    case "Service.ExecStart":
      service.ignoreFailure = value.startsWith("-");
      service.command = splitWords(value.replace(/^[-@:+!]+/, ""));
      return;
    case "Service.Restart":
      service.restart = value as RestartPolicy;
      return;
    case "Service.RestartSec":
      service.restartMs = parseSpan(value);
      return;
    case "Service.TimeoutStopSec":
      service.stopTimeoutMs = parseSpan(value);
      return;
    case "Service.KillMode":
      service.killMode = value as KillMode;
      return;
    case "Service.KillSignal":
      service.killSignal = value as NodeJS.Signals;
      return;
    case "Service.Environment":
      for (const word of splitWords(value)) setVariable(service.environment, word);
      return;
    case "Service.EnvironmentFile":
      service.environmentFiles.push(value);
      return;
    case "Service.WorkingDirectory":
      service.workingDirectory = value;
      return;
    case "Service.User":
      service.user = value;
      return;
    case "Service.StandardInput":
      service.inputIsSocket = value === "socket";
      return;
    case "Service.StandardOutput":
      service.outputIsSocket = value === "socket";
      return;
    case "Service.Group":
      service.group = value;
      return;
    case "Service.SupplementaryGroups":
      service.supplementaryGroups.push(...value.split(/\s+/).filter(Boolean));
      return;
    case "Service.NoNewPrivileges":
      service.noNewPrivileges = value === "yes" || value === "true";
      return;
    case "Service.CapabilityBoundingSet":
      service.noCapabilities = value === "";
      if (value !== "") service.ignored.push(`CapabilityBoundingSet=${value}`);
      return;
    case "Install.WantedBy":
      service.wantedBy.push(...value.split(/\s+/));
      return;
    case "Service.Type":
      // What waits for the end of a oneshot is started at once here.
      if (!["simple", "exec", "oneshot"].includes(value))
        service.ignored.push(`Type=${value} (taken as simple)`);
      return;
    default:
      if (!HARMLESS.has(key)) service.ignored.push(`${key.replace(/^\w+\./, "")}=${value}`);
  }
}

/** `NAME=value` into `target`. */
export function setVariable(target: Record<string, string>, assignment: string): void {
  const at = assignment.indexOf("=");
  if (at > 0) target[assignment.slice(0, at)] = assignment.slice(at + 1);
}

/** A time span as systemd writes it: `2`, `500ms`, `1min 30s`; `infinity` becomes Infinity. */
export function parseSpan(text: string): number {
  if (text === "infinity") return Number.POSITIVE_INFINITY;
  const units: Record<string, number> = {
    ms: 1,
    s: 1000,
    sec: 1000,
    "": 1000,
    min: 60_000,
    m: 60_000,
    h: 3_600_000,
  };
  let total = 0;
  for (const [, amount, unit] of text.matchAll(/([\d.]+)\s*([a-z]*)/g)) {
    total += Number(amount) * (units[unit ?? ""] ?? 1000);
  }
  return total;
}

/** Words of a command line: blanks separate, quotes hold together, a backslash takes the next character as it is. */
export function splitWords(text: string): string[] {
  const words: string[] = [];
  let word: string | null = null;
  let quote = "";
  for (let at = 0; at < text.length; at++) {
    const character = text.charAt(at);
    if (character === "\\" && quote !== "'") word = (word ?? "") + text.charAt(++at);
    else if (quote !== "" && character === quote) quote = "";
    else if (quote === "" && (character === '"' || character === "'")) {
      quote = character;
      word ??= "";
    } else if (quote === "" && /\s/.test(character)) {
      if (word !== null) words.push(word);
      word = null;
    } else word = (word ?? "") + character;
  }
  return word === null ? words : [...words, word];
}

function joinedLines(text: string): string[] {
  return text
    .replace(/\\\n\s*/g, " ")
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "" && !line.startsWith("#") && !line.startsWith(";"));
}
