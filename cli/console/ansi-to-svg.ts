/** How a run of characters looks; the console uses no more than this. */
interface Look {
  bold: boolean;
  dim: boolean;
  inverse: boolean;
  colour: string | null;
}

interface Run extends Look {
  column: number;
  text: string;
}

const PLAIN: Look = { bold: false, dim: false, inverse: false, colour: null };
const COLOURS: Record<number, string> = { 31: "#f47067", 32: "#57ab5a", 33: "#daaa3f" };
const [INK, PAPER] = ["#d7dde4", "#1c2128"];
const [CELL_WIDTH, CELL_HEIGHT, MARGIN] = [8.4, 18, 12];

/** A picture of a terminal's screen, from what `tmux capture-pane -e` prints of it. */
export function ansiToSvg(screen: string, columns: number): string {
  const rows = screen.replace(/\n$/, "").split("\n");
  const width = columns * CELL_WIDTH + 2 * MARGIN;
  const height = rows.length * CELL_HEIGHT + 2 * MARGIN;
  let look = PLAIN;
  const lines = rows.map((row, at) => {
    const { runs, end } = runsOf(row, look);
    look = end;
    return runs.map((run) => runToSvg(run, at)).join("");
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}"`,
    ` font-family="ui-monospace,'DejaVu Sans Mono',Menlo,Consolas,monospace" font-size="14" fill="${INK}">`,
    `<rect width="100%" height="100%" rx="6" fill="${PAPER}"/>\n${lines.filter(Boolean).join("\n")}\n</svg>\n`,
  ].join("");
}

/** Runs of one row; a look goes on from row to row until it is changed. */
function runsOf(row: string, start: Look): { runs: Run[]; end: Look } {
  const runs: Run[] = [];
  let [look, column] = [start, 0];
  for (const part of row.split(/(\u001b\[[0-9;]*m)/)) {
    const codes = /^\u001b\[([0-9;]*)m$/.exec(part)?.[1];
    if (codes !== undefined) {
      look = codes.split(";").map(Number).reduce(applyCode, look);
    } else if (part !== "") {
      runs.push({ ...look, column, text: part });
      column += [...part].length;
    }
  }
  return { runs: runs.filter(({ text, inverse }) => inverse || text.trim() !== ""), end: look };
}

function applyCode(look: Look, code: number): Look {
  if (code === 0) return PLAIN;
  if (code === 1) return { ...look, bold: true };
  if (code === 2) return { ...look, dim: true };
  if (code === 7) return { ...look, inverse: true };
  if (code === 22) return { ...look, bold: false, dim: false };
  if (code === 27) return { ...look, inverse: false };
  if (code === 39) return { ...look, colour: null };
  return COLOURS[code] === undefined ? look : { ...look, colour: COLOURS[code] };
}

function runToSvg({ column, text, bold, dim, inverse, colour }: Run, row: number): string {
  const [x, y] = [MARGIN + column * CELL_WIDTH, MARGIN + row * CELL_HEIGHT];
  const width = [...text].length * CELL_WIDTH;
  const ink = inverse ? PAPER : colour;
  const attributes = [
    `x="${round(x)}" y="${round(y + 13.5)}" textLength="${round(width)}" xml:space="preserve"`,
    ...(bold ? ['font-weight="bold"'] : []),
    ...(dim ? ['opacity="0.6"'] : []),
    ...(ink ? [`fill="${ink}"`] : []),
  ];
  const back = `<rect x="${round(x)}" y="${round(y)}" width="${round(width)}" height="${CELL_HEIGHT}" fill="${colour ?? INK}"/>`;
  return `${inverse ? back : ""}<text ${attributes.join(" ")}>${escaped(text)}</text>`;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
