/**
 * What the runtime may ask of a library on the board.
 * @typedef {{ name: string, library: string, version?: string }} Wanted
 */

/**
 * @param {string} text of symbols.txt
 * @returns {Wanted[]}
 */
export function parseSymbols(text) {
  return text.split("\n").flatMap((line, index) => {
    if (line.trim() === "" || line.startsWith("#")) return [];
    const [name, library, version, ...rest] = line.trim().split(/\s+/);
    if (!name || !library || rest.length > 0) {
      throw new Error(`Expected "symbol library [version]" but got ${line} in line ${index + 1}`);
    }
    return [{ name, library, ...(version ? { version } : {}) }];
  });
}

/**
 * Source of a library that has these symbols and nothing behind them: enough to link against, as only names, versions
 * and the library's own name are taken over.
 * @param {Wanted[]} wanted
 * @returns {{ library: string, assembly: string, versions: string }[]} `versions`: a version script, empty where none is needed
 */
export function stubsOf(wanted) {
  const libraries = [...new Set(wanted.map(({ library }) => library))];
  return libraries.map((library) => {
    const own = wanted.filter((one) => one.library === library);
    return {
      library,
      assembly: own
        .map(({ name }) => `.globl ${name}\n.type ${name},%function\n${name}:\n`)
        .join(""),
      versions: versionScript(own),
    };
  });
}

/** @param {Wanted[]} own */
function versionScript(own) {
  const versions = [...new Set(own.flatMap(({ version }) => version ?? []))];
  return versions
    .map((version) => {
      const names = own.filter((one) => one.version === version).map(({ name }) => `${name};`);
      return `${version} { global: ${names.join(" ")} };\n`;
    })
    .join("");
}
