/** As `npm run format` leaves it, so that what is generated needs no formatting. */
const WIDTH = 100;

/** A doc comment before what is indented by `indent`; nothing where there is nothing to say. */
export function docComment(text: string | undefined, indent = ""): string {
  if (text === undefined || text === "") return "";
  const safe = text.replaceAll("*/", "*\\/");
  const whole = `${indent}/** ${safe} */`;
  if (whole.length <= WIDTH) return `${whole}\n`;
  const lines = wrapped(safe, WIDTH - indent.length - " * ".length);
  return `${indent}/**\n${lines.map((line) => `${indent} * ${line}\n`).join("")}${indent} */\n`;
}

/** `head`, its members and `tail` on one line where that fits, else one member to a line. */
export function list(
  head: string,
  members: readonly string[],
  [open, close]: readonly [open: string, close: string],
  tail: string,
): string {
  const pad = open === "{" ? " " : "";
  const line = `${head}${open}${pad}${members.join(", ")}${pad}${close}${tail}`;
  if (line.length <= WIDTH) return line;
  return `${head}${open}\n${members.map((one) => `  ${one},\n`).join("")}${close}${tail}`;
}

/** The first line or lines of a function. */
export function head(name: string, parameters: readonly string[], returns: string): string {
  const line = `${name}(${parameters.join(", ")}): ${returns} {`;
  if (line.length <= WIDTH) return `${line}\n`;
  return `${name}(\n${parameters.map((one) => `  ${one},\n`).join("")}): ${returns} {\n`;
}

export function union(name: string, values: readonly string[]): string {
  const texts = values.map((value) => JSON.stringify(value));
  const line = `export type ${name} = ${texts.join(" | ")};`;
  if (line.length <= WIDTH) return line;
  const last = texts.length - 1;
  const rows = texts.map((text, index) => `  | ${text}${index === last ? ";" : ""}`);
  return `export type ${name} =\n${rows.join("\n")}`;
}

function wrapped(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    if (line !== "" && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else line = line === "" ? word : `${line} ${word}`;
  }
  return [...lines, line];
}
