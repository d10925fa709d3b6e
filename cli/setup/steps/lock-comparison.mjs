/**
 * @typedef {{ version?: string, integrity?: string, optional?: boolean, link?: boolean,
 *   os?: string | string[], cpu?: string | string[], libc?: string | string[] }} LockEntry
 */

/**
 * Packages of package-lock.json that npm's own record of node_modules does not hold in that version.
 * Packages for other machines are not expected, nor optional ones that say nothing of a platform.
 * @param {Record<string, LockEntry>} wanted
 * @param {Record<string, LockEntry>} installed
 * @param {string} cpu as process.arch
 */
export function packagesNotInstalled(wanted, installed, cpu) {
  return Object.entries(wanted)
    .filter(([path, entry]) => {
      if (path === "" || entry.link || !isFor(entry, cpu)) return false;
      const found = installed[path];
      if (!found) return !entry.optional || entry.os !== undefined;
      return found.version !== entry.version || found.integrity !== entry.integrity;
    })
    .map(([path]) => path.replace(/^node_modules\//, ""));
}

/**
 * @param {LockEntry} entry
 * @param {string} cpu
 */
function isFor(entry, cpu) {
  return allows(entry.os, "linux") && allows(entry.cpu, cpu) && allows(entry.libc, "glibc");
}

/**
 * npm's rule for `os`, `cpu` and `libc`: a list of allowed words, or of refused ones with "!".
 * @param {string | string[] | undefined} rule
 * @param {string} word
 */
function allows(rule, word) {
  const words = rule === undefined ? [] : [rule].flat();
  if (words.includes(`!${word}`)) return false;
  const allowed = words.filter((each) => !each.startsWith("!"));
  return allowed.length === 0 || allowed.includes(word);
}
