import { createHash, randomBytes } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Connector } from "../../../fleet/transfer/connector.ts";
import { downloadOnce } from "../../../fleet/transfer/download/download.ts";
import { fetchObject } from "../../../fleet/transfer/download/fetch-object.ts";
import { statusError } from "../../../fleet/transfer/download/http-answer.ts";
import { httpRequest } from "../../../fleet/transfer/http/http-request.ts";
import {
  type Handler,
  ObjectServer,
  stallAfter,
  status,
} from "../../agent/support/object-server.ts";

const BYTES = randomBytes(200_000);

let server: ObjectServer;
let folder: string;
let partPath: string;
let digest: string;
let retries: string[];

beforeEach(async () => {
  server = await ObjectServer.start();
  folder = mkdtempSync(join(tmpdir(), "jetfleet-download-"));
  partPath = join(folder, "object.part");
  digest = server.put(BYTES);
  retries = [];
});

afterEach(async () => {
  await server.stop();
  rmSync(folder, { recursive: true, force: true });
});

function request(overrides: { signal?: AbortSignal; sizeBytes?: number; url?: string } = {}) {
  const at = { url: overrides.url ?? `${server.url}/objects/${digest}`, connector: null };
  return {
    ...at,
    where: () => at,
    digest,
    sizeBytes: BYTES.length,
    partPath,
    stallMs: 300,
    signal: new AbortController().signal,
    onProgress: () => undefined,
    backoff: { baseMs: 1, capMs: 5 },
    onRetry: (error: { code: string }) => void retries.push(error.code),
    ...overrides,
  };
}

function sha256(path: string): string {
  return `sha256:${createHash("sha256").update(readFileSync(path)).digest("hex")}`;
}

const wrongBytes: Handler = (_request, response, bytes) => {
  response.writeHead(200, { "content-length": bytes.length }).end(Buffer.alloc(bytes.length));
};
const portal: Handler = (_request, response) => {
  response.writeHead(200, { "content-type": "text/html" }).end("<h1>Please log in</h1>");
};
const ignoreRange: Handler = (_request, response, bytes) => {
  response.writeHead(200, { "content-length": bytes.length }).end(bytes);
};
const endless: Handler = (_request, response) => {
  response.writeHead(200);
  const more = () => {
    while (!response.destroyed && response.write(Buffer.alloc(65_536)));
  };
  response.on("drain", more);
  more();
};

