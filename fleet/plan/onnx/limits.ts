/** What a model file may hold. Real vision models stay far below; a hostile file is refused before it costs memory. */
export const LIMITS = {
  nodes: 100_000,
  /** Attributes, initializers, value infos and the like, over all graphs of the file. */
  entries: 400_000,
  /** Inputs and outputs of one node. */
  nodeValues: 10_000,
  /** Graphs within graphs: bodies of If, Loop and Scan. */
  depth: 8,
  rank: 16,
  dimension: 2 ** 31 - 1,
  elements: 2 ** 40,
  nameBytes: 4096,
  /** Values kept of a tensor whose elements come one by one instead of packed. */
  looseValues: 65_536,
  /** Elements of a constant that is worked out, such as a shape or an anchor list. */
  foldedElements: 65_536,
  /** Elements that are worked out over the whole file, after which only shapes are. */
  foldedTotal: 4_000_000,
  /** Nodes of bodies that are looked at: nested loops would take one another's rounds. */
  bodyNodes: 200_000,
  /** What still is worked out then. */
  foldedShape: 64,
} as const;

export const OPSETS = { oldest: 7, newest: 21 } as const;
