import type { IncomingMessage } from "node:http";
import type { MqttClient } from "mqtt";
import { FleetError } from "../errors/index.ts";
import { type HttpRequest, httpRequest, originOf } from "./http/http-request.ts";
import { clientTls, type HubTls, ownEnd } from "./identity/client-tls.ts";
import type { Identity } from "./identity/identity.ts";
import type { TrustedClock } from "./identity/trusted-clock.ts";
import { type MqttSettings, startMqtt } from "./mqtt/start-mqtt.ts";

/** Where the identity comes from: asked at every connection, so that a renewed certificate is shown from then on. */
export interface IdentitySource {
  current(): Identity;
}

/**
 * The one place from which agent, provider and command line connect to their hub: mutual TLS by one identity, one
 * clock to judge validity against, and nobody else ever sees the certificate.
 */
export class Connector {
  readonly clock: TrustedClock;
  readonly #identity: IdentitySource;

  constructor(identity: IdentitySource, clock: TrustedClock) {
    this.#identity = identity;
    this.clock = clock;
  }

  get identity(): Identity {
    return this.#identity.current();
  }

  /** A request to the hub; throws IDENTITY_* and HUB_UNTRUSTED beside what `httpRequest` does. */
  async http(request: HttpRequest): Promise<IncomingMessage> {
    const tls = this.tlsFor(request.url);
    try {
      return await httpRequest({ ...request, tls });
    } catch (error) {
      throw this.explain(error);
    }
  }

  /** One session, from connect to close. MQTT goes to its broker directly: no proxy is asked. */
  mqtt(settings: MqttSettings): MqttClient {
    return startMqtt(settings, () => this.tlsFor(settings.url));
  }

  tlsFor(url: string): HubTls {
    const { hostname, protocol } = new URL(url);
    if (protocol !== "https:" && protocol !== "mqtts:") {
      throw new FleetError(
        "USAGE",
        `Expected https:// or mqtts:// for the hub but got ${originOf(url)}`,
      );
    }
    return clientTls(hostname.replace(/^\[|\]$/g, ""), this.identity, this.clock);
  }

  /** The reason behind a failed connection: what the hub proved to be, or what has become of our own certificate. */
  explain(error: unknown): unknown {
    if (error instanceof FleetError) return error;
    const ended = ownEnd(this.identity, this.clock);
    if (ended) return ended;
    const reason = untrustedReason(error);
    if (reason === null) return error;
    return new FleetError("HUB_UNTRUSTED", `Expected the hub of this fleet but got: ${reason}`, {
      cause: error,
    });
  }
}

/** OpenSSL's and Node's names of what is wrong with a chain or a name. */
const UNTRUSTED =
  /^(UNABLE_TO_|SELF_SIGNED_CERT|DEPTH_ZERO_SELF_SIGNED|CERT_|ERR_TLS_CERT|INVALID_PURPOSE|HOSTNAME_MISMATCH)/;

function untrustedReason(error: unknown): string | null {
  for (let at: unknown = error; at instanceof Error; at = (at as { cause?: unknown }).cause) {
    const { code } = at as NodeJS.ErrnoException;
    if (typeof code === "string" && UNTRUSTED.test(code)) return at.message;
  }
  return null;
}
