import { FleetError } from "../../../fleet/errors/index.ts";
import type { EngineLog, Severity } from "./engine-log.ts";

/** One create, read, update or delete while it runs. */
export interface Operation extends Disposable {
  readonly urn: string;
  /** How long it may take in all. */
  readonly timeoutMs: number;
  /** Fires with a FleetError: CANCELLED by the user, OPERATION_TIMEOUT when time is up. */
  readonly signal: AbortSignal;
  log(severity: Severity, message: string): void;
  /**
   * Shows `message` in the resource's row; repeated texts are sent once. Where each text becomes a line of a log, one
   * that differs from the last in its figures alone is not sent.
   */
  status(message: string): void;
  /** An attempt failed and another follows: a warning the first time, as it may explain what comes after. */
  retrying(reason: string): void;
}

export interface OperationRequest {
  urn: string;
  doing: string;
  /** From customTimeouts; 0 stands for `defaultMs`. */
  timeoutSeconds: number;
  defaultMs: number;
}

/** Operations under way, so that `Cancel` can end them all. */
export class Operations {
  readonly #running = new Set<AbortController>();
  /** Whether rows are drawn anew in place, so that figures may change every moment. */
  readonly #hasTerminal: boolean;
  #log: EngineLog;

  constructor(log: EngineLog, hasTerminal: boolean) {
    this.#log = log;
    this.#hasTerminal = hasTerminal;
  }

  set log(log: EngineLog) {
    this.#log.close();
    this.#log = log;
  }

  /** For previews, which are no operations. */
  inform(urn: string, message: string, severity: Severity = "info"): void {
    this.#log.log(severity, urn, message);
  }

  start(request: OperationRequest): Operation {
    const controller = new AbortController();
    this.#running.add(controller);
    const ms = request.timeoutSeconds > 0 ? request.timeoutSeconds * 1000 : request.defaultMs;
    let lastStatus = "";
    let lastMessage = "";
    const timer = setTimeout(() => controller.abort(timeoutOf(request.doing, ms, lastMessage)), ms);
    const warned = new Set<string>();
    const status = (message: string) => {
      lastMessage = message;
      const state = this.#hasTerminal ? message : withoutFigures(message);
      if (state === lastStatus) return;
      lastStatus = state;
      this.#log.status(request.urn, message);
    };
    return {
      urn: request.urn,
      timeoutMs: ms,
      signal: controller.signal,
      log: (severity, message) => this.#log.log(severity, request.urn, message),
      status,
      retrying: (reason) => {
        const seen = withoutFigures(reason);
        if (!warned.has(seen)) this.#log.log("warning", request.urn, `${reason}; trying again`);
        warned.add(seen);
        status(`${reason}; trying again`);
      },
      [Symbol.dispose]: () => {
        clearTimeout(timer);
        this.#running.delete(controller);
      },
    };
  }

  cancelAll(): void {
    for (const controller of this.#running) {
      controller.abort(new FleetError("CANCELLED", "The update was cancelled"));
    }
  }
}

/** What two texts of one state have in common. */
function withoutFigures(text: string): string {
  return text.replaceAll(/\d+(?:[.,:]\d+)*/g, "#");
}

/** `last`: what the row showed when time was up, which may be all that tells why. */
function timeoutOf(doing: string, ms: number, last: string): FleetError {
  const got = last === "" ? "" : ` but got no further than: ${last}`;
  return new FleetError(
    "OPERATION_TIMEOUT",
    `Expected to finish within ${Math.round(ms / 1000)} s while ${doing}${got}`,
  );
}
