import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { goIsRecentEnough } from "../../../cli/setup/engine/go.mjs";
import { judgePulumi } from "../../../cli/setup/engine/resolve.mjs";
import { ENGINE_VERSION, OLDEST_GO } from "../../../cli/setup/engine/versions.mjs";
import { isRecentEnough } from "../../../cli/setup/steps/npm-command.mjs";
import { formatVersion, isAtLeast, parseVersion } from "../../../cli/setup/version.mjs";

describe("a program's version", () => {
  it.each([
    ["v3.259.0", [3, 259, 0]],
    ["go version go1.26.8 linux/amd64", [1, 26, 8]],
    ["go version go1.25 linux/arm64", [1, 25, 0]],
    ["v3.300.0-alpha.1", [3, 300, 0]],
    ["git version 2.39.5\n", [2, 39, 5]],
  ])("is found in %j", (text, version) => {
    expect(parseVersion(text)).toEqual(version);
  });

  it.each(["", "command not found", "dev"])("is not found in %j", (text) => {
    expect(parseVersion(text)).toBeUndefined();
  });

  it("is compared by numbers, not by letters", () => {
    expect(isAtLeast([3, 231, 0], [3, 231, 0])).toBe(true);
    expect(isAtLeast([3, 1000, 0], [3, 231, 0])).toBe(true);
    expect(isAtLeast([4, 0, 0], [3, 231, 9])).toBe(true);
    expect(isAtLeast([3, 230, 99], [3, 231, 0])).toBe(false);
    expect(isAtLeast([2, 999, 0], [3, 231, 0])).toBe(false);
  });
});

describe("the user's own pulumi", () => {
  it("is taken when it is recent and its language host is there", () => {
    expect(judgePulumi("/opt/pulumi", "v3.231.0", "/opt")).toEqual({
      engine: {
        pulumi: "/opt/pulumi",
        languageHostDir: "/opt",
        source: "path",
        version: "3.231.0",
      },
    });
  });

  it.each([
    ["is too old", "v3.230.9", "/opt", "/opt/pulumi on PATH is 3.230.9, older than 3.231.0"],
    ["has no language host", "v3.259.0", undefined, "has no pulumi-language-nodejs beside it"],
    ["does not run", "", "/opt", "does not say its version"],
  ])("is refused with the reason when it %s", (_case, answer, host, reason) => {
    expect(judgePulumi("/opt/pulumi", answer, host)).toEqual({
      rejected: expect.stringContaining(reason),
    });
  });
});

describe("the user's own Go", () => {
  it.each([
    ["go version go1.25.11 linux/amd64", true],
    ["go version go1.26.0 linux/arm64", true],
    ["go version go1.25.10 linux/amd64", false],
    ["go version go1.19.8 linux/amd64", false],
    ["", false],
  ])("%j builds the engine: %s", (answer, expected) => {
    expect(goIsRecentEnough(answer)).toBe(expected);
  });
});

describe("the user's own npm", () => {
  it.each([
    ["v24.21.0", "11.19.1", true],
    ["v20.20.2", "11.19.1", true],
    ["v20.18.0", "10.8.2", false],
    ["v18.20.8", "10.8.2", false],
    ["v18.19.0", "9.2.0", false],
    ["v22.12.0", "9.9.4", false],
    ["", "", false],
  ])("on Node %s, npm %s, installs every optional package: %s", (node, npm, expected) => {
    expect(isRecentEnough(node, npm)).toBe(expected);
  });
});

describe("the versions that set-up installs", () => {
  const goModule = readFileSync(
    new URL("../../../infra/engine/pulumi/go.mod", import.meta.url),
    "utf8",
  );

  it("are those of the committed Go module", () => {
    expect(goModule).toMatch(
      new RegExp(`github\\.com/pulumi/pulumi/pkg/v3 v${ENGINE_VERSION.replaceAll(".", "\\.")}\\b`),
    );
  });

  it("ask for the Go that the module asks for", () => {
    expect(goModule).toContain(`\ngo ${formatVersion(OLDEST_GO)}\n`);
  });
});
