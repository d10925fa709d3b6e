import { accessSync, constants, realpathSync, statSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";

/**
 * A PATH without any node_modules/.bin: `npm run` puts those first, and a package there must not
 * stand in for the program the user installed.
 * @param {string | undefined} pathVariable
 */
export function withoutNodeModules(pathVariable) {
  return (pathVariable ?? "")
    .split(delimiter)
    .filter((dir) => dir !== "" && !isNodeModulesBin(dir))
    .join(delimiter);
}

/** @param {string} dir */
function isNodeModulesBin(dir) {
  // npm also adds its own node-gyp-bin folder, which holds nothing a user runs.
  return /(^|[\\/])node_modules[\\/](.*[\\/])?(\.bin|node-gyp-bin)[\\/]?$/.test(dir);
}

/**
 * The first executable of that name on PATH, node_modules/.bin aside.
 * @param {string} program
 * @param {string} [pathVariable]
 * @returns {string | undefined}
 */
export function findOnPath(program, pathVariable = process.env.PATH) {
  return withoutNodeModules(pathVariable)
    .split(delimiter)
    .filter((dir) => dir !== "")
    .map((dir) => join(dir, program))
    .find(isExecutable);
}

/** @param {string} file */
export function isExecutable(file) {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false;
  }
}

/**
 * The folder of `neighbour` next to `file`, also behind symbolic links (as package managers make), or on PATH.
 * @param {string} file
 * @param {string} neighbour
 * @param {string} [pathVariable]
 * @returns {string | undefined}
 */
export function findBeside(file, neighbour, pathVariable = process.env.PATH) {
  const folders = [dirname(file), dirname(realpathSync(file))];
  const beside = folders.find((dir) => isExecutable(join(dir, neighbour)));
  if (beside) return beside;
  const onPath = findOnPath(neighbour, pathVariable);
  return onPath ? dirname(onPath) : undefined;
}
