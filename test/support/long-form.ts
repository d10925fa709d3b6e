/** `npm run test:full` runs what takes too long for every day; so does JETFLEET_TEST_FULL=1. */
export const FULL = process.env["JETFLEET_TEST_FULL"] === "1";
/** Behind the name of a test that is left out otherwise. */
export const LONG = FULL ? "" : " [skipped: takes a minute; in the long form]";
