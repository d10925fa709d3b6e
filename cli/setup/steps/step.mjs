// What every step of set-up is made of. Types only; see plan.mjs for how steps are put in order.

/**
 * @typedef {{ ok: true, note: string } | { ok: false, reason: string }} Finding
 *
 * @typedef {object} Context
 * @property {string} root the clone
 * @property {string} state see paths.mjs
 * @property {string} cache see paths.mjs
 * @property {AbortSignal} signal fires on Ctrl-C
 * @property {(line: string) => void} log into the step's log file
 * @property {(text: string, fraction?: number) => void} progress on the status line
 *
 * @typedef {Pick<Context, "root" | "state" | "cache">} Places
 *
 * What not every user needs: `npm test` asks for the tests', `npm run setup -- --boards aarch64` for the boards';
 * `emulation` is for tests of what is built for them, `languages` for SDKs of other languages.
 * @typedef {"tests" | "aarch64" | "emulation" | "languages"} Purpose
 *
 * @typedef {object} Step
 * @property {string} name
 * @property {string} why what it installs and what for, one sentence
 * @property {string} touches folders it writes to
 * @property {number} estimateSeconds on two cores with an empty cache
 * @property {Purpose} [onlyFor] done only for this; without, for every user
 * @property {(places: Places) => boolean} [wasAskedFor] whether this clone was set up for that purpose before, and is to stay so
 * @property {(places: Places) => string[]} needs names of steps that must be done before
 * @property {(places: Places) => Finding} check fast and without side effects
 * @property {(places: Places) => string} lockFile one set-up at a time does this step
 * @property {(places: Places) => void} [preflight] throws when `run` cannot succeed; may ask for a password
 * @property {(context: Context) => Promise<void>} run
 */

export {};
