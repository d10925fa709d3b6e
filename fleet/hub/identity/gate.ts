import type { Socket } from "node:net";
import type { Server, TLSSocket } from "node:tls";
import { asFleetError } from "../../errors/index.ts";
import { Door } from "../door.ts";
import type { Log } from "../log.ts";
import type { CertificateRegister } from "./certificate-register.ts";
import { type Principal, principalOf } from "./principal.ts";

interface Session {
  socket: TLSSocket;
  who: Principal;
  serial: string;
}

/** Connections of one peer at once, over MQTT and HTTP together; an operator's programs share a name. */
const MOST_SESSIONS = { device: 32, operator: 512 } as const;

/** Lets in, over MQTT and HTTP alike, who shows a certificate that is in force, and ends the sessions of who does not. */
export class Gate {
  readonly #fleet: string;
  readonly #register: CertificateRegister;
  readonly #log: Log;
  readonly #sessions = new Set<Session>();
  readonly #door: Door;

  constructor(fleet: string, register: CertificateRegister, log: Log) {
    this.#door = new Door(log);
    this.#fleet = fleet;
    this.#register = register;
    this.#log = log;
  }

  /** To be called for each server: sessions are known from the end of the handshake on. */
  watch(server: Server): void {
    this.#door.watch(server);
    server.on("secureConnection", (socket) => {
      const shown = principalOf(socket, this.#fleet);
      if (!shown) return;
      const session = { socket, ...shown };
      if (this.#isFull(shown.who)) {
        this.#log("connection refused: its peer has too many", { ...shown.who });
        this.countFailure(socket);
        socket.destroy();
        return;
      }
      this.#sessions.add(session);
      socket.once("close", () => this.#sessions.delete(session));
    });
    server.on("tlsClientError", (error, socket) => {
      this.#log("handshake failed", { peer: socket.remoteAddress ?? null, reason: error.message });
    });
  }

  /** Null when the certificate is not this fleet's or no longer in force. Asked at each request and each connect. */
  admit(socket: TLSSocket): Principal | null {
    const shown = principalOf(socket, this.#fleet);
    if (!shown) return null;
    const { who, serial } = shown;
    if (!this.#register.accepts(who, serial)) {
      this.#log("certificate is not in force", { kind: who.kind, name: who.name, serial });
      return null;
    }
    this.#register.used(who, serial).then(
      (dropped) => {
        if (dropped) this.endRefused();
      },
      (error: unknown) => {
        const reason = asFleetError(error, "dropping older certificates").message;
        this.#log("certificates could not be kept", { reason });
      },
    );
    return who;
  }

  /** An address whose peer has as much as it may is turned away, after a while, before the handshake. */
  countFailure(socket: Socket | undefined): void {
    this.#door.failed(socket?.remoteAddress ?? "");
  }

  serialOf(socket: TLSSocket): string {
    return principalOf(socket, this.#fleet)?.serial ?? "";
  }

  /** Whether `who` may still act in a session that was admitted. */
  isKnown(who: Principal): boolean {
    return this.#register.has(who);
  }

  #isFull({ kind, name }: Principal): boolean {
    let own = 0;
    for (const { who } of this.#sessions) if (who.kind === kind && who.name === name) own += 1;
    return own >= MOST_SESSIONS[kind];
  }

  /** Ends every session whose certificate is no longer in force. */
  endRefused(): void {
    for (const { socket, who, serial } of this.#sessions) {
      if (!this.#register.accepts(who, serial)) socket.destroy();
    }
  }
}
