import { ERROR_CODES } from "./codes.ts";

/** The table of all codes as Markdown, in the order of `codes.ts`. */
export function codesTable(): string {
  const rows = Object.entries(ERROR_CODES).map(([code, { when, hint, retryable }]) => {
    return `| \`${code}\` | ${cell(when)} | ${cell(hint)} | ${retryable ? "yes" : "no"} |`;
  });
  return `${HEAD}${rows.join("\n")}\n`;
}

const HEAD = `# Error codes

Generated from \`codes.ts\` by \`node fleet/errors/generate-table.ts\`; do not edit.

An error is shown as \`CODE: what was expected, what came, while doing what\`, with its causes and the next step below.
The next step given here is the usual one; an error may name a better one. Retryable means that the same may succeed
later without any change by the user: jetfleet itself tries such things again where it makes sense.

| Code | When | Next step | Retryable |
|---|---|---|---|
`;

function cell(text: string): string {
  return text.replaceAll("|", "\\|");
}
