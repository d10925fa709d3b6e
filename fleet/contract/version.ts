/**
 * Version of the MQTT contract and of the signed documents in it.
 *
 * 1 (2026-11): desired, reported, presence, stats, detections, events. Since then, in addition: the update states
 *   `testing` and `watching`, the `data` of events of kind `update` and `model-swapped` (event-data.ts), `plans` in
 *   desired, `runsOn` of a reported pipeline, and the named chain of events: `chain` of an event, `journal` of reported,
 *   the kinds `journal-started` and `journal-dropped`.
 */
export const CONTRACT_VERSION = 1;
