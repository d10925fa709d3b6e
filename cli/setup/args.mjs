import { SetupError } from "./errors.mjs";

export const SETUP_HELP = `Usage: npm run setup [-- OPTIONS]

Installs what jetfleet needs on this machine; \`npm run demo\` and \`npm test\` do it by themselves.
It says first what it will install and why, and skips what is there already.

Options:
  --boards aarch64  build for Jetson boards, too: a compiler of 101 MB, two minutes. A clone that was set up so stays so.
  --emulated        with it, a system and an emulator to run there what was built: 200 MB; for tests
  --check           only report; exit code 1 when something is missing
  --help            this text

Environment:
  JETFLEET_STATE_DIR  keys, fleet state and logs of this clone   (default: .jetfleet/ in the clone)
  XDG_CACHE_HOME      the Pulumi engine goes to jetfleet/ in it  (default: ~/.cache)`;

/**
 * @param {string[]} args
 * @returns {{ check: boolean, help: boolean, boards: ("aarch64" | "emulation")[] }}
 */
export function parseSetupArgs(args) {
  const options = {
    check: false,
    help: false,
    boards: /** @type {("aarch64" | "emulation")[]} */ ([]),
  };
  const rest = [...args];
  for (let arg = rest.shift(); arg !== undefined; arg = rest.shift()) {
    if (arg === "--check") options.check = true;
    else if (arg === "--help" || arg === "-h") options.help = true;
    else if (arg === "--boards" || arg.startsWith("--boards=")) {
      options.boards.push(
        machineOf(arg === "--boards" ? rest.shift() : arg.slice("--boards=".length)),
      );
    } else if (arg === "--emulated") options.boards.push("emulation");
    else throw usage("--boards, --emulated, --check or --help", arg);
  }
  return options;
}

/**
 * @param {string | undefined} machine
 * @returns {"aarch64"}
 */
function machineOf(machine) {
  if (machine === "aarch64") return machine;
  throw usage("aarch64 after --boards", machine);
}

/**
 * @param {string} expected
 * @param {string | undefined} got
 */
function usage(expected, got) {
  const came = got === undefined ? "nothing" : JSON.stringify(got);
  return new SetupError("USAGE", `expected ${expected}, got ${came}`, "npm run setup -- --help");
}
