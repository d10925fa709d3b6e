import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { CHANNELS, type ChannelName, topic } from "../../contract/index.ts";
import { Digest, Name } from "../../spec/index.ts";
import type { ObjectStore } from "../../transfer/files/object-store.ts";
import type { Principal } from "../credentials/authenticator.ts";
import type { HubInfo } from "../hub-info.ts";
import type { Log } from "../log.ts";
import { type DeviceParts, deleteDevice, listDevices, putDevice } from "./device-routes.ts";
import { getObject, putObject } from "./object-routes.ts";
import { sendError, sendJson, sendProblem } from "./respond.ts";

const HEADERS_DEADLINE_MS = 10_000;
/** A transfer may take hours on a slow link, but not stand still this long. */
const IDLE_DEADLINE_MS = 60_000;

export interface HttpParts extends DeviceParts {
  info(): HubInfo;
  fleet: string;
  objects: ObjectStore;
  log: Log;
}

/**
 *     GET    /info                          anyone
 *     HEAD   /objects/sha256:<hex>          device or operator; GET with Range too
 *     PUT    /objects/sha256:<hex>          operator
 *     GET    /devices                       operator; names and which channels are retained
 *     PUT    /devices/<name>                operator, {"password"}; DELETE too
 *     GET    /retained/<device>/<channel>   operator; what is retained right now, 404 when nothing is
 */
export function createHttpServer(parts: HttpParts): Server {
  const handle = (request: IncomingMessage, response: ServerResponse): void => {
    route(parts, request, response).catch((error: unknown) => {
      // The rest of a refused upload is not worth reading.
      if (!request.complete && !response.headersSent) response.setHeader("connection", "close");
      sendError(response, error, parts.log);
    });
  };
  const server = createServer({ requestTimeout: 0, headersTimeout: HEADERS_DEADLINE_MS }, handle);
  server.setTimeout(IDLE_DEADLINE_MS);
  // Answer before the body is sent where it is not wanted (curl asks for uploads above 1 MB).
  server.on("checkContinue", (request: IncomingMessage, response: ServerResponse) => {
    const iterate = request.iterator.bind(request);
    request.iterator = (options) => {
      response.writeContinue();
      return iterate(options);
    };
    handle(request, response);
  });
  return server;
}

async function route(
  parts: HttpParts,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const path = (request.url ?? "/").split("?", 1)[0] ?? "/";
  const method = request.method ?? "GET";
  if (path === "/info" && method === "GET") {
    sendJson(response, 200, parts.info());
    return;
  }
  const who = await authenticate(parts, request);
  if (!who) {
    sendProblem(response, 401, "HUB_REFUSED", "Expected a known user name and password");
    return;
  }
  const action = findAction(parts, method, path);
  if (!action)
    sendProblem(response, 404, "USAGE", `The hub has no ${method} ${path.slice(0, 200)}`);
  else if (action.operatorOnly && who.kind !== "operator") {
    sendProblem(response, 403, "HUB_REFUSED", "Only the operator may do this");
  } else await action.run(request, response);
}

interface Action {
  operatorOnly: boolean;
  run(request: IncomingMessage, response: ServerResponse): Promise<void> | void;
}

function findAction(parts: HttpParts, method: string, path: string): Action | null {
  if (path === "/devices" && method === "GET") {
    return { operatorOnly: true, run: (_, response) => listDevices(parts, response) };
  }
  const [, folder, first, second, ...rest] = path.split("/");
  if (first === undefined || rest.length > 0) return null;
  if (folder === "objects" && second === undefined && Digest.safeParse(first).success) {
    return objectAction(parts, method, first);
  }
  if (!Name.safeParse(first).success) return null;
  if (folder === "devices" && second === undefined) return deviceAction(parts, method, first);
  if (folder === "retained" && method === "GET" && second !== undefined && second in CHANNELS) {
    const name = topic(parts.fleet, first, second as ChannelName);
    return { operatorOnly: true, run: (_, response) => sendRetained(parts, name, response) };
  }
  return null;
}

function objectAction(parts: HttpParts, method: string, digest: string): Action | null {
  const { objects } = parts;
  if (method === "GET" || method === "HEAD") {
    return { operatorOnly: false, run: (req, res) => getObject(objects, digest, req, res) };
  }
  return method === "PUT"
    ? { operatorOnly: true, run: (req, res) => putObject(objects, digest, req, res) }
    : null;
}

function deviceAction(parts: HttpParts, method: string, name: string): Action | null {
  if (method === "PUT") {
    return { operatorOnly: true, run: (req, res) => putDevice(parts, name, req, res) };
  }
  return method === "DELETE"
    ? { operatorOnly: true, run: (_, res) => deleteDevice(parts, name, res) }
    : null;
}

function sendRetained(parts: HttpParts, name: string, response: ServerResponse): void {
  const payload = parts.retained.get(name);
  if (!payload) {
    sendProblem(response, 404, "ARTIFACT_MISSING", `Nothing is retained on ${name}`);
    return;
  }
  response.writeHead(200, {
    "content-type": "application/octet-stream",
    "content-length": payload.length,
    "cache-control": "no-store",
  });
  response.end(payload);
}

/** Basic authentication (RFC 7617). */
async function authenticate(parts: HttpParts, request: IncomingMessage): Promise<Principal | null> {
  const match = /^Basic\s+([A-Za-z0-9+/=]+)$/i.exec(request.headers.authorization ?? "");
  if (!match) return null;
  const text = Buffer.from(match[1] ?? "", "base64").toString("utf8");
  const colon = text.indexOf(":");
  if (colon < 0) return null;
  return parts.authenticator.verify(text.slice(0, colon), text.slice(colon + 1));
}
