import { parseArgs } from "node:util";
import { ownIdentity } from "./identity.ts";

// dpkg-query of a simulated board: knows the packages of its JetPack, not those of the machine.

const ARCHITECTURE = "arm64";
const { packages } = ownIdentity();

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    show: { type: "boolean", short: "W" },
    showformat: { type: "string", short: "f", default: "${binary:Package}\t${Version}\n" },
    status: { type: "boolean", short: "s" },
    list: { type: "boolean", short: "l" },
  },
});

const patterns = positionals.length === 0 ? ["*"] : positionals;
for (const pattern of patterns) {
  const names = Object.keys(packages).filter((name) => matches(name, pattern));
  if (names.length === 0) {
    console.error(`dpkg-query: no packages found matching ${pattern}`);
    process.exitCode = 1;
  }
  for (const name of names) process.stdout.write(describe(name));
}

function describe(name: string): string {
  const version = packages[name] ?? "";
  if (values.list) return `ii  ${name}  ${version}  ${ARCHITECTURE}  (simulated)\n`;
  const format = values.status
    ? "Package: ${Package}\nStatus: ${Status}\nArchitecture: ${Architecture}\nVersion: ${Version}\n"
    : // Its short form is -f=FORMAT.
      values.showformat.replace(/^=/, "");
  const fields: Record<string, string> = {
    Package: name,
    "binary:Package": name,
    Version: version,
    Architecture: ARCHITECTURE,
    Status: "install ok installed",
    "db:Status-Status": "installed",
    "db:Status-Abbrev": "ii ",
  };
  return format
    .replaceAll("\\n", "\n")
    .replaceAll("\\t", "\t")
    .replace(/\$\{([^}]+)\}/g, (_match, field: string) => fields[field] ?? "");
}

function matches(name: string, pattern: string): boolean {
  const escaped = pattern
    .replace(/[.+^${}()|[\]\\]/g, "\\$&")
    .replaceAll("*", ".*")
    .replaceAll("?", ".");
  return new RegExp(`^${escaped}$`).test(name);
}
