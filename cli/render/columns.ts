import cliTruncate from "cli-truncate";
import stringWidth from "string-width";
import wrapAnsi from "wrap-ansi";

/**
 * What moves a cursor, hides or turns text around: texts of devices and models are shown, never obeyed. What joins
 * emoji into one stays.
 */
const NOT_SHOWN = /[\p{Cc}\u2028\u2029\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]+/gu;

/** Plain text on one line. */
export function printable(text: string): string {
  return text.replaceAll(NOT_SHOWN, " ");
}

/** Columns of a terminal that a plain text takes: two for a wide character, none for a combining one. */
export function widthOf(text: string): number {
  return stringWidth(text);
}

/** Cuts with an ellipsis so that the text takes at most `width` columns; never within a character. */
export function fit(text: string, width: number): string {
  return cliTruncate(printable(text), Math.max(0, width));
}

/** Filled with blanks to `width` columns. */
export function pad(text: string, width: number, align: "left" | "right" = "left"): string {
  const blanks = " ".repeat(Math.max(0, width - widthOf(text)));
  return align === "left" ? text + blanks : blanks + text;
}

/** Breaks text at spaces into lines of at most `width` columns, and words where they are longer. */
export function wrap(text: string, width: number): string[] {
  const words = printable(text).trim().replaceAll(/\s+/g, " ");
  if (words === "") return [];
  return wrapAnsi(words, Math.max(1, width), { hard: true }).split("\n");
}
