import {
  appendFileSync,
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join, resolve } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { findCompiler, findHeaders, nameOf } from "../../../agent/backend/board-tools.ts";
import { OwnBackend } from "../../../agent/backend/own-backend.ts";
import { readBackendSource } from "../../../agent/backend/source.ts";
import { backendSourceBeside, packBackendSource } from "../../../agent/pack-backend.ts";

const NATIVE = resolve(import.meta.dirname, "../../../native");
const VERSION_8_5 = "#define NV_TENSORRT_MAJOR 8 //!< major\n#define NV_TENSORRT_MINOR 5\n";
const root = mkdtempSync(join(tmpdir(), "jetfleet-own-"));
/** With the sources that boards get, and with two of them alone. */
const bundlePath = join(root, "agent.cjs");
const fewPath = join(root, "few", "agent.cjs");
let number = 0;

beforeAll(() => {
  packBackendSource(NATIVE, backendSourceBeside(bundlePath));
  mkdirSync(dirname(fewPath));
  const files = { "a.cc": '#include "a.h"\n', "a.h": "", "b.cc": "" };
  writeFileSync(backendSourceBeside(fewPath), JSON.stringify({ units: ["a.cc", "b.cc"], files }));
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

/** A board with these headers and a compiler that is a script; `$1` of the script is never its first argument. */
function board(script: string, bundle = fewPath) {
  number += 1;
  const folder = join(root, `board-${number}`);
  const headers = join(folder, "include");
  const compiler = join(folder, "compiler");
  const log = join(folder, "asked");
  mkdirSync(headers, { recursive: true });
  writeFileSync(log, "");
  for (const name of ["NvInfer.h", "NvOnnxParser.h"]) writeFileSync(join(headers, name), "");
  writeFileSync(join(headers, "NvInferVersion.h"), VERSION_8_5);
  const compiles = (body: string, says = "g++ (Ubuntu) 7.5.0") => {
    writeFileSync(
      compiler,
      `#!/bin/sh
if [ "$1" = --version ]; then echo "${says}"; exit 0; fi
echo "$*" >> ${log}
while [ $# -gt 0 ]; do case $1 in -o) out=$2;; -c) unit=$2;; esac; shift; done
${body}
`,
      { mode: 0o755 },
    );
  };
  compiles(script);
  const own = (deadlineMs = 60_000) =>
    new OwnBackend({
      ...{ folder: join(folder, "backends"), bundlePath: bundle, deadlineMs },
      ...{ headerFolders: [headers], compilers: [compiler] },
    });
  const asked = () => readFileSync(log, "utf8").split("\n").slice(0, -1);
  return { folder, headers, compiler, compiles, own, asked };
}
function stateOf(pid: string): string {
  if (!existsSync(`/proc/${pid}/stat`)) return "gone";
  return readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]?.[0] ?? "gone";
}
const WORKS = 'echo "made of $unit" > "$out"';
const always = new AbortController().signal;
const make = (own: OwnBackend, installed: string | null = "8.5.2-1+cuda11.4", signal = always) =>
  own.make(installed, () => undefined, signal);

describe("TensorRT's backend, compiled on the board", () => {
  it("is made of every unit, named by the generation of the headers, told as it goes, and used again", async () => {
    const { own, asked, folder } = board(WORKS, bundlePath);
    const steps: [number, number][] = [];
    const made = await own().make("8.5.2-1+cuda11.4", (done, of) => steps.push([done, of]), always);
    const { units } = (await readBackendSource(bundlePath)).source;
    expect(basename(made.path)).toBe("libjetfleet-backend-tensorrt-8.5.so");
    expect(steps).toEqual(units.map((_, index) => [index, units.length]));
    const compiled = asked().flatMap((line) => / -c (\S+)/.exec(line)?.[1] ?? []);
    expect(compiled).toEqual(units);
    expect(asked().at(-1)).toMatch(/-shared .*-Wl,--no-undefined .* -ldl$/);
    // Runners are of the group.
    expect(statSync(made.path).mode & 0o777).toBe(0o640);
    expect(statSync(dirname(made.path)).mode & 0o777).toBe(0o750);

    expect((await make(own())).seconds).toBeNull();
    expect(asked()).toHaveLength(units.length + 1);
    expect(await own().kept()).toBe(made.path);
    expect(readdirSync(join(folder, "backends"))).toHaveLength(1);
  });

  it("is made anew with another compiler or other headers; the former stays until the next start", async () => {
    const { own, compiles, headers, folder } = board(WORKS);
    const first = await make(own());
    compiles(WORKS, "g++ (Ubuntu) 9.4.0");
    const second = await make(own());
    writeFileSync(join(headers, "NvInferVersion.h"), `${VERSION_8_5}#define NV_TENSORRT_PATCH 3\n`);
    const third = await make(own());
    expect(new Set([first.path, second.path, third.path]).size).toBe(3);
    expect(existsSync(first.path)).toBe(true);
    expect(await own().kept()).toBe(third.path);
    expect(readdirSync(join(folder, "backends"))).toHaveLength(1);
  });

  it("is not used when it was altered or left half, and made anew", async () => {
    const { own, folder } = board(WORKS);
    const { path } = await make(own());
    chmodSync(path, 0o600);
    appendFileSync(path, "x");
    mkdirSync(join(folder, "backends", `${"0".repeat(32)}.part`));
    expect(await own().kept()).toBeNull();
    expect(readdirSync(join(folder, "backends"))).toEqual([]);
    expect((await make(own())).seconds).not.toBeNull();
  });

  it("is refused in the compiler's words, at once the second time, and tried anew once something is other", async () => {
    const { own, compiles, asked, folder } = board(
      'echo "$unit:7:1: error: no type named IBuilder in namespace nvinfer1" >&2; exit 1',
    );
    const one = own();
    const refused = await make(one).catch((error: unknown) => error);
    expect(refused).toMatchObject({ code: "NATIVE_LOAD" });
    expect(String(refused)).toMatch(
      /7\.5\.0 ended with 1 while compiling \S+\.cc: \S+\.cc:7:1: error: no type named IBuilder/,
    );
    expect(readdirSync(join(folder, "backends"))).toEqual([]);
    expect(await make(one).catch((error: unknown) => error)).toBe(refused);
    expect(asked()).toHaveLength(1);
    compiles(WORKS, "g++ (Ubuntu) 9.4.0");
    expect((await make(one)).seconds).not.toBeNull();
  });

  it("says so when the kernel ended the compiler, and tries again", async () => {
    const { own, compiles } = board(
      'echo "g++: fatal error: Killed signal terminated program cc1plus" >&2; exit 1',
    );
    const one = own();
    await expect(make(one)).rejects.toMatchObject({ code: "BOARD_MEMORY_LOW" });
    compiles(WORKS);
    expect((await make(one)).seconds).not.toBeNull();
  });

  describe("whose compiler does not end", () => {
    // Its own child holds on, as cc1plus is a child of g++.
    const HANGS = (file: string) => `sleep 600 & echo $! > ${file}; wait`;
    let hangs: ReturnType<typeof board>;
    let child: string;
    beforeEach(() => {
      hangs = board("exit 1");
      child = join(hangs.folder, "child");
      hangs.compiles(HANGS(child));
    });
    const isGone = async () => {
      const pid = readFileSync(child, "utf8").trim();
      // Where nobody takes up orphans, one that ended stays as a zombie.
      await expect.poll(() => stateOf(pid)).toMatch(/^(gone|Z)$/);
      expect(readdirSync(join(hangs.folder, "backends"))).toEqual([]);
    };

    it("is given up when its time is over, with all that the compiler started", async () => {
      const doing = expect(make(hangs.own(300))).rejects.toMatchObject({
        code: "OPERATION_TIMEOUT",
        message: expect.stringMatching(/was still compiling/),
      });
      await doing;
      await isGone();
    });

    it("is given up when nobody wants it any more", async () => {
      const abort = new AbortController();
      const making = make(hangs.own(), undefined, abort.signal);
      const ended = expect(making).rejects.toMatchObject({ code: "CANCELLED" });
      await expect.poll(() => existsSync(child) && readFileSync(child, "utf8")).toMatch(/\d\n/);
      abort.abort();
      await ended;
      await isGone();
    });
  });

  it("is made once where two ask for it at the same time", async () => {
    const { own, asked } = board(WORKS);
    const one = own();
    const [first, second] = await Promise.all([make(one), make(one)]);
    expect([first?.seconds === null, second?.seconds === null]).toEqual([false, true]);
    expect(asked().filter((line) => / -shared /.test(` ${line}`))).toHaveLength(1);
  });
});

describe("what a board lacks for it", () => {
  it.each<[string[], RegExp]>([
    [
      ["NvInfer.h", "NvInferVersion.h", "NvOnnxParser.h"],
      /install libnvinfer-dev libnvonnxparsers-dev,/,
    ],
    [["NvInferVersion.h"], /install libnvinfer-dev,/],
    [["NvOnnxParser.h"], /install libnvonnxparsers-dev,/],
  ])("without %j names the packages", async (missing, hint) => {
    const { headers } = board(WORKS);
    for (const name of missing) rmSync(join(headers, name));
    await expect(findHeaders([join(root, "nowhere"), headers], "8.5.2-1")).rejects.toMatchObject({
      code: "NATIVE_LOAD",
      message: expect.stringContaining(missing.join(", ")),
      hint: expect.stringMatching(hint),
    });
  });

  it("is headers of the version that is installed", async () => {
    const { headers } = board(WORKS);
    await expect(findHeaders([headers], "8.6.2.3-1+cuda12.2")).rejects.toMatchObject({
      message: expect.stringMatching(/headers of TensorRT 8\.6\.2\S+ but .* are of 8\.5/),
      hint: expect.stringContaining("libnvinfer-dev=8.6.2.3-1+cuda12.2"),
    });
  });

  it("is a compiler", async () => {
    await expect(findCompiler([join(root, "no-compiler")])).rejects.toMatchObject({
      code: "NATIVE_LOAD",
      hint: expect.stringContaining("apt-get install g++"),
    });
  });

  it.each<[string, string]>([
    [VERSION_8_5, "8.5"],
    [
      "#define TRT_MAJOR_ENTERPRISE 10\n#define TRT_MINOR_ENTERPRISE 13\n#define NV_TENSORRT_MAJOR TRT_MAJOR_ENTERPRISE //!\n",
      "10.13",
    ],
    [
      "#define TRT_MAJOR_RTX 1\n#define TRT_MINOR_RTX 7\n#define NV_TENSORRT_MAJOR TRT_MAJOR_RTX\n",
      "rtx-1.7",
    ],
  ])("is known by NvInferVersion.h: %j", (text, name) => {
    expect(nameOf(text, "/usr/include")).toBe(name);
  });

  it.each([
    "",
    "#define NV_TENSORRT_MAJOR\n",
    "#define NV_TENSORRT_MAJOR 8",
    `${"x".repeat(1e6)}\n`,
  ])("is told of a version header that says none", (text) => {
    expect(() => nameOf(text, "/usr/include")).toThrow(/NvInferVersion\.h but found none/);
  });

  it.each([
    "",
    "{",
    '{"units":[],"files":{}}',
    '{"units":["../../etc/x.cc"],"files":{}}',
    '{"units":["a.cc"],"files":{"/etc/passwd":"x"}}',
    '{"units":["a.cc"],"files":{"a/../../b.cc":"x"}}',
    '{"units":["a.cc"],"files":{"a.cc":1}}',
  ])("is sources that can be read, and none outside its folder: %s", async (text) => {
    const { folder } = board(WORKS);
    writeFileSync(join(folder, "backend-source.json"), text);
    await expect(readBackendSource(join(folder, "agent.cjs"))).rejects.toMatchObject({
      code: "NATIVE_LOAD",
      hint: "Deploy the device again.",
    });
  });
});
