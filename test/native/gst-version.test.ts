import { execFileSync } from "node:child_process";
import { existsSync, globSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { ADDON_PATH } from "./addon.ts";

/** GStreamer's own description of its interface, of which each entry tells the version it came with. */
const GIR = "/usr/share/gir-1.0";
const hasGir = existsSync(join(GIR, "Gst-1.0.gir"));
/** Of JetPack 4 (facts of the boards, JetPack 4.2 to 4.6.6). */
const OLDEST_MINOR = 14;

/**
 * What the runtime asks elements for without a check, and the minor version it came with, by the documentation of the
 * elements: no description on the machine tells. What is newer goes through `SetIfPresent` or `g_signal_lookup`.
 */
const ELEMENTS: Record<string, number> = {
  ...{ capsfilter: 0, fakesink: 0, filesrc: 0, identity: 0, queue: 0, videoconvert: 0 },
  ...{ rtspsrc: 0, rtph264depay: 0, h264parse: 0, parsebin: 10 },
  ...{ rtph265depay: 6, h265parse: 2, rtpjpegdepay: 0, jpegparse: 0, rtpvp9depay: 8 },
  ...{ v4l2src: 0, videotestsrc: 0 },
  ...{ qtdemux: 0, matroskademux: 0, avidemux: 0, flvdemux: 0, multipartdemux: 0, oggdemux: 0 },
  ...{ tsdemux: 0, mpegpsdemux: 0, mxfdemux: 0, ivfparse: 0, asfdemux: 0, rmdemux: 0 },
  ...{ rtpbin: 0, udpsrc: 0 },
  // Decoders, which may be absent: `OpenDecoder` takes the first that is there.
  ...{ avdec_h264: 0, openh264dec: 6, avdec_h265: 2, libde265dec: 4 },
  ...{ jpegdec: 0, avdec_mjpeg: 0, vp9dec: 2, avdec_vp9: 2 },
};
/** Newer, and asked for by `OpenDecoder` and as parsers that may be missing: pictures are then read as they come. */
const CHECKED = ["av1dec", "dav1ddec", "avdec_av1", "av1parse", "vp9parse", "rtpav1depay"];
const PROPERTIES: Record<string, number> = {
  // of any sink; of identity; of filesrc and rtspsrc
  ...{ sync: 0, async: 0, location: 0 },
  // of queue; of capsfilter
  ...{ "max-size-buffers": 0, "max-size-bytes": 0, "max-size-time": 0 },
  ...{ caps: 0 },
  // of v4l2src; of videotestsrc
  ...{ device: 0, "is-live": 0 },
  // of rtspsrc; of a certificate of GIO
  ...{ "user-id": 0, "user-pw": 0, "tls-database": 4, certificate: 0 },
};
const SIGNALS: Record<string, number> = {
  ...{ "pad-added": 0, "no-more-pads": 0, "deep-element-added": 10, "autoplug-continue": 10 },
  ...{ "select-stream": 0, "new-manager": 4, "accept-certificate": 14, "before-send": 14 },
  ...{ "new-jitterbuffer": 4, "handle-sync": 0 },
  // Of GIO's socket client.
  event: 0,
};

function minorOf(version: string | undefined): number {
  return Number(/^1\.(\d+)/.exec(version ?? "")?.[1] ?? 0);
}

function attribute(text: string, name: string): string | undefined {
  return new RegExp(`(?<![\\w:-])${name}="([^"]+)"`).exec(text)?.[1];
}

/** Functions, macros, types, constants and members of enumerations that came later. */
function newerNames(): Map<string, string> {
  const newer = new Map<string, string>();
  const add = (attributes: string, version = attribute(attributes, "version")): void => {
    if (version === undefined || minorOf(version) <= OLDEST_MINOR) return;
    for (const key of ["c:identifier", "c:type"]) {
      const name = attribute(attributes, key);
      if (name !== undefined) newer.set(name, version);
    }
  };
  for (const file of readdirSync(GIR).filter((name) => name.startsWith("Gst"))) {
    const text = readFileSync(join(GIR, file), "utf8");
    for (const [, attributes = ""] of text.matchAll(
      /<(?!type|array|repository)\w[^\s>]* ([^>]*)>/g,
    ))
      add(attributes);
    for (const [, , head = "", body = ""] of text.matchAll(
      /<(enumeration|bitfield) ([^>]*)>([\s\S]*?)<\/\1>/g,
    )) {
      const version = attribute(head, "version");
      for (const [, attributes = ""] of body.matchAll(/<member ([^>]*)>/g))
        add(attributes, attribute(attributes, "version") ?? version);
    }
  }
  return newer;
}

function imports(): string[] {
  const table = execFileSync("nm", ["-D", "--undefined-only", ADDON_PATH], { encoding: "utf8" });
  return [...table.matchAll(/ U (gst_\w+)/g)].map(([, name = ""]) => name);
}

const root = join(import.meta.dirname, "../..");
const textsOf = (glob: string): string[] =>
  globSync(glob, { cwd: root }).map((path) =>
    readFileSync(join(root, path), "utf8").replaceAll(/(?<=^|\s)\/\/.*$/gm, ""),
  );
const sources = textsOf("native/{core,binding}/**/*.{cc,h}");
/** Where elements are named. */
const media = textsOf("native/core/media/*.cc");
/** What a pattern finds in texts, each once, in order. */
function found(pattern: RegExp, texts = sources): string[] {
  const hits = texts.flatMap((text) => [...text.matchAll(pattern)]);
  return [...new Set(hits.map(([whole, group]) => group ?? whole))].sort();
}
const literals = (text: string): string[] =>
  [...text.matchAll(/"([^"\\]+)"/g)].map((m) => m[1] ?? "");
/** Those that a table does not hold, or holds as newer. */
const tooNew = (names: string[], table: Record<string, number>): string[] =>
  names.filter((name) => (table[name] ?? Number.POSITIVE_INFINITY) > OLDEST_MINOR);

describe.skipIf(!hasGir)(
  `the addon and GStreamer 1.14${hasGir ? "" : " [skipped: no GIR here]"}`,
  () => {
    test("the description tells versions, so that the next tests can fail", () => {
      const newer = newerNames();
      expect(newer.get("gst_promise_wait")).toBeUndefined();
      expect(newer.get("gst_buffer_new_memdup")).toBe("1.20");
      // A macro, a type, a member that came later and one of an enumeration that did.
      expect(newer.get("GST_VIDEO_FRAME_MAP_FLAG_NO_REF")).toBeUndefined();
      expect(newer.get("GstAppLeakyType")).toBe("1.20");
      expect(newer.get("GST_VIDEO_FORMAT_AV12")).toBe("1.20");
      expect(newer.get("GST_APP_LEAKY_TYPE_UPSTREAM")).toBe("1.20");
      expect(imports()).toContain("gst_init");
    });

    test("it calls no function that is newer", () => {
      const newer = newerNames();
      expect(imports().filter((name) => newer.has(name))).toEqual([]);
    });

    test("its sources name nothing that is newer: no macro, type, constant or member", () => {
      const newer = newerNames();
      const named = found(/\b(?:gst_|GST_|Gst)\w+/g);
      expect(named).toContain("GST_BUFFER_FLAG_CORRUPTED");
      expect(named.filter((name) => newer.has(name))).toEqual([]);
    });
  },
);

describe("what the runtime asks of elements was there in GStreamer 1.14, or is checked at run time", () => {
  test("elements", () => {
    const installed = new Set(
      [...execFileSync("gst-inspect-1.0", { encoding: "utf8" }).matchAll(/^\w+: {2}(\w+): /gm)].map(
        (m) => m[1],
      ),
    );
    const named = found(/"(\w+)"/g, media).filter(
      (name) => installed.has(name) && !CHECKED.includes(name),
    );
    expect(named).toContain("rtspsrc");
    expect(tooNew(named, ELEMENTS)).toEqual([]);
  });

  test("properties", () => {
    const set = found(/g_object_[sg]et\(([^;]*);/g).flatMap(literals);
    expect(set).toContain("tls-database");
    expect(tooNew(set, PROPERTIES)).toEqual([]);
  });

  test("signals", () => {
    const connected = found(/g_signal_connect\([^;"]*"([^"]+)"/g);
    expect(connected).toContain("accept-certificate");
    expect(tooNew(connected, SIGNALS)).toEqual([]);
    // Actions are emitted only where they were looked up.
    const emitted = found(/g_signal_emit_by_name\([^;"]*"([^"]+)"/g);
    expect(emitted.filter((name) => !found(/g_signal_lookup\("([^"]+)"/g).includes(name))).toEqual(
      [],
    );
  });
});
