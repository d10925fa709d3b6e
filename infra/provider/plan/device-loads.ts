import type { NamedUsage } from "../../../fleet/plan/index.ts";

interface Load extends NamedUsage {
  device: string;
}

/**
 * What the pipelines checked so far take of their devices. The engine checks in an order of its own, and one resource
 * more than once: the last answer counts.
 */
export class DeviceLoads {
  readonly #byUrn = new Map<string, Load>();

  /** What others take of the device, in an order that does not depend on when they were checked. */
  beside(urn: string, device: string): NamedUsage[] {
    return [...this.#byUrn]
      .filter(([other, load]) => other !== urn && load.device === device)
      .map(([, { device: _device, ...usage }]) => usage)
      .sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  note(urn: string, load: Load): void {
    this.#byUrn.set(urn, load);
  }

  /** For a pipeline that was not admitted, or of which nothing is known. */
  forget(urn: string): void {
    this.#byUrn.delete(urn);
  }
}
