import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { makeBuildFolder, removeBuildFolder } from "../../../agent/supervise/build-folder.ts";

it("a builder's folder is its own, and takes those of builders that died in theirs away, no other", () => {
  const parent = mkdtempSync(join(tmpdir(), "jetfleet-folders-"));
  onTestFinished(() => rmSync(parent, { recursive: true, force: true }));
  const mine = makeBuildFolder(parent);
  const [namespace] = /(?<=^jetfleet-build-)\d+/.exec(basename(mine)) ?? [];
  const dead = spawnSync("true").pid;
  const orphan = `jetfleet-build-${namespace}-${dead}-crash`;
  const foreign = [`jetfleet-build-1-${dead}-other`, `jetfleet-build-${dead}-former`, "another"];
  for (const name of [orphan, ...foreign]) {
    mkdirSync(join(parent, name));
    writeFileSync(join(parent, name, "model"), "half a model");
  }
  const next = makeBuildFolder(parent);
  expect(readdirSync(parent).sort()).toEqual([...foreign, basename(mine), basename(next)].sort());
  removeBuildFolder(mine);
  removeBuildFolder(mine);
  expect(readdirSync(parent)).not.toContain(basename(mine));
});
