import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { packLicences } from "../../agent/pack-licences.ts";
import { findSources } from "../../fleet/provision/runtime/sources.ts";

function writeInto(folder: string, path: string, text: string): void {
  mkdirSync(dirname(join(folder, path)), { recursive: true });
  writeFileSync(join(folder, path), text);
}

const root = join(import.meta.dirname, "../..");
const built = join(root, "agent/build");

describe("licences of what is put onto boards", () => {
  const folder = mkdtempSync(join(tmpdir(), "jetfleet-licences-"));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test("are a file of every release", async () => {
    const machine = process.arch === "x64" ? "x86_64" : "aarch64";
    const sources = await findSources({ l4t: "32.7.1", machine });
    expect(sources.map(({ name }) => name)).toContain("LICENSES.txt");
  });

  test("are those of every package in the agent, and of all that lies beside it", () => {
    const text = readFileSync(join(built, "LICENSES.txt"), "utf8");
    const titles = [...text.matchAll(/^={80}\n(.+)\n={80}$/gm)].map(([, title = ""]) => title);
    const bundle = readFileSync(join(built, "agent.cjs"), "utf8");
    const packages = new Set(
      [...bundle.matchAll(/^\/\/ node_modules\/((?:@[^/\s]+\/)?[^/\s]+)\//gm)].map(
        ([, name]) => name,
      ),
    );
    expect(packages.size).toBeGreaterThan(10);
    for (const name of packages)
      expect(titles.filter((title) => title.startsWith(`${name} `)).length).toBeGreaterThan(0);
    for (const word of [
      "jetfleet",
      "Node.js",
      "ONNX Runtime",
      "node-addon-api",
      "libyuv",
      "libc++",
    ])
      expect(titles.filter((title) => title.startsWith(word)).length).toBeGreaterThan(0);
    for (const words of [
      "Microsoft Corporation",
      "LibYuv Project",
      "Node.js contributors",
      "LLVM Exceptions",
    ])
      expect(text).toContain(words);
  });

  test("of a package that names none are missed before anything is shipped", () => {
    const input = "node_modules/nobodys/index.js";
    const manifest = { name: "nobodys", version: "1.0.0" };
    const pack = () => packLicences(folder, [input], join(folder, "out.txt"));
    for (const path of ["licences/onnxruntime.txt", "licences/libyuv.txt", "licences/libcxx.txt"])
      writeInto(folder, `native/${path}`, "text");
    writeInto(folder, "LICENSE", "ours");
    writeInto(folder, "node_modules/nobodys/package.json", JSON.stringify(manifest));
    expect(pack).toThrow("Expected package nobodys to name its licence but got none");
    writeInto(
      folder,
      "node_modules/nobodys/package.json",
      JSON.stringify({ ...manifest, license: "ISC" }),
    );
    pack();
    expect(readFileSync(join(folder, "out.txt"), "utf8")).toMatch(
      /nobodys 1\.0\.0, in the agent\n=+\n\nISC\n$/,
    );
  });
});
