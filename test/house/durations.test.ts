import ts from "typescript";
import { describe, expect, it } from "vitest";
import { isModule, readSource, repositoryFiles } from "./sources.ts";

const PRODUCT = /^(agent|fleet|infra|cli)\//;

/**
 * Who may calculate with the time of day, and with what: stamps and terms that others made or that outlive the
 * process. All other durations and deadlines go by `performance.now()`, which nobody sets.
 */
const CALCULATE: Record<string, string> = {
  "cli/time-span.ts": "`--since 2h` is counted back from now",
  "fleet/hub/enrolment/enrolments.ts":
    "until when a board is awaited, also by a hub that was started anew",
  "fleet/hub/http/routes/history.ts": "the last day of figures is counted back from now",
  "fleet/hub/client/renew-in-time.ts": "a certificate's term",
  "fleet/hub/http/routes/certificates.ts": "a certificate's term",
  "fleet/hub/identity/certificate-register.ts": "certificates' terms",
  "fleet/hub/identity/hub-identity.ts": "a certificate's term, looked at anew at least once a day",
  "fleet/hub/identity/issuer.ts": "a certificate's term",
  "fleet/hub/identity/operator-file.ts": "a certificate's term",
  "fleet/hub/identity/server-identity.ts": "a certificate's term",
  "infra/provider/resources/device/whereabouts.ts":
    "how long ago the hub heard from a device, by its stamps",
  "infra/provider/release/certified-until.ts": "the term of the hub's online key",
  "infra/provider/release/certify.ts": "the term of the hub's online key",
};

const ARITHMETIC = new Set([
  ts.SyntaxKind.MinusToken,
  ts.SyntaxKind.PlusToken,
  ts.SyntaxKind.LessThanToken,
  ts.SyntaxKind.LessThanEqualsToken,
  ts.SyntaxKind.GreaterThanToken,
  ts.SyntaxKind.GreaterThanEqualsToken,
  ts.SyntaxKind.PlusEqualsToken,
  ts.SyntaxKind.MinusEqualsToken,
]);

/** Lines that calculate with the time of day, read there or kept in a variable or field of the same file. */
function calculations(name: string, text: string): string[] {
  if (!/\bDate\b/.test(text)) return [];
  const file = ts.createSourceFile(name, text, ts.ScriptTarget.Latest, true);
  const kept = new Set<string>();
  walk(file, (node) => {
    const [target, value] = assignmentOf(node);
    if (target && value && isTimeOfDay(value, new Set())) kept.add(target);
  });
  const found: string[] = [];
  walk(file, (node) => {
    if (!ts.isBinaryExpression(node) || !ARITHMETIC.has(node.operatorToken.kind)) return;
    if (![node.left, node.right].some((side) => isTimeOfDay(side, kept))) return;
    found.push(`${name}:${file.getLineAndCharacterOfPosition(node.getStart()).line + 1}`);
  });
  return [...new Set(found)];
}

function walk(node: ts.Node, visit: (node: ts.Node) => void): void {
  visit(node);
  node.forEachChild((child) => walk(child, visit));
}

/** What is given a value here: a variable, a parameter's default, a field or a property. */
function assignmentOf(node: ts.Node): [target?: string, value?: ts.Expression | undefined] {
  const isDeclared =
    ts.isVariableDeclaration(node) || ts.isParameter(node) || ts.isPropertyDeclaration(node);
  if (isDeclared) return [node.name.getText(), node.initializer];
  const isAssigned =
    ts.isBinaryExpression(node) &&
    [ts.SyntaxKind.EqualsToken, ts.SyntaxKind.QuestionQuestionEqualsToken].includes(
      node.operatorToken.kind,
    );
  return isAssigned ? [lastName(node.left), node.right] : [];
}

function lastName(node: ts.Expression): string {
  return ts.isPropertyAccessExpression(node) ? node.name.getText() : node.getText();
}

function isTimeOfDay(node: ts.Expression, kept: ReadonlySet<string>): boolean {
  if (ts.isParenthesizedExpression(node)) return isTimeOfDay(node.expression, kept);
  if (ts.isPrefixUnaryExpression(node)) return isTimeOfDay(node.operand as ts.Expression, kept);
  if (ts.isNewExpression(node)) {
    return node.expression.getText() === "Date" && (node.arguments ?? []).length === 0;
  }
  if (ts.isConditionalExpression(node)) {
    return isTimeOfDay(node.whenTrue, kept) || isTimeOfDay(node.whenFalse, kept);
  }
  if (ts.isBinaryExpression(node)) {
    const either = node.operatorToken.kind === ts.SyntaxKind.QuestionQuestionToken;
    return either && (isTimeOfDay(node.left, kept) || isTimeOfDay(node.right, kept));
  }
  if (ts.isCallExpression(node)) {
    const called = node.expression;
    if (called.getText() === "Date.now") return true;
    if (!ts.isPropertyAccessExpression(called)) return false;
    const isMaths = called.expression.getText() === "Math";
    if (isMaths) return node.arguments.some((one) => isTimeOfDay(one, kept));
    return isTimeOfDay(called.expression, kept);
  }
  if (ts.isIdentifier(node)) return kept.has(node.text);
  return ts.isPropertyAccessExpression(node) && kept.has(node.name.getText());
}

describe("durations", () => {
  it.each([
    "if (Date.now() - since > 5) end();",
    "const end = Date.now() + 5;",
    "while (!(Date.now() >= end)) wait();",
    "const now = Date.now(); if (now - since > 5) end();",
    "class A { #at = Date.now(); age(now: number) { return now - this.#at; } }",
    "class A { #at = 0; set() { this.#at = Date.now(); } age() { return clock() - this.#at; } }",
    "function age(of: number, nowMs = Date.now()) { return nowMs - of; }",
    "const tookMs = new Date().getTime() - began;",
    "const tookMs = +new Date() - began;",
    "const left = Math.max(end, Date.now()) - 5;",
    "const untilMs = until ?? Date.now(); read(untilMs - 5);",
  ])("by the time of day are found: %s", (text) => {
    expect(calculations("a.ts", text)).toEqual(["a.ts:1"]);
  });

  it.each([
    "publish({ atMs: Date.now() });",
    "const began = performance.now(); took(performance.now() - began);",
    "log(`at $" + "{new Date().toISOString()}`);",
    "const day = new Date(atMs); const since = other - 5;",
  ])("are not seen in what only tells it: %s", (text) => {
    expect(calculations("a.ts", text)).toEqual([]);
  });

  it("go by a clock that nobody sets, but where terms and stamps of others are meant", () => {
    const modules = repositoryFiles().filter((file) => PRODUCT.test(file) && isModule(file));
    const found = modules.flatMap((file) => calculations(file, readSource(file)));
    const places = new Set(found.map((place) => place.replace(/:\d+$/, "")));

    expect(found.filter((place) => !(place.replace(/:\d+$/, "") in CALCULATE))).toEqual([]);
    expect(Object.keys(CALCULATE).filter((file) => !places.has(file))).toEqual([]);
  });
});
