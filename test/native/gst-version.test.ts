import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { ADDON_PATH } from "./addon.ts";

/** GStreamer's own description of its interface, of which each entry tells the version it came with. */
const GIR = "/usr/share/gir-1.0";
const hasGir = existsSync(join(GIR, "Gst-1.0.gir"));
/** Of JetPack 4 (facts of the boards, JetPack 4.2 to 4.6.6). */
const OLDEST_MINOR = 14;

function minorOf(version: string | undefined): number {
  return Number(/^1\.(\d+)$/.exec(version ?? "")?.[1] ?? 0);
}

function newerFunctions(): Map<string, string> {
  const newer = new Map<string, string>();
  for (const file of readdirSync(GIR).filter((name) => name.startsWith("Gst"))) {
    const text = readFileSync(join(GIR, file), "utf8");
    for (const [, attributes = ""] of text.matchAll(/<(?:function|method|constructor) ([^>]*)>/g)) {
      const name = /c:identifier="([^"]+)"/.exec(attributes)?.[1];
      const version = /version="([^"]+)"/.exec(attributes)?.[1];
      if (name && version && minorOf(version) > OLDEST_MINOR) newer.set(name, version);
    }
  }
  return newer;
}

function imports(): string[] {
  const table = execFileSync("nm", ["-D", "--undefined-only", ADDON_PATH], { encoding: "utf8" });
  return [...table.matchAll(/ U (gst_\w+)/g)].map(([, name = ""]) => name);
}

describe.skipIf(!hasGir)(
  `the addon and GStreamer 1.14${hasGir ? "" : " [skipped: no GIR here]"}`,
  () => {
    test("the description tells versions, so that the next test can fail", () => {
      expect(newerFunctions().get("gst_promise_wait")).toBeUndefined();
      expect(newerFunctions().get("gst_buffer_new_memdup")).toBe("1.20");
      expect(imports()).toContain("gst_init");
    });

    test("it calls no function that is newer", () => {
      const newer = newerFunctions();
      const called = imports().filter((name) => newer.has(name));
      expect(called).toEqual([]);
    });
  },
);
