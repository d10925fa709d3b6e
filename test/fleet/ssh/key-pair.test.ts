import ssh2 from "ssh2";
import { expect, test, vi } from "vitest";
import { makeKeyPair } from "../../../fleet/ssh/index.ts";

test("a new key can be read, also where ssh2 made a damaged one first", () => {
  const generate = vi.spyOn(ssh2.utils, "generateKeyPairSync");
  const good = ssh2.utils.generateKeyPairSync("ed25519");
  generate.mockReturnValueOnce({ ...good, private: good.private.replace("b3Bl", "b3Bx") });
  const { private: text, public: line } = makeKeyPair("door");
  expect(generate.mock.calls.length).toBeGreaterThanOrEqual(3);
  const key = ssh2.utils.parseKey(text);
  if (key instanceof Error) throw key;
  expect(key.comment).toBe("door");
  expect(line.startsWith(`ssh-ed25519 ${key.getPublicSSH().toString("base64")}`)).toBe(true);
});
