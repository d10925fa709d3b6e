import { describe, expect, it } from "vitest";
import { nativePaths, parseConfig } from "../../agent/config.ts";
import { newPrivateKeyPem, publicPemOf } from "../../fleet/release/index.ts";

const good = {
  fleet: "shop",
  device: "door",
  board: "tx2",
  hubUrl: "https://127.0.0.1:8080",
  mqttUrl: "mqtts://127.0.0.1:8883",
  fleetPublicKey: publicPemOf(newPrivateKeyPem()),
};

function parse(overrides: Record<string, unknown>) {
  return parseConfig(JSON.stringify({ ...good, ...overrides }), "agent.json");
}

describe("the agent's configuration", () => {
  it("needs what provisioning writes and nothing more", () => {
    expect(parse({})).toMatchObject({ stateDir: "/var/lib/jetfleet", threads: 1 });
  });

  it("finds the native runtime beside the bundle unless it says otherwise", () => {
    const paths = nativePaths(parse({ addonPath: "/x/fake.cjs" }), "/opt/jetfleet/r/agent.cjs");
    expect(paths).toEqual({
      addonPath: "/x/fake.cjs",
      backendPath: "/opt/jetfleet/r/libjetfleet-backend-onnxruntime.so",
      runtimePath: "/opt/jetfleet/r/libonnxruntime.so",
    });
  });

  it.each([
    ["an unknown key", { hubURL: "http://x" }, /hubURL/],
    ["a missing key", { mqttUrl: undefined }, /mqttUrl/],
    ["another board", { board: "raspberry-pi" }, /board/],
    ["a hub that is no HTTP address", { hubUrl: "ftp://x" }, /hubUrl: must begin with https:\/\//],
    [
      "a private key in place of the public one",
      { fleetPublicKey: "-----BEGIN PRIVATE" },
      /fleetPublicKey/,
    ],
  ])("refuses %s and names it", (_what, overrides, expected) => {
    expect(() => parse(overrides)).toThrow(expected);
  });

  it("of the version that had passwords still lets the pipelines run", () => {
    const former = { username: "door", password: "very-secret", hubUrl: "http://10.0.0.1:80" };
    expect(parse(former)).toMatchObject({ device: "door" });
  });

  it("does not quote a broken file, which may hold a former version's password", () => {
    const broken = JSON.stringify({ ...good, password: "very-secret" }).slice(0, -5);
    const error = (() => {
      try {
        return parseConfig(broken, "agent.json");
      } catch (caught) {
        return caught as Error & { code: string };
      }
    })();
    expect(error).toMatchObject({ code: "AGENT_CONFIG" });
    expect(String((error as Error).message)).not.toContain("very-secret");
  });
});