describe("a download", () => {
  it("brings the object with its digest", async () => {
    await fetchObject(request());
    expect(sha256(partPath)).toBe(digest);
    expect(server.requests).toEqual([{}]);
    expect(retries).toEqual([]);
  });

  it("goes on where a broken connection left it, if the object is still the same", async () => {
    server.script.push(stallAfter(70_000));
    const onProgress = (size: number) => {
      if (size === 70_000) server.breakConnections();
    };
    await fetchObject({ ...request(), stallMs: 5000, onProgress });
    expect(sha256(partPath)).toBe(digest);
    expect(retries).toEqual(["ARTIFACT_FETCH"]);
    expect(server.requests[1]).toMatchObject({
      range: "bytes=70000-",
      ifRange: `"${digest}"`,
    });
  });

  it("goes on with what an earlier life of the agent left", async () => {
    writeFileSync(partPath, BYTES.subarray(0, 150_000));
    await fetchObject(request());
    expect(sha256(partPath)).toBe(digest);
    expect(server.requests).toMatchObject([{ range: "bytes=150000-" }]);
  });

  it("asks nothing of the network when the part is whole", async () => {
    writeFileSync(partPath, BYTES);
    await fetchObject(request());
    expect(server.requests).toEqual([]);
  });

  it("begins again when the server ignores Range", async () => {
    writeFileSync(partPath, BYTES.subarray(0, 1000));
    server.script.push(ignoreRange);
    await fetchObject(request());
    expect(sha256(partPath)).toBe(digest);
    expect(statSync(partPath).size).toBe(BYTES.length);
  });

  it("begins again when the server cannot go on there", async () => {
    writeFileSync(partPath, BYTES.subarray(0, 1000));
    server.script.push(status(416));
    await fetchObject(request());
    expect(sha256(partPath)).toBe(digest);
  });

  it("begins again when what was left does not fit the rest", async () => {
    writeFileSync(partPath, Buffer.alloc(1000));
    await fetchObject(request());
    expect(retries).toEqual(["ARTIFACT_DIGEST"]);
    expect(sha256(partPath)).toBe(digest);
  });

  it("throws away a part that is longer than the object", async () => {
    writeFileSync(partPath, Buffer.alloc(BYTES.length + 1));
    await fetchObject(request());
    expect(sha256(partPath)).toBe(digest);
  });

  it("joins no bytes from another place of the object", async () => {
    writeFileSync(partPath, BYTES.subarray(0, 1000));
    server.script.push((_request, response, bytes) => {
      response.writeHead(206, { "content-range": `bytes 500-${bytes.length - 1}/${bytes.length}` });
      response.end(bytes.subarray(500));
    });
    await fetchObject(request());
    expect(sha256(partPath)).toBe(digest);
  });

  it.each([
    ["503", status(503), "ARTIFACT_FETCH"],
    ["429 with Retry-After: 0", status(429, { "retry-after": "0" }), "ARTIFACT_FETCH"],
    ["404, for an object that comes later", status(404), "ARTIFACT_MISSING"],
    ["wrong bytes", wrongBytes, "ARTIFACT_DIGEST"],
    ["a stall", stallAfter(10), "ARTIFACT_FETCH"],
    ["no answer at all", (() => undefined) as Handler, "ARTIFACT_FETCH"],
  ])("is tried again after %s", async (_what, handler, code) => {
    server.script.push(handler);
    await fetchObject(request());
    expect(retries).toEqual([code]);
    expect(sha256(partPath)).toBe(digest);
  });

  it.each([
    ["a page of a captive portal with 200", portal],
    ["wrong bytes of the right size", wrongBytes],
    ["a redirect to a portal", status(302, { location: "http://127.0.0.1:1/login?from=here" })],
    ["401", status(401)],
    ["511 Network Authentication Required", status(511)],
  ])("outlasts any number of answers of %s, and leaves none of them", async (_what, handler) => {
    server.script.push(...Array.from({ length: 12 }, () => handler));
    await fetchObject(request());
    expect(retries).toHaveLength(12);
    expect(sha256(partPath)).toBe(digest);
  });

  it("says where a redirect leads, and does not go there", async () => {
    server.script.push(status(307, { location: "http://127.0.0.1:9/login?secret" }));
    const once = downloadOnce(request());
    await expect(once).rejects.toThrow(/HTTP 307, a redirect to http:\/\/127\.0\.0\.1:9 that/);
  });

  it.each([
    [401, "HUB_REFUSED", false],
    [403, "HUB_REFUSED", false],
    [302, "ARTIFACT_FETCH", false],
    [400, "ARTIFACT_FETCH", false],
    [503, "ARTIFACT_FETCH", true],
  ])(
    "takes HTTP %d of the hub itself, which has proven who it is, as final unless it passes",
    (statusCode, code, retryable) => {
      expect(statusError({ statusCode, headers: {} }, digest, true)).toMatchObject({
        code,
        retryable,
      });
    },
  );

  it("is given up when nothing but wrong bytes has come for long, and leaves none of them", async () => {
    server.script.push(...Array.from({ length: 1000 }, () => wrongBytes));
    const wrong = fetchObject({ ...request(), wrongForMs: 50 });
    await expect(wrong).rejects.toMatchObject({ code: "ARTIFACT_DIGEST" });
    expect(server.requests.length).toBeGreaterThan(1);
    expect(() => statSync(partPath)).toThrow(/ENOENT/);
  });

  it("is given up after three answers when it is the hub itself that sends wrong bytes", async () => {
    server.script.push(...Array.from({ length: 1000 }, () => wrongBytes));
    // Whoever answers a connector has proved to be the hub.
    const hub = Object.create(Connector.prototype) as Connector;
    const connector = Object.assign(hub, { http: httpRequest });
    const where = () => ({ url: `${server.url}/objects/${digest}`, connector });
    const wrong = fetchObject({ ...request(), where });
    await expect(wrong).rejects.toMatchObject({ code: "ARTIFACT_DIGEST" });
    expect(server.requests).toHaveLength(3);
  });

  it("reads not one byte beyond the signed size of an endless answer", async () => {
    server.script.push(endless);
    await expect(downloadOnce(request())).rejects.toMatchObject({ code: "ARTIFACT_DIGEST" });
    expect(() => statSync(partPath)).toThrow(/ENOENT/);
  });

  it("refuses an object whose stated size is not the signed one before reading it", async () => {
    const sizes: number[] = [];
    const wrong = { ...request({ sizeBytes: 10 }), onProgress: (n: number) => void sizes.push(n) };
    await expect(downloadOnce(wrong)).rejects.toMatchObject({ code: "ARTIFACT_DIGEST" });
    expect(sizes).toEqual([]);
  });

  it("keeps what has come when it is cancelled", async () => {
    const abort = new AbortController();
    server.script.push(stallAfter(50_000));
    const onProgress = (size: number) => {
      if (size === 50_000) abort.abort();
    };
    const cancelled = fetchObject({ ...request({ signal: abort.signal }), onProgress });
    await expect(cancelled).rejects.toMatchObject({ code: "CANCELLED" });
    expect(statSync(partPath).size).toBe(50_000);
  });

  it("says which server does not answer, without the path", async () => {
    const closed = "http://127.0.0.1:9";
    const failing = downloadOnce(request({ url: `${closed}/objects/${digest}` }));
    await expect(failing).rejects.toThrow(/Cannot fetch from http:\/\/127\.0\.0\.1:9: /);
  });
});
