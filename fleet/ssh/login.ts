import { existsSync } from "node:fs";
import type { AnyAuthMethod, AuthenticationType, ParsedKey, Prompt } from "ssh2";
import { certificateBeside, readPrivateKey } from "./private-key.ts";
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
  /** A certificate beside the key, which is not used. */
  certificate: string | null = null;
  readonly #steps: Step[];

  private constructor(steps: Step[]) {
    this.#steps = steps;
  }

  /** Throws SSH_KEY_UNREADABLE. */
  static async prepare(target: SshTarget): Promise<Login> {
    const { user: username, privateKeyPath, passphrase, agentSocket, password } = target;
    const steps: Step[] = [];
    if (privateKeyPath !== undefined) {
      const key = await readPrivateKey(privateKeyPath, passphrase);
      steps.push({ what: `the key ${privateKeyPath}`, method: publicKey(username, key) });
    }
    if (agentSocket !== undefined) {
      const what = `the keys of the agent at ${agentSocket}`;
      if (existsSync(agentSocket)) {
        steps.push({ what, method: { type: "agent", username, agent: agentSocket } });
      } else {
        steps.push({ what: `${what}, which is not there`, method: null });
      }
    }
    if (password !== undefined) {
      steps.push({ what: "the password", method: { type: "password", username, password } });
    }
    const login = new Login(steps);
    if (privateKeyPath !== undefined) login.certificate = await certificateBeside(privateKeyPath);
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
