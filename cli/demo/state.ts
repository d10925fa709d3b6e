import path from "node:path";
import { truthFileOf } from "../hub-location.ts";
import { stateDir } from "../setup/paths.mjs";

/** Where the demo keeps what. */
export interface DemoPaths {
  state: string;
  keys: string;
  logs: string;
  hub: string;
  camera: string;
  boards: string;
  /** Working folder of the truth keeper. */
  truth: string;
  /** What it writes. */
  truthFile: string;
  lock: string;
  operatorFile: string;
  signingKey: string;
  sshKey: string;
  sshPublicKey: string;
}

export function demoPaths(state: string = stateDir()): DemoPaths {
  const keys = path.join(state, "keys");
  return {
    state,
    keys,
    logs: path.join(state, "logs"),
    hub: path.join(state, "hub"),
    camera: path.join(state, "camera"),
    boards: path.join(state, "boards"),
    truth: path.join(state, "truth"),
    truthFile: truthFileOf(state),
    lock: path.join(state, "demo.lock"),
    operatorFile: path.join(keys, "operator.pem"),
    signingKey: path.join(keys, "fleet-signing.pem"),
    sshKey: path.join(keys, "ssh_ed25519"),
    sshPublicKey: path.join(keys, "ssh_ed25519.pub"),
  };
}
