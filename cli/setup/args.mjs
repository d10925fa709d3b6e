import { SetupError } from "./errors.mjs";

export const SETUP_HELP = `Usage: npm run setup [-- OPTIONS]

Installs what jetfleet needs on this machine; \`npm run demo\` and \`npm test\` do it by themselves.
It says first what it will install and why, and skips what is there already.

Options:
  --check   only report; exit code 1 when something is missing
  --help    this text

Environment:
  JETFLEET_STATE_DIR  keys, fleet state and logs of this clone   (default: .jetfleet/ in the clone)
  XDG_CACHE_HOME      the Pulumi engine goes to jetfleet/ in it  (default: ~/.cache)`;

/**
 * @param {string[]} args
 * @returns {{ check: boolean, help: boolean }}
 */
export function parseSetupArgs(args) {
  const known = ["--check", "--help", "-h"];
  const unknown = args.find((arg) => !known.includes(arg));
  if (unknown !== undefined) {
    throw new SetupError(
      "USAGE",
      `expected --check or --help, got ${JSON.stringify(unknown)}`,
      "npm run setup -- --help",
    );
  }
  return { check: args.includes("--check"), help: args.includes("--help") || args.includes("-h") };
}
