import { z } from "zod";
import { DeviceContainer } from "./container.ts";
import { Labels } from "./labels.ts";
import { MaintenanceWindow } from "./maintenance-window.ts";
import { Name } from "./names.ts";
import { PackageFile } from "./package-file.ts";
import { UnreachablePolicy } from "./unreachable-policy.ts";

/** Families of modules; `x86` is a PC with an NVIDIA card. */
export const BoardName = z
  .enum([
    ...(["tx1", "tx2", "nano", "xavier-nx", "agx-xavier"] as const),
    ...(["orin-nano", "orin-nx", "agx-orin", "agx-thor", "x86"] as const),
  ])
  .meta({ title: "BoardName", description: "Hardware type of the device." });
export type BoardName = z.infer<typeof BoardName>;

export const Clocks = z.enum(["max", "dynamic"]).meta({
  title: "Clocks",
  description: "The top of what the power mode allows, or up and down with the load.",
});
export type Clocks = z.infer<typeof Clocks>;

const HostKey = z
  .string()
  .regex(/^SHA256:[A-Za-z0-9+/]{43}$/, {
    error: "must be an OpenSSH fingerprint such as SHA256:… (ssh-keygen -lf)",
  })
  .optional();

/** Logins as people have them, also those of a directory: `jetson_user`, `Admin`, `svc.deploy`, `CORP\dev`, `dev@corp`. */
const Login = z.string().regex(/^(?!-)[^\s:/"'`$;|&<>()\p{Cc}]{1,128}$/u, {
  error: "must be a login's name alone, without host, blanks or quotes",
});

const Path = z.string().min(1).max(4096);
const Secret = z.string().min(1).max(1024);

/** A host as it stands in an address: never with the login or the port, which have properties of their own. */
const Host = z
  .string()
  .min(1)
  .max(253)
  .superRefine((text, context) => {
    const message = text === "" ? null : hostFault(text);
    if (message !== null) context.addIssue({ code: "custom", message });
  });

function hostFault(text: string): string | null {
  const [, user, rest = ""] = /^(?:ssh:\/\/)?(?:([^@]*)@)?(.*)$/s.exec(text) ?? [];
  const [, bracketed, plain, port] = /^(?:\[(.*)\]|([^:]*))(?::(\d+))?$/s.exec(rest) ?? [];
  const host = bracketed ?? plain ?? rest;
  if (host === text) return isHost(host) ? null : "must be a host name or an IP address";
  if (!isHost(host)) return "must be a host name or an IP address alone";
  const login = user ? ` and ssh.user: ${JSON.stringify(user)}` : "";
  const number = port ? ` and port: ${port}` : "";
  return `must be the host alone: set address: ${JSON.stringify(host)}${login}${number}`;
}

function isHost(text: string): boolean {
  // An IPv6 address may name the interface of a link-local one.
  if (text.includes(":")) return z.ipv6().safeParse(text.replace(/%[\w.-]{1,32}$/, "")).success;
  return /^[\p{L}\p{N}_]([\p{L}\p{N}._-]*[\p{L}\p{N}_.])?$/u.test(text);
}

const Port = z.number().int().min(1).max(65535).default(22).meta({ description: "SSH port." });

/** How to log in at one host. */
const LOGIN = {
  user: Login.default("nvidia").meta({ description: "Login at the host." }),
  privateKeyPath: Path.optional().meta({
    description:
      "Path of the private key; a leading ~ is the home folder. Only the path is kept in state.",
  }),
  certificatePath: Path.optional().meta({
    description:
      "Path of an OpenSSH certificate of the private key, or of a key that the agent has. Default: the one beside the " +
      "private key (id_ed25519-cert.pub beside id_ed25519), if there is one. Those that the agent has are offered, too.",
  }),
  passphrase: Secret.optional().meta({ description: "Passphrase of an encrypted private key." }),
  agent: z.boolean().optional().meta({
    description:
      "Whether the keys of the SSH agent at SSH_AUTH_SOCK are offered. Default: where neither key nor password is given.",
  }),
  password: Secret.optional().meta({
    description: "Password of the login, also where the server asks for it in a dialogue.",
  }),
  hostKey: HostKey.meta({
    description:
      "Pinned host key fingerprint. When absent, the first one seen is kept in state and any other is refused.",
  }),
  knownHosts: Path.optional().meta({
    description:
      "A file such as ~/.ssh/known_hosts that says which host keys are known; asked while none is pinned or in state.",
  }),
};

const JumpHost = z
  .strictObject({
    address: Host.meta({ description: "Host name or IP address, as seen from the host before." }),
    port: Port,
    ...LOGIN,
    hostKey: HostKey.meta({
      description: "Pinned host key fingerprint; this or knownHosts must say which key it is.",
    }),
  })
  .meta({
    title: "JumpHost",
    description:
      "A host on the way to a board. hostKey or knownHosts must say which key is its own.",
  });

