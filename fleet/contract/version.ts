/**
 * Version of the MQTT contract and of the signed documents in it.
 *
 * 1 (2026-11): desired, reported, presence, stats, detections, events.
 */
export const CONTRACT_VERSION = 1;
