import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it, test } from "vitest";
import {
  ENTRIES,
  newestVersions,
  parseReadelf,
  whyNotLoadable,
} from "../../../native/cross/gate.mjs";
import { parseSymbols, stubsOf } from "../../../native/cross/symbols.mjs";

const SYMBOLS = readFileSync(
  join(import.meta.dirname, "../../../native/cross/symbols.txt"),
  "utf8",
);
const wanted = parseSymbols(SYMBOLS);

/** As readelf of binutils 2.40 prints an object for arm64. */
const readelf = ({
  machine = "AArch64",
  needed = ["libc.so.6"],
  rows = /** @type {string[]} */ ([]),
} = {}) => `ELF Header:
  Class:                             ELF64
  Machine:                           ${machine}

Dynamic section at offset 0x2a0 contains 33 entries:
  Tag        Type                         Name/Value
${needed.map((name) => ` 0x0000000000000001 (NEEDED)             Shared library: [${name}]`).join("\n")}
 0x000000000000000e (SONAME)             Library soname: [backend.so]

Symbol table '.dynsym' contains 4 entries:
   Num:    Value          Size Type    Bind   Vis      Ndx Name
     0: 0000000000000000     0 NOTYPE  LOCAL  DEFAULT  UND 
     1: 0000000000001000    64 FUNC    GLOBAL DEFAULT   12 jetfleet_backend
${rows.join("\n")}
`;
const asks = (/** @type {string} */ name, bind = "GLOBAL") =>
  `     2: 0000000000000000     0 FUNC    ${bind.padEnd(6)} DEFAULT  UND ${name}`;
const gives = (/** @type {string} */ name) =>
  `     3: 0000000000002000    64 FUNC    GLOBAL DEFAULT [VARIANT_PCS]   12 ${name}`;
const reasons = (/** @type {Parameters<typeof readelf>[0]} */ options) =>
  whyNotLoadable(parseReadelf(readelf(options)), wanted, {
    machine: "AArch64",
    entries: ENTRIES.backend,
  });

describe("what is loaded on every board", () => {
  it("asks for nothing newer than JetPack 4 has", () => {
    const rows = [
      asks("expf@GLIBC_2.27 (2)"),
      asks("memcpy@GLIBC_2.17 (3)"),
      asks("__gmon_start__", "WEAK"),
    ];
    expect(reasons({ rows })).toEqual([]);
    expect(newestVersions(parseReadelf(readelf({ rows })))).toEqual({ GLIBC: "2.27" });
  });

  it("may ask for functions of GStreamer and GLib that are on the list, and for the unwinder's", () => {
    const rows = [
      asks("gst_buffer_map"),
      asks("_Unwind_Resume@GCC_3.0 (4)"),
      asks("napi_create_object"),
    ];
    expect(reasons({ rows, needed: ["libgstreamer-1.0.so.0", "libgcc_s.so.1"] })).toEqual([]);
  });

  test.each([
    [
      "a newer C library",
      { rows: [asks("fcntl64@GLIBC_2.28 (2)")] },
      "asks for fcntl64 of GLIBC_2.28; boards have GLIBC_2.27",
    ],
    ["a much newer one", { rows: [asks("arc4random@GLIBC_2.100 (2)")] }, "GLIBC_2.100"],
    ["a C++ runtime", { rows: [asks("_ZSt4cout@GLIBCXX_3.4 (2)")] }, "boards have none"],
    [
      "a function of GStreamer that is not listed",
      { rows: [asks("gst_element_get_current_clock_time")] },
      "which is not in symbols.txt",
    ],
    ["a library that not every board has", { needed: ["libyuv.so.0"] }, "needs libyuv.so.0"],
    [
      "another machine",
      { machine: "Advanced Micro Devices X86-64" },
      "made for Advanced Micro Devices X86-64, not AArch64",
    ],
    ["an operator new of its own", { rows: [gives("_Znwm")] }, "exports _Znwm"],
  ])("is refused with %s", (_, options, reason) => {
    expect(reasons(options)).toEqual([expect.stringContaining(reason)]);
  });

  it("is refused without its entry", () => {
    const object = { ...parseReadelf(readelf()), given: [] };
    expect(
      whyNotLoadable(object, wanted, { machine: "AArch64", entries: ENTRIES.backend }),
    ).toEqual(["does not export jetfleet_backend, by which it is entered"]);
  });

  it("is told from words that are not readelf's", () => {
    expect(() => parseReadelf("readelf: Error: Not an ELF file")).toThrow(
      "Expected readelf's words",
    );
  });
});

describe("symbols.txt", () => {
  const gir = "/usr/share/gir-1.0";
  const there = existsSync(join(gir, "Gst-1.0.gir"));

  test.skipIf(!there)(
    `names functions that GStreamer 1.14 has${there ? "" : " [skipped: no .gir files]"}`,
    () => {
      const texts = readdirSync(gir)
        .filter((name) => /^Gst[A-Z0-9-]/.test(name))
        .map((name) => readFileSync(join(gir, name), "utf8"));
      const newer = texts.flatMap((text) =>
        [...text.matchAll(/c:identifier="(gst_\w+)"[^>]*?\sversion="1\.(\d+)"/g)]
          .filter(([, , minor]) => Number(minor) > 14)
          .map(([, name]) => name),
      );
      expect(newer).toContain("gst_element_get_current_clock_time");
      expect(wanted.map(({ name }) => name).filter((name) => newer.includes(name))).toEqual([]);
    },
  );

  it("has all that this machine's addon asks of GStreamer and GLib, so that a board's can be built", () => {
    const addon = join(import.meta.dirname, "../../../native/build/jetfleet.node");
    const words = execFileSync("readelf", ["-W", "--file-header", "--dyn-syms", addon]);
    const asked = parseReadelf(words.toString())
      .asked.map(({ name }) => name)
      .filter((name) => /^g(st)?_/.test(name));
    expect(asked).toContain("gst_init");
    expect(asked.filter((name) => !wanted.some((one) => one.name === name))).toEqual([]);
  });

  it("becomes libraries to link against, with the versions their symbols have", () => {
    const [stub] = stubsOf(parseSymbols("# words\n\nf liba.so.1 A_1.0\ng liba.so.1\n"));
    expect(stub).toEqual({
      library: "liba.so.1",
      assembly: ".globl f\n.type f,%function\nf:\n.globl g\n.type g,%function\ng:\n",
      versions: "A_1.0 { global: f; };\n",
    });
  });

  test.each(["alone", "a b c d"])("is refused with a line of other words: %s", (line) => {
    expect(() => parseSymbols(`f liba.so.1\n${line}`)).toThrow(`but got ${line} in line 2`);
  });
});
