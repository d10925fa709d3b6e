import { describe, expect, it } from "vitest";
import { parseSetupArgs } from "../../../cli/setup/args.mjs";
import { cacheDir, stateDir } from "../../../cli/setup/paths.mjs";
import { pulumiEnv, pulumiPaths } from "../../../cli/setup/pulumi-env.mjs";

describe("the environment of pulumi", () => {
  const base = {
    PATH: "/clone/node_modules/.bin:/usr/bin",
    HOME: "/home/user",
    PULUMI_ACCESS_TOKEN: "pul-secret",
    PULUMI_BACKEND_URL: "https://api.pulumi.com",
    PULUMI_CONFIG_PASSPHRASE: "another",
    PULUMI_STACK: "prod",
  };
  const env = pulumiEnv({
    base,
    paths: pulumiPaths("/state of mine"),
    node: "/clone/node/bin/node",
    languageHostDir: "/cache/engine",
    languages: "/cache/languages",
    python: "/state/python",
    useConfigFile: false,
  });

  it("keeps nothing of what the user is logged in to", () => {
    expect(Object.values(env)).not.toContain("pul-secret");
    expect(env).not.toHaveProperty("PULUMI_CONFIG_PASSPHRASE");
    expect(env.PULUMI_STACK).toBe("demo");
    expect(env.PULUMI_BACKEND_URL).toBe("file:///state%20of%20mine/pulumi/state");
  });

  it("puts Node 24 and the language host first on PATH, and no package's programs", () => {
    expect(env.PATH).toBe("/clone/node/bin:/cache/engine:/usr/bin:/cache/languages");
  });

  it("runs programs in Python where the SDK is", () => {
    expect(env.PULUMI_PYTHON_CMD).toBe("/state/python");
  });

  it("keeps the rest", () => {
    expect(env.HOME).toBe("/home/user");
  });
});

describe("the folders", () => {
  it("follow the XDG rule: a relative XDG_CACHE_HOME counts as unset", () => {
    expect(cacheDir({ XDG_CACHE_HOME: "/big/cache" })).toBe("/big/cache/jetfleet");
    expect(cacheDir({ XDG_CACHE_HOME: "cache" })).toMatch(/\/\.cache\/jetfleet$/);
  });

  it("let JETFLEET_STATE_DIR move the state", () => {
    expect(stateDir({ JETFLEET_STATE_DIR: "/elsewhere" })).toBe("/elsewhere");
    expect(stateDir({})).toMatch(/\/\.jetfleet$/);
  });
});

describe("set-up's arguments", () => {
  it("are --check and --help", () => {
    expect(parseSetupArgs(["--check"])).toEqual({ check: true, help: false, boards: [] });
    expect(parseSetupArgs([])).toEqual({ check: false, help: false, boards: [] });
    expect(parseSetupArgs(["--boards", "aarch64"]).boards).toEqual(["aarch64"]);
  });

  it("are refused when unknown, naming what was given", () => {
    expect(() => parseSetupArgs(["--chekc"])).toThrow('got "--chekc"');
    expect(() => parseSetupArgs(["--boards"])).toThrow(
      "expected aarch64 after --boards, got nothing",
    );
    expect(() => parseSetupArgs(["--boards=tx2"])).toThrow('got "tx2"');
  });
});
