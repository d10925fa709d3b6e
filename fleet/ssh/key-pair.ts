import ssh2 from "ssh2";

export interface KeyPair {
  private: string;
  /** As a line of authorized_keys. */
  public: string;
}

/** A new ed25519 key as OpenSSH writes it. One of two hundred that ssh2 makes is damaged: then another is made. */
export function makeKeyPair(comment = ""): KeyPair {
  for (;;) {
    const pair = ssh2.utils.generateKeyPairSync("ed25519", { comment });
    if (!(ssh2.utils.parseKey(pair.private) instanceof Error)) return pair;
  }
}
