import { mkdirSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { exec } from "../exec.mjs";
import { findGo, installGo } from "./go.mjs";
import { LANGUAGE_HOST } from "./resolve.mjs";
import { ENGINE_VERSION } from "./versions.mjs";

/** Go packages compiled for both programs, measured; only for the percentage on screen. */
const PACKAGES_TO_COMPILE = 1980;
const BUILD_DEADLINE_MS = 40 * 60_000;

const PROGRAMS = [
  {
    name: LANGUAGE_HOST,
    module: "language-nodejs",
    package: "github.com/pulumi/pulumi/sdk/v3/nodejs/cmd/pulumi-language-nodejs",
    linker: "-s -w",
  },
  {
    name: "pulumi",
    module: "pulumi",
    package: "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi",
    // The CLI and the automation API compare this version; a build without it says v0.0.0.
    linker: `-s -w -X github.com/pulumi/pulumi/sdk/v3/go/common/version.Version=v${ENGINE_VERSION}`,
  },
];

/**
 * Builds engine and Node language host from the Go module proxy into `target`.
 *
 * Go's caches (2 GB of sources, 2 GB of objects) stay below our own cache while it builds, so that a
 * build that was interrupted goes on, and are removed when it is done.
 * @param {string} target
 * @param {import("../steps/step.mjs").Context} context
 */
export async function buildEngine(target, context) {
  const work = join(context.cache, "engine", "build");
  mkdirSync(work, { recursive: true });
  const own = findGo();
  const go = own ?? (await installGo(work, context));
  context.log(`building with ${go}`);
  const env = goEnvironment(work, own === undefined);
  let compiled = 0;
  const onLine = (/** @type {string} */ line) => {
    context.log(line);
    if (line.startsWith("go: downloading")) context.progress("fetching Go modules");
    else if (/^[\w.-]+(\/[\w.~-]+)*$/.test(line)) {
      context.progress("compiling", Math.min(0.99, ++compiled / PACKAGES_TO_COMPILE));
    }
  };
  for (const program of PROGRAMS) {
    await exec(go, buildArgs(program, join(target, program.name)), {
      cwd: join(context.root, "infra", "engine", program.module),
      env,
      onLine,
      signal: context.signal,
      deadlineMs: BUILD_DEADLINE_MS,
    });
  }
  context.progress("removing Go's caches");
  await rm(work, { recursive: true, force: true });
}

/**
 * @param {(typeof PROGRAMS)[number]} program
 * @param {string} output
 */
function buildArgs(program, output) {
  return ["build", "-v", "-ldflags", program.linker, "-o", output, program.package];
}

/**
 * @param {string} work
 * @param {boolean} goIsOurs
 */
function goEnvironment(work, goIsOurs) {
  return {
    GOTOOLCHAIN: "local",
    GOPATH: join(work, "path"),
    GOMODCACHE: join(work, "modules"),
    GOCACHE: join(work, "objects"),
    // Writable modules can be removed; the committed go.sum decides what is accepted.
    GOFLAGS: "-mod=readonly -modcacherw -trimpath -buildvcs=false -tags=osusergo,grpcnotrace",
    GOWORK: "off",
    GOBIN: "",
    // Upstream's releases are static too; so no C compiler has to be there yet.
    CGO_ENABLED: "0",
    // Go writes counters into the configuration folder; a Go that the user never installed must not.
    ...(goIsOurs ? { XDG_CONFIG_HOME: join(work, "config") } : {}),
  };
}
