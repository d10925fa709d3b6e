export interface Palette {
  bad(text: string): string;
  warn(text: string): string;
  strong(text: string): string;
  faint(text: string): string;
}

const plain = (text: string): string => text;
export const NO_PALETTE: Palette = { bad: plain, warn: plain, strong: plain, faint: plain };

export const ANSI_PALETTE: Palette = {
  bad: (text) => `\u001b[31m${text}\u001b[39m`,
  warn: (text) => `\u001b[33m${text}\u001b[39m`,
  strong: (text) => `\u001b[1m${text}\u001b[22m`,
  faint: (text) => `\u001b[2m${text}\u001b[22m`,
};

/** https://no-color.org: NO_COLOR wins; else colour goes to terminals only, unless FORCE_COLOR asks. */
export function paletteFor(stream: { isTTY?: boolean }, env = process.env): Palette {
  if (env["NO_COLOR"] || env["TERM"] === "dumb" || env["FORCE_COLOR"] === "0") return NO_PALETTE;
  return stream.isTTY || env["FORCE_COLOR"] ? ANSI_PALETTE : NO_PALETTE;
}
