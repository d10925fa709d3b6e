import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { findBeside, findOnPath, withoutNodeModules } from "../../../cli/setup/lookup.mjs";

/** @type {string} */
let folder;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "jetfleet-lookup-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** @param {string} path below the test's folder */
function program(path, mode = 0o755) {
  const file = join(folder, path);
  mkdirSync(join(file, ".."), { recursive: true });
  writeFileSync(file, "#!/bin/sh\n");
  chmodSync(file, mode);
  return file;
}

/** @param {string[]} parts */
const path = (...parts) => parts.map((part) => join(folder, part)).join(":");

describe("PATH without packages", () => {
  it.each([
    ["/a/node_modules/.bin:/usr/bin", "/usr/bin"],
    ["/usr/bin:/a/b/node_modules/.bin/", "/usr/bin"],
    ["/usr/lib/node_modules/npm/node_modules/@npmcli/run-script/lib/node-gyp-bin:/bin", "/bin"],
    ["/opt/node_modules_backup/.bin:/bin", "/opt/node_modules_backup/.bin:/bin"],
    ["::/usr/bin:", "/usr/bin"],
    ["", ""],
  ])("of %j is %j", (before, after) => {
    expect(withoutNodeModules(before)).toBe(after);
  });
});

describe("a program on PATH", () => {
  it("is the user's, though a package has one of the same name before it", () => {
    program("clone/node_modules/.bin/pulumi");
    const own = program("own/pulumi");

    expect(findOnPath("pulumi", path("clone/node_modules/.bin", "own"))).toBe(own);
  });

  it("is nothing when only a package has one", () => {
    program("clone/node_modules/.bin/pulumi");

    expect(findOnPath("pulumi", path("clone/node_modules/.bin"))).toBeUndefined();
  });

  it("is neither a folder nor a file that cannot be run", () => {
    mkdirSync(join(folder, "first/pulumi"), { recursive: true });
    program("second/pulumi", 0o644);
    const right = program("third/pulumi");

    expect(findOnPath("pulumi", path("first", "second", "third"))).toBe(right);
  });
});

describe("a program's neighbour", () => {
  it("is found next to the real file when a link on PATH leads there", () => {
    program("cellar/bin/pulumi");
    program("cellar/bin/host");
    mkdirSync(join(folder, "bin"));
    symlinkSync(join(folder, "cellar/bin/pulumi"), join(folder, "bin/pulumi"));

    expect(findBeside(join(folder, "bin/pulumi"), "host", "")).toBe(join(folder, "cellar/bin"));
  });

  it("is found on PATH when it is not next to it", () => {
    program("one/pulumi");
    program("two/host");

    expect(findBeside(join(folder, "one/pulumi"), "host", path("two"))).toBe(join(folder, "two"));
  });
});
