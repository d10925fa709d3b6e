import { describe, expect, test } from "vitest";
import { parseAnswers, SAY } from "../../../fleet/provision/answers.ts";
import { askBoard } from "../../../fleet/provision/ask-board.ts";
import { SshPool } from "../../../fleet/ssh/index.ts";
import { failureOf } from "../ssh/failure-of.ts";
import { sshdMissing, sshdOfBlock } from "../ssh/sshd.ts";

describe.skipIf(sshdMissing)(`a board that is asked many questions${sshdMissing}`, () => {
  const server = sshdOfBlock();

  async function ask(questions: readonly string[], answerMs: number): Promise<string> {
    const pool = new SshPool();
    const { signal } = new AbortController();
    const script = [SAY, ...questions].join("\n");
    try {
      return await pool.use(server.target, {}, (session) =>
        askBoard(session, script, { label: "asking", signal, answerMs }),
      );
    } finally {
      pool.close();
    }
  }

  test.concurrent("has for each of them the time that one may take", async () => {
    const names = Array.from({ length: 9 }, (_, index) => `answer${index}`);
    const asked = names.map((name) => `say ${name} sh -c 'sleep 0.5; echo ${name}'`);
    const answers = parseAnswers(await ask(asked, 4_000));
    expect([...answers.values()].map((text) => text?.trim())).toEqual(names);
  });

  test.concurrent("is told of with the question that it did not answer", async () => {
    const error = await failureOf(ask(["say first echo 1", "say second sleep 60"], 2_000));
    expect(error.code).toBe("SSH_TIMEOUT");
    expect(error.message).toMatch(/while running asking, at the question "second"$/);
    expect(error.context["question"]).toBe("second");
  });
});
