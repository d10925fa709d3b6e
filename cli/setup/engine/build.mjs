import { chmodSync, copyFileSync, linkSync, mkdirSync } from "node:fs";
import { rm } from "node:fs/promises";
import { basename, join } from "node:path";
import { exec } from "../exec.mjs";
import { findGo, installGo } from "./go.mjs";
import { LANGUAGE_HOST } from "./resolve.mjs";
import { ENGINE_VERSION } from "./versions.mjs";

/** Go packages compiled for both programs, measured; only for the percentage on screen. */
const PACKAGES_TO_COMPILE = 1980;
const BUILD_DEADLINE_MS = 40 * 60_000;

/** The CLI and the automation API compare this version; a build without it says v0.0.0. */
const VERSION_LINKER = `-s -w -X github.com/pulumi/pulumi/sdk/v3/go/common/version.Version=v${ENGINE_VERSION}`;

/**
 * @typedef {{ name: string, module: string, package: string, linker: string, scripts?: string[] }} Program
 * `scripts`: files of Go's module cache that the program starts, and looks for beside itself
 * @type {Program[]}
 */
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
    linker: VERSION_LINKER,
  },
];

const GENERATORS = "generators-of-sdks";

/** @type {Program[]} */
const LANGUAGES = [
  {
    name: "pulumi-language-python",
    module: "language-python",
    package: "github.com/pulumi/pulumi/sdk/v3/python/cmd/pulumi-language-python",
    linker: "-s -w",
    scripts: ["github.com/pulumi/pulumi/sdk/v3@v3.68.0/python/cmd/pulumi-language-python-exec"],
  },
  { name: GENERATORS, module: "generators", package: ".", linker: VERSION_LINKER },
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
  await buildPrograms(PROGRAMS, target, context);
}

/**
 * The generators of SDKs and the Python language host into `target`: `generators/pulumi-language-LANGUAGE`, which only
 * generate, and `pulumi-language-python`, which only runs programs.
 * @param {string} target
 * @param {import("../steps/step.mjs").Context} context
 */
export async function buildLanguages(target, context) {
  await buildPrograms(LANGUAGES, target, context);
  const generators = join(target, "generators");
  mkdirSync(generators);
  for (const language of ["python", "go", "nodejs"]) {
    linkSync(join(target, GENERATORS), join(generators, `pulumi-language-${language}`));
  }
}

/**
 * @param {Program[]} programs
 * @param {string} target
 * @param {import("../steps/step.mjs").Context} context
 */
async function buildPrograms(programs, target, context) {
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
  for (const program of programs) {
    await exec(go, buildArgs(program, join(target, program.name)), {
      cwd: join(context.root, "infra", "engine", program.module),
      env,
      onLine,
      signal: context.signal,
      deadlineMs: BUILD_DEADLINE_MS,
    });
    for (const script of program.scripts ?? []) {
      const copy = join(target, basename(script));
      copyFileSync(join(env.GOMODCACHE, script), copy);
      chmodSync(copy, 0o755);
    }
  }
  context.progress("removing Go's caches");
  await rm(work, { recursive: true, force: true });
}

/**
 * @param {Program} program
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
