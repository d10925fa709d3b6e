interface CodeRow {
  /** When this code is used, one sentence. */
  when: string;
  /** The default next step for a person. */
  hint: string;
  retryable: boolean;
}

/** Every error code a user can meet, grouped by the part that raises it. Codes are stable; messages are not. */
export const ERROR_CODES = {
  INTERNAL: row("jetfleet itself is at fault.", "Report it with the full message.", false),
  USAGE: row("A command or an option was used wrongly.", "Run the command with --help.", false),
  CANCELLED: row("The user or the engine cancelled the operation.", "Run it again to go on.", true),
  OPERATION_TIMEOUT: row(
    "An operation of the provider took longer than it may.",
    "Run `up` again to go on, or raise `customTimeouts` of the resource.",
    true,
  ),

  SPEC_INVALID: row(
    "A device, model or pipeline says something impossible.",
    "Correct the named property.",
    false,
  ),
  SPEC_UNSUPPORTED: row(
    "A key of the specification is known but not yet supported by this version.",
    "Remove the key; the README lists what works today.",
    false,
  ),
  MODEL_INVALID: row(
    "A model file cannot be read or does not fit its decoder.",
    "Check the file and the decoder.",
    false,
  ),

  SETUP_MISSING: row("A piece of the toolchain is missing.", "Run `npm run setup`.", false),
  SETUP_FAILED: row(
    "A set-up step failed.",
    "Read the log it names, then run `npm run setup` again.",
    true,
  ),
  PART_FAILED: row(
    "A background process of the demo did not start.",
    "Read the log it names, then run the command again.",
    true,
  ),
  PULUMI_FAILED: row(
    "The Pulumi engine ended an operation with an error.",
    "Read what Pulumi said, mend it, then run the command again; what is done stays done.",
    true,
  ),
  PORT_TAKEN: row(
    "A port that was asked for is in use.",
    "Stop the other program or choose another port.",
    false,
  ),

  SSH_UNREACHABLE: row(
    "No SSH server answered at the address.",
    "Check address, port and cable.",
    true,
  ),
  SSH_AUTH: row("The board refused the SSH key.", "Check ssh.user and ssh.privateKeyPath.", false),
  SSH_KEY_UNREADABLE: row(
    "The SSH private key cannot be read.",
    "Check ssh.privateKeyPath and its format.",
    false,
  ),
  SSH_HOST_KEY_MISMATCH: row(
    "The board showed another host key than the pinned one.",
    "If the board was re-flashed, set ssh.hostKey to the new fingerprint; otherwise do not go on.",
    false,
  ),
  SSH_COMMAND_FAILED: row(
    "A command on the board failed.",
    "Read its output in the message.",
    false,
  ),
  SSH_TIMEOUT: row(
    "The board did not answer an SSH step in time.",
    "Check the network and the board's load.",
    true,
  ),

  BOARD_UNKNOWN: row(
    "The board could not be identified.",
    "Name the board in the program and report its facts.",
    false,
  ),
  BOARD_MISMATCH: row(
    "The board is not the one the program declares.",
    "Correct `board` or `address` in the program.",
    false,
  ),
  DEMAND_IMPOSSIBLE: row(
    "A pipeline demands what the plan says the silicon of its board cannot give.",
    "Lower the demand or take another board; `jetfleet plan` shows what is possible.",
    false,
  ),
  BOARD_DISK_FULL: row(
    "The board has too little free disk.",
    "Free space on the board, then run `up` again.",
    true,
  ),

  HUB_UNREACHABLE: row("The hub does not answer.", "Start the hub, or correct its address.", true),
  HUB_REFUSED: row(
    "The hub refused the credentials or the request.",
    "Check the operator credentials file.",
    false,
  ),
  HUB_DISK_FULL: row(
    "The hub's disk is full.",
    "Free space on the hub's machine, then run the command again.",
    true,
  ),
  AGENT_OFFLINE: row(
    "The agent did not report in time.",
    "See `journalctl -u jetfleet-agent` on the board.",
    true,
  ),

  ARTIFACT_MISSING: row(
    "The hub does not hold an artifact.",
    "Run `pulumi refresh`, then `up`, which sends it again.",
    true,
  ),
  ARTIFACT_DIGEST: row(
    "An artifact does not have the digest it was named by.",
    "Run `pulumi refresh`, then `up`, which sends it again.",
    true,
  ),
  ARTIFACT_FETCH: row(
    "An artifact could not be fetched.",
    "Check the network between board and hub.",
    true,
  ),

  DESIRED_UNSIGNED: row(
    "A desired document has no valid signature.",
    "Deploy with the fleet's own signing key.",
    false,
  ),
  DESIRED_INVALID: row(
    "A desired document does not follow the contract.",
    "Use the same jetfleet version on both sides.",
    false,
  ),
  DESIRED_STALE: row(
    "A desired document is older than the one in force.",
    "Run `up` again.",
    false,
  ),

  AGENT_CONFIG: row(
    "The agent's configuration on the board cannot be used.",
    "Run `up` again; it writes /etc/jetfleet/agent.json.",
    false,
  ),
  UPDATE_LOOP: row(
    "An update was begun again too often without coming to an end.",
    "See `journalctl -u jetfleet-agent` on the board, then run `up` again.",
    false,
  ),

  SIM_REFUSED: row(
    "The machine refuses the namespaces or mounts that a simulated board is made of.",
    "Run as root (in a container: --privileged), or allow user namespaces: " +
      "`sudo sysctl -w kernel.apparmor_restrict_unprivileged_userns=0` on Ubuntu 24.04.",
    false,
  ),
  SIM_FAILED: row(
    "A simulated board or camera did not start.",
    "Read the reason in the message.",
    true,
  ),
  SIM_BUSY: row(
    "Another process already runs the simulated board of this folder.",
    "Stop the other process or choose another folder.",
    false,
  ),

  SOURCE_UNREACHABLE: row(
    "A video source does not answer.",
    "Check the source's URI and the camera.",
    true,
  ),
  SOURCE_AUTH: row(
    "A video source refused the credentials.",
    "Check user and password of the source.",
    false,
  ),
  SOURCE_FORMAT: row("A video source sends what cannot be decoded.", "Use H.264 video.", false),
  NATIVE_LOAD: row(
    "The native runtime cannot be loaded.",
    "Check that it was built for this machine.",
    false,
  ),
  RUNNER_CRASHED: row(
    "The runner process ended by itself.",
    "See the agent's log on the board.",
    true,
  ),
  PIPELINE_NOT_RUNNING: row(
    "A pipeline delivers no frames.",
    "Read the reason in the message.",
    true,
  ),
  PIPELINE_BUDGET: row(
    "A pipeline runs, but has missed its budget for ten seconds.",
    "Find the stage that waits or drops, or change the pipeline's `budget`.",
    true,
  ),
} as const satisfies Record<string, CodeRow>;

export type ErrorCode = keyof typeof ERROR_CODES;

function row(when: string, hint: string, retryable: boolean): CodeRow {
  return { when, hint, retryable };
}
