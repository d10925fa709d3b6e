import type { SecureContextOptions } from "node:tls";
import type { ObjectStore } from "../../transfer/files/object-store.ts";
import type { History } from "../history/history.ts";
import type { HubInfo } from "../hub-info.ts";
import type { Gate } from "../identity/gate.ts";
import type { Log } from "../log.ts";
import type { CertificateParts } from "./routes/certificates.ts";
import type { DeviceParts } from "./routes/devices.ts";
import type { EngineParts } from "./routes/engines.ts";
import type { EnrolmentParts } from "./routes/enrolment.ts";

/** What the routes need of the hub. */
export interface HttpParts extends DeviceParts, CertificateParts, EngineParts, EnrolmentParts {
  /** Key, certificate and CA of the hub. */
  tls: SecureContextOptions;
  gate: Gate;
  info(): HubInfo;
  fleet: string;
  objects: ObjectStore;
  history: History;
  log: Log;
}
