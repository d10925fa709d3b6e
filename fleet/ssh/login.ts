import { existsSync } from "node:fs";
import type { AnyAuthMethod, AuthenticationType, ParsedKey, Prompt } from "ssh2";
import type { Certificate } from "./certificate/certificate.ts";
import { certificateOffers } from "./certificate/offers.ts";
import { keysOfAgent } from "./certificate/plain-agent.ts";
import { readPrivateKey } from "./private-key.ts";
import type { SshTarget } from "./target.ts";

/** How a login goes: what was offered, and what the server said to it. For the error when it comes to nothing. */
export class Login {
  /** What was offered, in words. */
  readonly offered: string[] = [];
  /** The server took something and asks for more: what it would take. */
  wantsMore: string[] | null = null;
  /** What it took. */
  accepted: string | null = null;
  /** What the server would have taken. */
  wanted: string[] = [];
  /** A question in a dialogue that no program can answer. */
  question: string | null = null;
  /** Those that it has to offer. */
  readonly certificates: readonly Certificate[];
  /** Why the certificate beside the key is not used; null where it is, or there is none. */
  readonly unusedCertificate: string | null;
  readonly #steps: Step[];

  private constructor(
    steps: Step[],
    certificates: readonly Certificate[],
    unusedCertificate: string | null,
  ) {
    this.#steps = steps;
    this.certificates = certificates;
    this.unusedCertificate = unusedCertificate;
  }

  /** Throws SSH_KEY_UNREADABLE, and SSH_CERTIFICATE for a certificate that is named and not to be used. */
  static async prepare(target: SshTarget): Promise<Login> {
    const { user: username, privateKeyPath, certificatePath, passphrase, password } = target;
    const { agentSocket } = target;
    const privateKey =
      privateKeyPath === undefined
        ? null
        : { path: privateKeyPath, key: await readPrivateKey(privateKeyPath, passphrase) };
    const socket = agentSocket !== undefined && existsSync(agentSocket) ? agentSocket : undefined;
    const held = { certificatePath, privateKey, agentSocket: socket };
    const { offers, unused } = await certificateOffers(held);
    const steps: Step[] = offers.map(({ what, key }) => ({
      what,
      method: publicKey(username, key),
    }));
    if (privateKey !== null) {
      const { path, key } = privateKey;
      steps.push({ what: `the key ${path}`, method: publicKey(username, key) });
    }
    if (agentSocket !== undefined) {
      const what = `the keys of the agent at ${agentSocket}`;
      if (socket !== undefined) {
        const agent = keysOfAgent(socket);
        steps.push({ what, method: { type: "agent", username, agent } });
      } else {
        steps.push({ what: `${what}, which is not there`, method: null });
      }
    }
    if (password !== undefined) {
      steps.push({ what: "the password", method: { type: "password", username, password } });
    }
    const certificates = offers.map(({ certificate }) => certificate);
    const login = new Login(steps, certificates, unused);
    steps.push({
      what: "the answers of a dialogue",
      method: {
        type: "keyboard-interactive",
        username,
        prompt: (_name, _instructions, _language, prompts, finish) =>
          finish(login.#answer(prompts, password)),
      },
    });
    return login;
  }

  /** The next thing to offer; false when there is none. */
  next(left: AuthenticationType[] | null, partial: boolean | null): AnyAuthMethod | false {
    if (left !== null) this.wanted = left;
    if (partial && this.wantsMore === null) {
      this.wantsMore = left;
      this.accepted = this.offered.at(-1) ?? null;
    }
    for (let step = this.#steps.shift(); step; step = this.#steps.shift()) {
      const { what, method } = step;
      const type = method?.type === "agent" ? "publickey" : method?.type;
      // A dialogue is no offer of ours: only where the server asks for one.
      if (type === "keyboard-interactive" && !left?.includes(type)) continue;
      if (type !== "keyboard-interactive") this.offered.push(what);
      if (method === null || (left !== null && type && !left.includes(type))) continue;
      return method;
    }
    return false;
  }

  #answer(prompts: readonly Prompt[], password: string | undefined): string[] {
    return prompts.map(({ prompt, echo }) => {
      if (password !== undefined && !echo && /passwor[dt]|passphrase/i.test(prompt))
        return password;
      this.question = prompt.trim();
      return "";
    });
  }
}

interface Step {
  what: string;
  /** null for what cannot be offered. */
  method: AnyAuthMethod | null;
}

function publicKey(username: string, key: ParsedKey): AnyAuthMethod {
  return { type: "publickey", username, key };
}
