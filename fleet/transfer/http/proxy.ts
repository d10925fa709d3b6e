import type { Agent } from "node:http";
import { HttpsProxyAgent } from "https-proxy-agent";
import { getProxyForUrl } from "proxy-from-env";

/**
 * The tunnel through which `url` is to be reached, by HTTPS_PROXY, HTTP_PROXY and NO_PROXY; undefined when directly.
 * TLS goes through it end to end, so a proxy sees the host's name and nothing more.
 */
export function tunnelFor(url: string): Agent | undefined {
  const proxy = getProxyForUrl(url);
  return proxy === "" ? undefined : new HttpsProxyAgent(proxy);
}
