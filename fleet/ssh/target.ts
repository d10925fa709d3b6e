/** Where a board, or a host on the way to it, is reached, as whom and how; how it is logged in at one of these. */
export interface SshTarget {
  host: string;
  port: number;
  user: string;
  /** Read anew for every connection; a leading ~ is the home folder. */
  privateKeyPath?: string | undefined;
  /** Of a certificate of that key, or of one of the agent's. Absent: the one beside the private key, if there is one. */
  certificatePath?: string | undefined;
  /** Of an encrypted private key. */
  passphrase?: string | undefined;
  /** Socket of an SSH agent; its certificates and keys are offered after the private key. */
  agentSocket?: string | undefined;
  /** Also the answer where a server asks for a password in a dialogue. */
  password?: string | undefined;
  /** Pinned fingerprint (`SHA256:…`). */
  hostKey?: string | undefined;
  /** Files that say which keys are known, in OpenSSH's format; asked when none is pinned. */
  knownHostsPaths?: readonly string[] | undefined;
  /** Whether a key is accepted, and reported, of which neither pin nor file says anything. */
  acceptNewHostKey?: boolean | undefined;
  /** For logins whom sudo asks for it. */
  sudoPassword?: string | undefined;
  /** Hosts on the way, the first one first. */
  jumpHosts?: readonly SshTarget[] | undefined;
}

/** `host:port`, with brackets round an IPv6 address. */
export function addressOf({ host, port }: Pick<SshTarget, "host" | "port">): string {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}
