import { once } from "node:events";
import { createServer as createHttp, type Server } from "node:http";
import { createServer, type Server as HttpsServer } from "node:https";
import { type AddressInfo, connect } from "node:net";
import type { TLSSocket } from "node:tls";
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { Connector } from "../../../fleet/transfer/connector.ts";
import { readBody } from "../../../fleet/transfer/http/http-request.ts";
import { IdentityFile } from "../../../fleet/transfer/identity/identity-file.ts";
import { TrustedClock } from "../../../fleet/transfer/identity/trusted-clock.ts";
import { TestFleet } from "../../hub/test-fleet.ts";

let fleet: TestFleet;
let hub: HttpsServer;
let door: Connector;

beforeAll(async () => {
  fleet = await TestFleet.make("demo");
  hub = await serverOf(fleet);
  door = await fleet.connector("door");
});
afterAll(() => {
  hub.closeAllConnections();
  hub.close();
  fleet.remove();
});
afterEach(() => vi.unstubAllEnvs());

/** A hub that says who is there. */
async function serverOf(of: TestFleet): Promise<HttpsServer> {
  const server = createServer(of.server, (request, response) => {
    const socket = request.socket as TLSSocket;
    response.end(`hello ${String(socket.getPeerCertificate().subject.CN)}`);
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  return server;
}

function urlOf(server: HttpsServer | Server, host = "127.0.0.1", scheme = "https"): string {
  return `${scheme}://${host}:${(server.address() as AddressInfo).port}/`;
}

async function get(connector: Connector, url: string): Promise<string> {
  const answer = await connector.http({ method: "GET", url, firstByteMs: 5000 });
  return (await readBody(answer, 1000)).toString();
}

describe("a connection to the hub", () => {
  it("is made by both sides' certificates", async () => {
    expect(await get(door, urlOf(hub))).toBe("hello door");
  });

  it("is refused to a hub of another CA, although fleet and address are the same", async () => {
    const other = await TestFleet.make("demo");
    const impostor = await serverOf(other);
    await expect(get(door, urlOf(impostor))).rejects.toMatchObject({ code: "HUB_UNTRUSTED" });
    impostor.close();
    other.remove();
  });

  it("is refused under a name that the certificate does not have", async () => {
    const url = urlOf(hub, "localhost");
    await expect(get(door, url)).rejects.toMatchObject({ code: "HUB_UNTRUSTED" });
  });

  it("is refused to a device that poses as the hub", async () => {
    const file = new IdentityFile(await fleet.certify("gate")).current();
    const tls = { key: file.keyPem, cert: file.certificatePem, ca: file.caPem };
    const impostor = createServer(tls, (_request, response) => response.end("hello"));
    await once(impostor.listen(0, "127.0.0.1"), "listening");
    await expect(get(door, urlOf(impostor))).rejects.toMatchObject({ code: "HUB_UNTRUSTED" });
    impostor.close();
  });

  it("is refused once the hub's term is over", async () => {
    const short = await TestFleet.make("demo", 1000);
    const server = await serverOf(short);
    const file = new IdentityFile(await short.certify("door"));
    const later = new Connector(file, new TrustedClock(() => Date.now() + 5000));
    await expect(get(later, urlOf(server))).rejects.toMatchObject({
      code: "HUB_UNTRUSTED",
      message: expect.stringContaining("ended on") as string,
    });
    server.close();
    short.remove();
  });

  it.each([
    ["1970", 0],
    ["2099", Date.UTC(2099, 0)],
  ])("is made by a device whose clock says %s", async (_year, systemMs) => {
    const file = new IdentityFile(await fleet.certify("door"));
    const lost = new Connector(file, new TrustedClock(() => systemMs));
    expect(await get(lost, urlOf(hub))).toBe("hello door");
  });

  it("says when it is our own certificate that has ended", async () => {
    const file = new IdentityFile(await fleet.certify("late", "device", 1));
    const late = new Connector(file, new TrustedClock(() => Date.now() + 1000));
    await expect(get(late, urlOf(hub))).rejects.toMatchObject({ code: "IDENTITY_EXPIRED" });
  });

  it("is never made without TLS", async () => {
    await expect(get(door, urlOf(hub, "127.0.0.1", "http"))).rejects.toMatchObject({
      code: "USAGE",
    });
  });

  it("gives up in time and when it is told to", async () => {
    const silent = createServer(fleet.server, () => {});
    await once(silent.listen(0, "127.0.0.1"), "listening");
    const url = urlOf(silent);
    await expect(door.http({ method: "GET", url, firstByteMs: 50 })).rejects.toMatchObject({
      late: true,
    });
    const abort = new AbortController();
    const { signal } = abort;
    const asked = door.http({ method: "GET", url, firstByteMs: 5000, signal });
    abort.abort();
    await expect(asked).rejects.toThrow(/abort/i);
    silent.closeAllConnections();
    silent.close();
  });
});

describe("a proxy", () => {
  let proxy: Server;
  const tunnels: string[] = [];

  beforeAll(async () => {
    proxy = createHttp((_request, response) => response.writeHead(405).end());
    proxy.on("connect", (request, client) => {
      tunnels.push(request.url ?? "");
      const [host = "", port] = (request.url ?? "").split(":");
      const onward = connect(Number(port), host, () => {
        client.write("HTTP/1.1 200 Connection Established\r\n\r\n");
        onward.pipe(client).pipe(onward);
      });
      onward.on("error", () => client.destroy());
      client.on("error", () => onward.destroy());
    });
    await once(proxy.listen(0, "127.0.0.1"), "listening");
  });
  afterAll(() => proxy.close());

  it("carries TLS end to end: the hub still sees the device's certificate", async () => {
    vi.stubEnv("HTTPS_PROXY", urlOf(proxy, "127.0.0.1", "http"));
    vi.stubEnv("NO_PROXY", "");
    tunnels.length = 0;
    expect(await get(door, urlOf(hub))).toBe("hello door");
    expect(tunnels).toEqual([new URL(urlOf(hub)).host]);
  });

  it("does not make the name of the hub go unchecked", async () => {
    vi.stubEnv("HTTPS_PROXY", urlOf(proxy, "127.0.0.1", "http"));
    vi.stubEnv("NO_PROXY", "");
    const url = urlOf(hub, "localhost");
    await expect(get(door, url)).rejects.toMatchObject({ code: "HUB_UNTRUSTED" });
  });

  it("is left out for the hosts of NO_PROXY", async () => {
    vi.stubEnv("HTTPS_PROXY", urlOf(proxy, "127.0.0.1", "http"));
    vi.stubEnv("NO_PROXY", "127.0.0.1");
    tunnels.length = 0;
    expect(await get(door, urlOf(hub))).toBe("hello door");
    expect(tunnels).toEqual([]);
  });
});
