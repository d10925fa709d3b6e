import ssh2, { type BaseAgent, type ParsedKey, type PublicKeyEntry } from "ssh2";
import { isCertificateType } from "./certificate.ts";

/** An agent's keys without its certificates, with which ssh2 would try in vain, and servers count how often. */
class PlainAgent extends ssh2.OpenSSHAgent {
  override getIdentities(callback: Parameters<BaseAgent<ParsedKey>["getIdentities"]>[0]): void {
    super.getIdentities((error, keys) => {
      if (error) callback(error);
      else callback(null, keys?.filter((key) => !isCertificate(key)) ?? []);
    });
  }
}

/** ssh2's agent gives keys that it parsed; its types allow a program's own to give more with each. */
function isCertificate(key: ParsedKey | PublicKeyEntry): boolean {
  return "type" in key && isCertificateType(key.type);
}

export function keysOfAgent(socketPath: string): BaseAgent {
  return new PlainAgent(socketPath);
}
