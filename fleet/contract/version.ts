/**
 * Version of what is signed and of what devices report.
 *
 * 1 (2026-11): desired, reported, presence, stats, detections, events; the update states `testing` and `watching`, the
 *   `data` of events of kind `update` and `model-swapped`, `plans` in desired, and `runsOn` of a reported pipeline.
 * 2 (2026-11): desired is composed by the hub from parts that are signed one by one (desired.ts, fleet/release);
 *   reported says which versions the agent `reads`, what it `asks`, and the update of each pipeline by itself. The named
 *   chain of events: `chain` of an event, `journal` of reported, the kinds `journal-started` and `journal-dropped`.
 *   The `source` of a frame, and of statistics the source's `name`, `drops`,
 *   `lanes`, a stage's `engine` and a source's `detect`; `skipped` of a frame. The state `building`, `build` of an update
 *   and `engine` of a pipeline.
 *   The `analytics` of statistics, the events of kind `line-crossed`, `zone-entered`, `zone-stayed`, `zone-left` and
 *   `analytics-dropped`.
 *   What is said over HTTPS of shared engines (engine-share.ts), and `attestation` and `selfTest` of a kept engine.
 *   The kind `sources-changed`. The decoder `library` of a model, with its `decoderLibrary`.
 *   `secondary` of a pipeline, whose models are in its set.
 *   The kinds `budget-action` and `budget-held`, and `budget` of statistics.
 *   The `attributes` of a tracked object, and `secondary` of statistics.
 */
export const CONTRACT_VERSION = 2;

/** The version before, in which one signature covered all that a device runs. Still read, to take its fleets over. */
export const FORMER_CONTRACT = 1;

/** Versions of `desired` that an agent reads whose report does not say so. */
export const READS_WHEN_UNSAID: readonly number[] = [FORMER_CONTRACT];

/** Layout of the topics. It stays when documents change, so that devices and hub of different versions meet. */
export const TOPIC_VERSION = 1;
