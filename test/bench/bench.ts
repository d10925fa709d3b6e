/** One measurement that `npm run bench -- NAME` can make. */
export interface Bench {
  name: string;
  /** One sentence: what is measured. */
  summary: string;
  /** Of which one can be measured alone. */
  clips?: readonly string[];
  /** Numbers of streams, of which one can be measured alone. */
  streams?: readonly number[];
  run(log: (line: string) => void, options: BenchOptions): Promise<BenchResult>;
}

export interface BenchOptions {
  /** How often what is measured in turns is measured; null: as often as the bench finds right. */
  rounds: number | null;
  /** One of the bench's; null: all of them. */
  clip: string | null;
  streams: number | null;
}

export interface BenchResult {
  /** Rows have the same keys, in the order of the table; the unit is part of the key. */
  rows: Record<string, string | number | null>[];
  /** Figures derived from the rows. */
  ratios: Record<string, number>;
  /** What the reader must know to compare: machine, versions, settings. */
  conditions: Record<string, string | number>;
}