export const SshSpec = z
  .strictObject({
    ...LOGIN,
    user: Login.default("nvidia").meta({
      description: "Login on the board: root, or one that may use sudo.",
    }),
    sudoPassword: Secret.optional().meta({
      description: "What sudo asks the login for, where it asks. Default: nothing.",
    }),
    jumpHosts: z
      .array(JumpHost)
      .max(8)
      .optional()
      .meta({ description: "Hosts on the way to the board, the first one first." }),
    config: Path.optional().meta({
      description:
        "A file such as ~/.ssh/config; `address` is then a host as it is called there. HostName, Port, User, ProxyJump, " +
        "IdentityFile, CertificateFile, IdentityAgent and known hosts come from it; a key, a certificate, an agent or a " +
        "host key that is given here comes first.",
    }),
  })
  .meta({ title: "Ssh", description: "How to reach the board over SSH." });
export type SshSpec = z.infer<typeof SshSpec>;

/** Dotted paths; `*` stands for any element. */
export const SSH_SECRETS = [
  ...["passphrase", "password", "sudoPassword"].map((key) => `ssh.${key}`),
  ...["passphrase", "password"].map((key) => `ssh.jumpHosts.*.${key}`),
];

export const DeviceSpec = z
  .strictObject({
    name: Name.meta({
      description: "Name in the fleet, a DNS label. Default: the name of the resource.",
    }),
    address: Host.optional().meta({
      description: "Host name or IP address of the board; none where it is enrolled.",
    }),
    port: Port,
    board: BoardName.optional().meta({
      description: "Hardware of the board. When given, any other is refused.",
    }),
    ssh: SshSpec.optional(),
    enroll: z
      .boolean()
      .optional()
      .meta({
        description:
          "True in place of address and ssh for a board that only connects out: it becomes the device by the line that " +
          "`jetfleet enroll` prints. Default: false.",
      }),
    labels: Labels.optional().meta({
      description:
        "What parts may be signed for in place of the device's name, such as site: basel. The hub has no say in them.",
    }),
    powerMode: z
      .string()
      .regex(/^[A-Za-z0-9_]{1,64}$/, { error: "must be a mode's name as in /etc/nvpmodel.conf" })
      .optional()
      .meta({
        description:
          "nvpmodel mode that the board is to be in, by its name, such as MODE_30W_ALL. A change restarts the agent. " +
          "Default: as it is; the mode that was before comes back when this goes, or the device.",
      }),
    clocks: Clocks.optional().meta({
      description:
        "max: clocks of CPU, GPU and memory stand at the top of the power mode, also after boots (`jetson_clocks`); dynamic: " +
        "they follow the load. A change restarts the agent. Default: as they are; what was before comes back when this goes, " +
        "or the device.",
    }),
    fanProfile: z
      .string()
      .regex(/^[A-Za-z0-9_]{1,64}$/, { error: "must be a profile's name, such as quiet or cool" })
      .optional()
      .meta({
        description:
          "Profile that the board's fan is to follow, of those that it has (/etc/nvfancontrol.conf; quiet and cool before " +
          "JetPack 5). A change restarts the agent. Default: as it is; the one that was before comes back when this goes, or " +
          "the device.",
      }),
    packages: z
      .enum(["install", "refuse"])
      .meta({ title: "PackagePolicy" })
      .optional()
      .meta({
        description:
          "What happens when the board lacks Debian packages that are needed (GStreamer's elements): install brings them from " +
          "the board's own sources, and a delete removes them; refuse names them. Default: refuse.",
      }),
    packageFiles: z
      .array(PackageFile)
      .min(1)
      .max(200)
      .optional()
      .meta({
        description:
          'With packages: "install", Debian packages that are carried to a board which lacks any: of these it gets those that ' +
          "it has not, so that it needs no internet when what they depend on is among them. Default: none.",
      }),
    container: DeviceContainer.optional().meta({
      description:
        "On a PC with a card: agent and runners run in containers of this image. It is pulled where it is absent, tried before " +
        "anything that runs is replaced, and a delete removes it where it was pulled for this. A change restarts the agent. " +
        "Default: none, they run straight under the PC's system.",
    }),
    onUnreachable: UnreachablePolicy.optional(),
    maintenanceWindow: MaintenanceWindow.optional(),
    engineQuotaMib: z
      .number()
      .int()
      .min(64)
      .max(2 ** 20)
      .optional()
      .meta({
        description:
          "Mebibytes that engines may take on the board; those that nothing runs go, the longest unused first, when all " +
          "need more. A change restarts the agent. Default: 2048.",
      }),
    takeOver: z
      .boolean()
      .optional()
      .meta({
        description:
          "Whether a device of this name, or a board, may be taken over that another program's resource owns. " +
          "Default: false, it is refused and both are named.",
      }),
  })
  .meta({ description: "One unit of the fleet." });
export type DeviceSpec = z.infer<typeof DeviceSpec>;
