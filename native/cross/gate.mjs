// Whether a shared object can be loaded on every board: pure, over what readelf prints of it.

/** JetPack 4 is Ubuntu 18.04: the C library is 2.27; GCC_3.0 is what unwinding has had from the beginning. */
const NEWEST = { GLIBC: "2.27", GCC: "3.0" };

/** Libraries of the system that every board has. All else of them is told by the versions of their symbols. */
const SYSTEM = new Set([
  "libc.so.6",
  "libm.so.6",
  "libpthread.so.0",
  "libdl.so.2",
  "librt.so.1",
  "ld-linux-aarch64.so.1",
]);

/** What the addon is entered by (Node-API), and a backend (backends/backend_abi.h). Nothing else is given away. */
export const ENTRIES = {
  addon: ["napi_register_module_v1", "node_api_module_get_api_version_v1"],
  backend: ["jetfleet_backend"],
};

/**
 * @typedef {{ name: string, version?: string, weak: boolean }} Asked
 * @typedef {{ machine: string, needed: string[], asked: Asked[], given: string[] }} SharedObject
 */

/**
 * @param {string} text of `readelf -W --file-header --dynamic --dyn-syms`
 * @returns {SharedObject}
 */
export function parseReadelf(text) {
  const machine = /^\s*Machine:\s+(.+?)\s*$/m.exec(text)?.[1];
  if (!machine) throw new Error("Expected readelf's words on an ELF file but got others");
  const needed = [...text.matchAll(/\(NEEDED\)\s+Shared library: \[(.+?)\]/g)].map(
    ([, name]) => name ?? "",
  );
  /** @type {SharedObject} */
  const found = { machine, needed, asked: [], given: [] };
  // Num: Value Size Type Bind Vis Ndx Name[@VERSION (number)]
  const rows = text.matchAll(
    /^\s*\d+: [0-9a-f]+\s+\S+ (\S+)\s+(GLOBAL|WEAK|UNIQUE)\s+\S+\s+(?:\[.*?\]\s+)?(\S+)\s+([^\s@]+)(?:@@?(\S+))?/gm,
  );
  for (const [, , bind, section, name = "", version] of rows) {
    if (section !== "UND") found.given.push(name);
    else found.asked.push({ name, ...(version ? { version } : {}), weak: bind === "WEAK" });
  }
  return found;
}

/**
 * Reasons why it would not load everywhere, in words; none when it does.
 * @param {SharedObject} object
 * @param {import("./symbols.mjs").Wanted[]} wanted what libraries of the board are asked for
 * @param {{ machine: string, entries: string[] }} as `machine`: as readelf calls it, such as `AArch64`
 */
export function whyNotLoadable(object, wanted, { machine, entries }) {
  const listed = new Set(wanted.map(({ name }) => name));
  const libraries = new Set([...SYSTEM, ...wanted.map(({ library }) => library)]);
  return [
    ...(object.machine === machine ? [] : [`made for ${object.machine}, not ${machine}`]),
    ...object.needed
      .filter((name) => !libraries.has(name))
      .map((name) => `needs ${name}, which not every board has`),
    ...object.asked.flatMap((symbol) => whyNotThere(symbol, listed)),
    ...object.given
      .filter((name) => !entries.includes(name))
      .map((name) => `exports ${name}, which could replace another library's`),
    ...entries
      .filter((name) => !object.given.includes(name))
      .map((name) => `does not export ${name}, by which it is entered`),
  ];
}

/**
 * @param {Asked} symbol
 * @param {Set<string>} listed
 */
function whyNotThere({ name, version, weak }, listed) {
  if (listed.has(name) || weak || name.startsWith("napi_")) return [];
  if (!version) return [`asks for ${name}, which is not in symbols.txt`];
  const [, family = "", number = ""] = /^([A-Z]+)_([\d.]+)$/.exec(version) ?? [];
  const newest = NEWEST[/** @type {keyof typeof NEWEST} */ (family)];
  if (newest && !isNewer(number, newest)) return [];
  return [`asks for ${name} of ${version}; boards have ${newest ? `${family}_${newest}` : "none"}`];
}

/**
 * The newest version asked for of each family, such as { GLIBC: "2.27" }.
 * @param {SharedObject} object
 */
export function newestVersions(object) {
  /** @type {Record<string, string>} */
  const newest = {};
  for (const { version } of object.asked) {
    const [, family, number] = /^([A-Z]+)_([\d.]+)$/.exec(version ?? "") ?? [];
    if (family && number && isNewer(number, newest[family] ?? "0")) newest[family] = number;
  }
  return newest;
}

/**
 * @param {string} one
 * @param {string} other
 */
function isNewer(one, other) {
  const left = one.split(".").map(Number);
  const right = other.split(".").map(Number);
  for (let at = 0; at < Math.max(left.length, right.length); at += 1) {
    const difference = (left[at] ?? 0) - (right[at] ?? 0);
    if (difference !== 0) return difference > 0;
  }
  return false;
}
