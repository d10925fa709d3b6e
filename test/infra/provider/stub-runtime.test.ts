import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { StubRuntime } from "./support/stub-runtime.ts";

let dir: string;

beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), "jetfleet-stub-"));
});
afterAll(() => {
  rmSync(dir, { recursive: true, force: true });
});

test("a stub runtime is written once for all devices, as others read it meanwhile", async () => {
  const runtime = new StubRuntime(dir);
  const written = () => statSync(join(dir, "0", "agent.cjs"), { bigint: true }).mtimeNs;
  const [first] = await Promise.all([runtime.release(), runtime.release()]);
  const before = written();
  expect(await runtime.release()).toEqual(first);
  expect(written()).toBe(before);
  runtime.version = "two";
  expect((await runtime.release()).digest).not.toBe(first.digest);
  runtime.version = "one";
  expect(await runtime.release()).toEqual(first);
});
