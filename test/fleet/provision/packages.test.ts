import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { BASE } from "../../../fleet/provision/layout.ts";
import {
  installPackagesScript,
  REMOVE_PACKAGES,
  requireInstalled,
} from "../../../fleet/provision/packages.ts";

/** As apt 1.6 and 2.0 print: Inst with the former version in brackets for an upgrade, Remv, Purg. */
const APT_GET = (folder: string) => `#!/bin/sh
for one in "$@"; do case "$one" in update|install|purge) verb=$one ;; -s) simulated=yes ;; esac; done
echo "$verb\${simulated:+ simulated}" >> ${folder}/calls
if [ -e ${folder}/locked ]; then
  rm ${folder}/locked; echo "E: Could not get lock /var/lib/dpkg/lock-frontend - open (11: Resource temporarily unavailable)" >&2; exit 100
fi
case "$verb" in
  update) [ -e ${folder}/offline ] && { echo "E: Failed to fetch http://ports.ubuntu.com/dists/focal/InRelease" >&2; exit 100; }; touch ${folder}/lists ;;
  install) [ -e ${folder}/lists ] || { echo "E: Unable to locate package gstreamer1.0-libav" >&2; exit 100; }
           cat ${folder}/plan 2>/dev/null ;;
  purge) cat ${folder}/undo 2>/dev/null ;;
esac
exit 0
`;
const NEW = `Inst libavcodec58 (7:4.2.7 Ubuntu:20.04/focal-updates [arm64])
Inst gstreamer1.0-libav (1.16.2-2 Ubuntu:20.04/focal [arm64])
Conf gstreamer1.0-libav (1.16.2-2 Ubuntu:20.04/focal [arm64])
`;

describe("packages of a board", () => {
  let folder: string;
  const file = (name: string) => join(folder, name);
  const read = (name: string) => (existsSync(file(name)) ? readFileSync(file(name), "utf8") : "");
  const run = (script: string) => {
    // sleep is as long as the test wants: not at all.
    const here = `set -eu\nsleep() { :; }\nPATH=${folder}:$PATH\n${script.replaceAll(BASE, folder)}`;
    const { stdout, stderr, status } = spawnSync("sh", ["-s"], { input: here, encoding: "utf8" });
    expect([stderr, status]).toEqual(["", 0]);
    return stdout.trim();
  };
  const install = () => run(installPackagesScript(["gstreamer1.0-libav"]));

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "jetfleet-packages-"));
    writeFileSync(file("apt-get"), APT_GET(folder), { mode: 0o755 });
    writeFileSync(file("plan"), NEW);
    writeFileSync(file("lists"), "");
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  test("are installed with what they bring, all of which is remembered", () => {
    expect(install()).toBe("ok gstreamer1.0-libav libavcodec58");
    expect(read("packages")).toBe("gstreamer1.0-libav\nlibavcodec58\n");
    expect(read("calls")).toBe("install simulated\ninstall simulated\ninstall\n");
  });

  test("are looked up anew where the board has no lists of them", () => {
    rmSync(file("lists"));
    expect(install()).toMatch(/^ok/);
    expect(read("calls")).toMatch(/^install simulated\nupdate\ninstall simulated\ninstall\n$/);
  });

  test("are waited for while somebody else holds apt's lock", () => {
    writeFileSync(file("locked"), "");
    expect(install()).toMatch(/^ok/);
  });

  test.each([
    [
      "an upgrade of what is there",
      `${NEW}Inst libc6 [2.31-0ubuntu9.9] (2.31-0ubuntu9.14 Ubuntu:20.04 [arm64])\n`,
      "refused it would change what is there: libc6",
    ],
    [
      "a removal",
      `Remv nvidia-l4t-gstreamer [35.4.1-20230801124926]\n${NEW}`,
      "refused it would change what is there: nvidia-l4t-gstreamer",
    ],
  ])("are refused when they would bring %s, and nothing is done", (_what, plan, answer) => {
    writeFileSync(file("plan"), plan);
    expect(install()).toBe(answer);
    expect([existsSync(file("packages")), read("calls")]).toEqual([
      false,
      "install simulated\ninstall simulated\n",
    ]);
  });

  test("are told as not to be had on a board without internet", () => {
    rmSync(file("lists"));
    writeFileSync(file("offline"), "");
    const answer = install();
    expect(answer).toMatch(/^refused apt-get update: E: Failed to fetch http:\/\/ports/);
    expect(() => requireInstalled(answer, "10.0.0.9")).toThrow(
      expect.objectContaining({ code: "BOARD_LACKS" }),
    );
    expect(() => requireInstalled("", "10.0.0.9")).toThrow(/no answer/);
  });

  test("go with the agent, and nothing else does", () => {
    install();
    writeFileSync(
      file("undo"),
      "Purg gstreamer1.0-libav [1.16.2-2]\nPurg libavcodec58 [7:4.2.7]\n",
    );
    expect(run(REMOVE_PACKAGES)).toBe("");
    expect(read("calls")).toMatch(/purge simulated\npurge\n$/);
  });

  test("stay when something of the board's owner needs them by now, and that is said", () => {
    install();
    writeFileSync(file("undo"), "Purg libavcodec58 [7:4.2.7]\nPurg vlc [3.0.9]\n");
    expect(run(REMOVE_PACKAGES)).toMatch(
      /^Packages stay installed, for others need them by now \(vlc /,
    );
    expect(read("calls")).not.toMatch(/purge\n/);
  });

  test("are no concern of a board on which none was installed", () => {
    expect(run(REMOVE_PACKAGES)).toBe("");
    expect(read("calls")).toBe("");
  });
});
