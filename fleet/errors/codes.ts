interface CodeRow {
  /** When this code is used, one sentence. */
  when: string;
  /** The default next step for a person. */
  hint: string;
  retryable: boolean;
}

/**
 * Every error code a user can meet, grouped by the part that raises it. Codes are stable; messages are not. One table, so
 * one file: a code stands in it once.
 */
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
  MODEL_MEMORY: row(
    "The device has not enough memory for a model beside what else runs there.",
    "Stop another pipeline of the device, or use a smaller model or precision.",
    false,
  ),
  MODEL_INVALID: row(
    "A model file cannot be read or does not fit its decoder.",
    "Check the file and the decoder.",
    false,
  ),
  DECODER_MACHINE: row(
    "A decoder of the operator's own has no file for the machine that is to run it, or one that is for another machine.",
    "Compile it for that machine and name the file in decoderLibrary.",
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
  SSH_AUTH: row("The board refused the login.", "Check ssh.user and what it logs in with.", false),
  SSH_KEY_UNREADABLE: row(
    "The SSH private key cannot be read.",
    "Check ssh.privateKeyPath and its format.",
    false,
  ),
  SSH_CERTIFICATE: row(
    "A certificate for the login cannot be used.",
    "See what it says with `ssh-keygen -L -f FILE`; have the key signed anew.",
    false,
  ),
  SSH_HOST_KEY_MISMATCH: row(
    "The board showed another host key than the pinned one.",
    "If the board was re-flashed, set ssh.hostKey to the new fingerprint; otherwise do not go on.",
    false,
  ),
  SSH_HOST_KEY_UNKNOWN: row(
    "Nothing says whose key a host on the way showed.",
    "Compare it on that host, then set its hostKey or name a knownHosts file.",
    false,
  ),
  SSH_REFUSED: row(
    "The board's SSH server or the login's shell runs no command.",
    "See MaxSessions in sshd_config, and the login's shell.",
    false,
  ),
  SSH_COMMAND_FAILED: row(
    "A command on the board failed.",
    "Read its output in the message.",
    false,
  ),
  FILE_CHANGED: row(
    "A file on this machine changed while it was sent.",
    "Wait until what writes it has ended, then run `up` again.",
    true,
  ),
  SSH_TIMEOUT: row(
    "The board did not answer an SSH step in time.",
    "Check the network and the board's load.",
    true,
  ),

  BOARD_ROOT: row(
    "The login cannot become root on the board.",
    "Allow it to use sudo, set ssh.sudoPassword, or connect as root.",
    false,
  ),
  BOARD_UNKNOWN: row(
    "The board could not be identified.",
    "Name the board in the program and report its facts.",
    false,
  ),
  BOARD_JETPACK: row(
    "The board's JetPack is too old for what would be installed on it.",
    "Flash the board with the JetPack that is named (SDK Manager, or an image of the module), then run `up` again.",
    false,
  ),
  BOARD_LACKS: row(
    "The board lacks what nothing of ours runs without; nothing was changed on it.",
    'Install what is named, or say `packages: "install"` in the program.',
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
  BOARD_DISK_FAILED: row(
    "The board's disk refuses to be read or written.",
    "See `dmesg` on the board; replace the disk or card if it fails.",
    true,
  ),

  HUB_UNREACHABLE: row("The hub does not answer.", "Start the hub, or correct its address.", true),
  HUB_REFUSED: row(
    "The hub refused the certificate or the request.",
    "Check that the operator's certificate is this hub's; a hub that is started makes one that is missing.",
    false,
  ),
  HUB_UNTRUSTED: row(
    "What answers at the hub's address did not prove to be the fleet's hub.",
    "Check the address; if the hub has a new CA, run `up` to tell the devices.",
    true,
  ),
  IDENTITY_MISSING: row(
    "The file with a key and its certificate is not there.",
    "An operator's is made by the hub when it starts, a device's by `up`.",
    false,
  ),
  IDENTITY_INVALID: row(
    "The file with a key and its certificate cannot be used.",
    "Remove the operator's file and start the hub again; a device's is written anew by `up`.",
    false,
  ),
  IDENTITY_EXPIRED: row(
    "A certificate of our own has ended.",
    "An operator's is renewed when the hub starts, a device's by `up`.",
    false,
  ),
  HUB_DISK_FULL: row(
    "The hub's disk is full.",
    "Free space on the hub's machine, then run the command again.",
    true,
  ),
  HUB_DISK_FAILED: row(
    "The hub's disk refuses to be read or written.",
    "See `dmesg` and the rights of the hub's folder on its machine; the hub tries again by itself.",
    true,
  ),
  HISTORY_FAILED: row(
    "The hub cannot keep or read its history.",
    "Check the disk and the rights of `history/` in the hub's folder.",
    true,
  ),
  HISTORY_DAMAGED: row(
    "The hub's history cannot be read.",
    "The hub sets the file aside and begins another when it starts; its log names both.",
    false,
  ),
  HUB_CHANGED_MEANWHILE: row(
    "Something at the hub was changed by another program after it was read.",
    "Run the command again.",
    true,
  ),
  HUB_STATE_UNREADABLE: row(
    "A file of the hub cannot be read, or is of a newer version; it is left as it is.",
    "Restore the file from a backup, or use the version of jetfleet that wrote it.",
    false,
  ),
  HUB_NOT_CERTIFIED: row(
    "The hub's key is not certified by the fleet's root.",
    "Run `up` with the root key.",
    false,
  ),
  HUB_CONTENT_DIFFERS: row(
    "The hub does not hold what was signed last: it lost data, or somebody changed it.",
    "Find out why; `pulumi refresh` and `up` then release it again.",
    false,
  ),
  PIPELINE_OWNED: row(
    "A pipeline of that name is on the device already, and another program put it there.",
    "Name one of them otherwise, or remove it with the program that it is of.",
    false,
  ),
  BOARD_POWER_MODE: row(
    "The board does not go into the power mode that the program asks for.",
    "Take one that its /etc/nvpmodel.conf lists; one that wants a reboot is set by hand, with `sudo nvpmodel -m ID`.",
    false,
  ),
  BOARD_CLOCKS: row(
    "The board's clocks are not as the program asks for them.",
    "Look at `sudo jetson_clocks --show` on the board; what else takes clocks to their maximum there, at boots or by hand, has to leave them, and a reboot lets them go.",
    false,
  ),
  BOARD_FAN: row(
    "The board's fan does not take the profile that the program asks for.",
    "Take one of those that the board has: `sudo nvfancontrol -q` and /etc/nvfancontrol.conf, or `sudo nvpmodel -q` before JetPack 5.",
    false,
  ),
  BOARD_CONTAINER: row(
    "The board cannot run containers that have its card.",
    "Do what is said; or leave out `container`, and the agent runs straight under the board's system.",
    false,
  ),
  BOARD_IMAGE: row(
    "The image cannot be had on the board, or nothing of ours would run in it.",
    "Name another image, or mend what is said; what runs on the board goes on as it was.",
    false,
  ),
  DEVICE_OWNED: row(
    "The board, or the device's name at the hub, is another program's resource.",
    "Remove it with the program that it is of, or say `takeOver: true` in the one that shall have it.",
    false,
  ),
  AGENT_REVERTED: row(
    "A new agent or configuration did not reach the hub, and the board put the former one back.",
    "See `journalctl -u jetfleet-agent` on the board for why, mend it, and run `up` again.",
    false,
  ),
  AGENT_OUTDATED: row(
    "The agent of a device does not read what this version deploys.",
    "Run `up` for the device first; it brings the agent to this version.",
    false,
  ),
  AGENT_OFFLINE: row(
    "The agent did not report in time.",
    "See `journalctl -u jetfleet-agent` on the board.",
    true,
  ),

  IDENTITY_COPIED: row(
    "Two boards bear one device's identity, as after its SD card was copied; the one that came later is kept out.",
    "Give the copy an identity of its own: declare it as another Device with its address and takeOver: true.",
    false,
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
    "A desired document has no valid signature of the key that may compose it.",
    "Run `up` again; it certifies the hub's key where that was lost.",
    false,
  ),
  DESIRED_INVALID: row(
    "A desired document does not follow the contract.",
    "Use the same jetfleet version on both sides.",
    false,
  ),
  VERSION_UNREADABLE: row(
    "A signed document is of a version that this program does not read.",
    "Run `up` again, which brings the agent to the version of the program; the hub must be of it too.",
    false,
  ),
  DESIRED_MISDIRECTED: row(
    "A desired document is for another fleet or another device.",
    "See the hub's log: it gave a device what is not its own.",
    false,
  ),
  DESIRED_STALE: row(
    "A desired document is older than the one in force.",
    "Run `up` again.",
    false,
  ),
  DESIRED_CONFLICT: row(
    "A desired document has the number of the one in force and another content.",
    "Make sure that one hub alone serves the fleet, then run `up` again.",
    false,
  ),
  DESIRED_JUMP: row(
    "The generation of a desired document is too far above the one in force.",
    "Raise `epoch` of the provider by one and run `up`.",
    false,
  ),
  DESIRED_EXPIRED: row(
    "A desired document has ended.",
    "Start the hub, which composes a new one; check the clock of the device.",
    true,
  ),
  DESIRED_UNANSWERED: row(
    "A device without memory got a document from before it asked.",
    "Start the hub; it answers by itself.",
    true,
  ),
  ROLES_UNSIGNED: row(
    "The roles of a fleet are not signed by its root key.",
    "Deploy with the root key that the devices were provisioned with.",
    false,
  ),
  ROLES_INVALID: row(
    "The roles of a fleet do not follow the contract.",
    "Use the same jetfleet version on both sides.",
    false,
  ),
  ROLES_STALE: row(
    "The roles of a fleet are older than those the device knows.",
    "Run `up` again; it signs new ones.",
    false,
  ),
  ROLES_CONFLICT: row(
    "The roles of a fleet have a number that the device knows with another content.",
    "Run `up` again; it signs new ones.",
    false,
  ),
  ROLES_JUMP: row(
    "The number of a fleet's roles is too far above the one the device knows.",
    "Provision the device anew.",
    false,
  ),
  ONLINE_KEY_EXPIRED: row(
    "The time for which the hub's key was certified is over.",
    "Run `up`; it certifies the key for another 90 days.",
    false,
  ),
  PART_UNSIGNED: row(
    "A set or a pipeline is not signed by a release key of the fleet.",
    "Deploy with a release key that the fleet's roles name.",
    false,
  ),
  PART_INVALID: row(
    "A set or a pipeline does not follow the contract.",
    "Use the same jetfleet version on both sides.",
    false,
  ),
  PART_MISSING: row(
    "A document names a set or a pipeline that is not there.",
    "Run `up` again; it sends the part.",
    false,
  ),
  PART_OUT_OF_SCOPE: row(
    "A set or a pipeline was not released for this device.",
    "Release it for the device by running `up` of its program.",
    false,
  ),
  PART_STALE: row(
    "A set or a pipeline is older than one that was accepted before.",
    "Run `up` again; it takes a number above the one the device knows.",
    false,
  ),
  PART_CONFLICT: row(
    "A set or a pipeline has a number that is known with another content.",
    "Make sure that one program alone releases the pipeline, then run `up` again.",
    false,
  ),
  PART_JUMP: row(
    "The number of a set or a pipeline is too far above the one known.",
    "Raise `epoch` of the provider by one and run `up`.",
    false,
  ),
  PART_MEMORY_FULL: row(
    "A device remembers as many parts as it can.",
    "Raise `epoch` of the provider by one and run `up`; what is of former epochs is forgotten.",
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
  SOURCE_AUTH_MISSING: row(
    "A video source asks for user and password, and none are given.",
    "Write them into the source's URI: rtsp://user:password@host/path, special characters as %23.",
    false,
  ),
  SOURCE_AUTH_SCHEME: row(
    "A video source asks for a way of authentication that is not spoken here, such as digest with SHA-256 only.",
    "Allow digest with MD5 for RTSP in the camera's settings (often under Security, Authentication).",
    false,
  ),
  SOURCE_NOT_FOUND: row(
    "The camera answers but has no stream at the path of the URI.",
    "Check the path of the source's URI; cameras tell theirs by ONVIF or in their manual.",
    false,
  ),
  SOURCE_REDIRECT: row(
    "A camera, or a relay before it, redirects again and again and never describes its stream.",
    "Set the source's URI to the stream itself; correct the address that the camera or relay redirects to.",
    true,
  ),
  SOURCE_TLS: row(
    "The certificate of an rtsps:// source is not trusted.",
    "Set `tls.caFile` of the source to the authority's certificate on the device, or `tls.fingerprint` to the SHA-256 fingerprint of the camera's own.",
    false,
  ),
  SOURCE_TRANSPORT: row(
    "The camera refuses the RTSP transport that was asked for; the other one is tried at once.",
    "Set `transport` of the source to the one that works, or leave it to `auto`.",
    true,
  ),
  SOURCE_UDP_BLOCKED: row(
    "The camera plays over UDP but no packet arrives; TCP is tried at once.",
    'Set `transport: "tcp"`, or let UDP through the firewall.',
    true,
  ),
  SOURCE_SILENT: row(
    "The camera is connected but sends no picture for longer than the stall timeout.",
    "Check the camera; if it is meant to send pictures seldom, set `stallTimeoutMs` of the source.",
    true,
  ),
  SOURCE_CODEC: row(
    "A video source has video, but none that can be decoded.",
    "Set the camera's stream (or its second stream) to H.264 or H.265.",
    false,
  ),
  SOURCE_NO_VIDEO: row(
    "A source has no video track.",
    "Check that the URI names the video stream.",
    false,
  ),
  SOURCE_NO_KEY_FRAME: row(
    "A video source sends no key picture, so no picture can be decoded whole.",
    "Set the camera's key frame (I-frame) interval to one or two seconds.",
    true,
  ),
  MOTION_UNAVAILABLE: row(
    "The motion gate cannot read a source's pictures, for they stay where only accelerators read; every frame is detected.",
    "Leave detect.motion out, or name preprocess: cpu, for which pictures come to the CPU's memory.",
    false,
  ),
  SOURCE_UNSUPPORTED: row(
    "A source is of a kind that this version does not read, such as a FIFO or mirrored video.",
    "Read in the message what is unsupported.",
    false,
  ),
  SOURCE_TRUNCATED: row(
    "A video file ends before the time it says it has; the frames up to there are kept.",
    "Copy the file again and compare its size with the original.",
    false,
  ),
  SOURCE_JOINED: row(
    "A source was joined between two key pictures; what came before the first is no result.",
    "Nothing need be done; a shorter key frame (I-frame) interval of the camera makes the beginning sooner.",
    true,
  ),
  SOURCE_LOSS: row(
    "Pictures of a source were lost or broken on the way; those made from them are no results.",
    'Check the network between camera and device; over UDP, set `transport: "tcp"`.',
    true,
  ),
  SOURCE_OVERLOAD: row(
    "The decoder cannot keep up with a live source and drops up to key pictures.",
    "Lower the camera's size, frame rate or bit rate, or use its second stream.",
    true,
  ),
  SOURCE_CLOCK: row(
    "The camera's clock and the device's disagree, so capture times are not told.",
    "Set the same NTP server on the camera and the device.",
    true,
  ),
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
  RUNNER_MEMORY: row(
    "A runner came to have more memory than a pipeline with its model can need, and was ended.",
    "Look at what its camera sends: it is started again, later each time, and the other pipelines go on.",
    true,
  ),
  ENGINE_FOREIGN: row(
    "What lies beside an engine, or among kernels, was not sealed by this device, or is of another.",
    "Nothing need be done: it is removed and the engine built anew. Look for who writes to the device's disk.",
    true,
  ),
  ENGINE_CUT: row(
    "An engine, or a kernel, on the device's disk is not as long as it was when it was built.",
    "Nothing need be done: it is removed and built anew. If it comes again, check the disk.",
    true,
  ),
  ENGINE_ALTERED: row(
    "The bytes of an engine, or a kernel, on the device's disk are not those that were built.",
    "Nothing need be done: it is removed and built anew. If it comes again, check the disk.",
    true,
  ),
  ENGINE_MISSING: row(
    "A device has no engine of a model that fits what it is now.",
    "Nothing need be done: the device builds it.",
    true,
  ),
  ENGINE_ATTESTATION: row(
    "What comes with a shared engine does not prove that a device of this fleet built it under the same key.",
    "Nothing need be done: it is refused and the device builds its own. Look at who may write to the hub's folder.",
    false,
  ),
  ENGINE_DIFFERS: row(
    "An engine does not find in the golden pictures what its model finds, or what its builder attested.",
    "It is refused. One that was fetched: look at the device that built it. One that was built here: build with a higher precision, or with another version of the library.",
    false,
  ),
  ENGINE_DISPUTED: row(
    "The hub does not take an engine, for devices refused it, or others of the same builder.",
    "Look at the device that built it; deleting and adding it again clears its name.",
    false,
  ),
  ENGINE_QUOTA: row(
    "An engine is larger than what the hub keeps of one device, or of all.",
    "Nothing need be done: each device builds its own. A hub that is to share it needs larger --engine-quota-mb.",
    false,
  ),
  BOARD_MEMORY_LOW: row(
    "The board has too little free memory to build an engine; the build waits for it.",
    "Stop what else takes memory on the board, or add swap.",
    true,
  ),
  CARD_LOST: row(
    "A card of a PC does not answer its driver any more.",
    "See `dmesg` on it for Xid; a boot may bring the card back, else look at its seat, its power and its cooling.",
    true,
  ),
  CARD_FIGURES: row(
    "The driver of a PC's cards does not tell their figures.",
    "Run `nvidia-smi` on it.",
    true,
  ),
  BOARD_HOT: row(
    "The board is too hot to build an engine; the build waits until it has cooled down.",
    "Check fan and surroundings of the board, or choose a lower power mode.",
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
