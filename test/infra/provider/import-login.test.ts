import { afterEach, describe, expect, test, vi } from "vitest";
import type { FleetContext } from "../../../infra/provider/fleet-context.ts";
import { importDevice } from "../../../infra/provider/resources/device/import.ts";
import type { Operation } from "../../../infra/provider/rpc/operation.ts";

const operation = { signal: AbortSignal.timeout(5000), timeoutMs: 1000 } as unknown as Operation;
const REACHED = "reached";

/** Where the import would log in, and with what. */
async function loginOf(id: string, importKey?: string): Promise<unknown> {
  let asked: unknown;
  const use = (target: unknown) => {
    asked = target;
    throw new Error(REACHED);
  };
  const context = { config: { importKey }, ssh: { use } } as unknown as FleetContext;
  await expect(importDevice(context, operation, id)).rejects.toThrow(REACHED);
  return asked;
}

afterEach(() => vi.unstubAllEnvs());

describe("a device that is imported by where its board is", () => {
  test("is logged in to with the keys of the SSH agent where no key is named", async () => {
    vi.stubEnv("SSH_AUTH_SOCK", "/run/agent");
    const login = await loginOf("nvidia@10.0.4.17:2222");
    expect(login).toMatchObject({ host: "10.0.4.17", port: 2222, user: "nvidia" });
    expect(login).toMatchObject({ agentSocket: "/run/agent", privateKeyPath: undefined });
  });

  test("is logged in to with the key that the configuration names, and no other", async () => {
    vi.stubEnv("SSH_AUTH_SOCK", "/run/agent");
    const login = await loginOf("nvidia@[fd00::17]", "~/.ssh/jetson");
    expect(login).toMatchObject({ host: "fd00::17", port: 22, privateKeyPath: "~/.ssh/jetson" });
    expect(login).not.toHaveProperty("agentSocket");
  });

  test("needs one of them", async () => {
    vi.stubEnv("SSH_AUTH_SOCK", "");
    const context = { config: {} } as unknown as FleetContext;
    await expect(importDevice(context, operation, "nvidia@10.0.4.17")).rejects.toThrow(
      "Expected an SSH agent or a private key for nvidia@10.0.4.17",
    );
  });
});
