import { describe, expect, it } from "vitest";
import {
  completeLockfile,
  missingPlatformPackages,
  platformOf,
} from "../../../cli/setup/lockfile.mjs";
import { asRootCommand, notInstalled } from "../../../cli/setup/steps/debian-packages.mjs";
import { packagesNotInstalled } from "../../../cli/setup/steps/lock-comparison.mjs";
import { packagesToInstall } from "../../../cli/setup/steps/mosquitto.mjs";

describe("packages of the lockfile that are not in node_modules", () => {
  const zod = { version: "4.6.7", integrity: "sha512-a" };
  const node = { version: "24.1.0", optional: true, os: "linux", cpu: "x64" };

  it("are none when npm's record holds the same", () => {
    const record = { "node_modules/zod": zod, "node_modules/node": node };

    expect(packagesNotInstalled({ "": {}, ...record }, record, "x64")).toEqual([]);
  });

  it.each([
    ["is missing", {}],
    ["has another version", { "node_modules/zod": { ...zod, version: "4.6.6" } }],
    ["has another digest", { "node_modules/zod": { ...zod, integrity: "sha512-b" } }],
  ])("include one that %s", (_case, record) => {
    expect(packagesNotInstalled({ "node_modules/zod": zod }, record, "x64")).toEqual(["zod"]);
  });

  it("include an optional one for this machine, which npm left out silently", () => {
    expect(packagesNotInstalled({ "node_modules/node": node }, {}, "x64")).toEqual(["node"]);
  });

  it.each([
    ["processor", { cpu: ["arm64"] }],
    ["operating system", { os: ["darwin"] }],
    ["C library", { os: ["linux"], libc: ["musl"] }],
    ["refused system", { os: ["!linux"] }],
  ])("exclude one for another %s", (_case, platform) => {
    const entry = { version: "1.0.0", optional: true, ...platform };

    expect(packagesNotInstalled({ "node_modules/other": entry }, {}, "x64")).toEqual([]);
  });

  it("exclude an optional one that had to be compiled", () => {
    const entry = { version: "0.0.10", optional: true };

    expect(packagesNotInstalled({ "node_modules/cpu-features": entry }, {}, "x64")).toEqual([]);
  });
});

describe("a lockfile written where a registry lacks other platforms' packages", () => {
  const optionalDependencies = {
    "@oxlint/binding-linux-x64-gnu": "1.0.0",
    "@oxlint/binding-linux-x64-musl": "1.0.0",
  };
  const lock = {
    lockfileVersion: 3,
    packages: {
      "": { version: "0.1.0" },
      "node_modules/@oxlint/binding-linux-x64-gnu": { version: "1.0.0" },
      "node_modules/oxlint": { version: "1.0.0", dev: true, optionalDependencies },
    },
  };

  it("is completed with what npm checks before it fetches", () => {
    const { packages } = completeLockfile(lock);

    expect(packages["node_modules/@oxlint/binding-linux-x64-musl"]).toEqual({
      version: "1.0.0",
      dev: true,
      optional: true,
      os: ["linux"],
      cpu: ["x64"],
      libc: ["musl"],
    });
    expect(missingPlatformPackages({ packages }).size).toBe(0);
  });

  it.each([
    ["@biomejs/cli-win32-arm64", { os: ["win32"], cpu: ["arm64"] }],
    ["@oxlint/binding-linux-arm-gnueabihf", { os: ["linux"], cpu: ["arm"], libc: ["glibc"] }],
    ["@oxlint-tsgolint/darwin-x64", { os: ["darwin"], cpu: ["x64"] }],
    ["node-addon-api", undefined],
  ])("reads the platform in %s", (name, platform) => {
    expect(platformOf(name)).toEqual(platform);
  });
});

describe("Debian packages that are not installed", () => {
  it("are those dpkg does not call installed, whatever their architecture", () => {
    const answer = "g++ installed\nlibyuv-dev:amd64 installed\ntmux config-files\nzstd \n";

    expect(notInstalled(["g++", "libyuv-dev", "tmux", "zstd", "ffmpeg"], answer)).toEqual([
      "tmux",
      "zstd",
      "ffmpeg",
    ]);
  });

  it("are installed without sudo by root, and by sudo without a question otherwise", () => {
    expect(asRootCommand(["apt-get"], 0)[0]).toBe("env");
    expect(asRootCommand(["apt-get"], 1000).slice(0, 3)).toEqual(["sudo", "-n", "env"]);
  });
});

describe("packages that mosquitto lacks", () => {
  it("are those that apt's simulation would install, and nothing that it only configures", () => {
    const said = [
      "Reading package lists...",
      "The following NEW packages will be installed:",
      "  libdlt2 mosquitto",
      "Inst libdlt2 (2.18.8-6 Debian:12.5/stable [amd64])",
      "Inst mosquitto (2.0.11-1.2+deb12u2 Debian:12.11/stable [amd64])",
      "Conf mosquitto (2.0.11-1.2+deb12u2 Debian:12.11/stable [amd64])",
    ].join("\n");

    expect(packagesToInstall(said)).toEqual(["libdlt2", "mosquitto"]);
    expect(packagesToInstall("mosquitto is already the newest version.")).toEqual([]);
  });
});
