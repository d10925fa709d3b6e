import { AGENT_USER, CONFIG, CONFIG_DIR, RUNNER_USER, STATE_DIR } from "./layout.ts";

/*
 * Who owns what on a board. Programs, units and configuration are root's: the agent reads its configuration and cannot
 * change it. The state folder is the agent's, and its group the runners': what the agent lets its group read, they read
 * (models), and they find nothing by themselves.
 */

const USERS = { [AGENT_USER]: "jetfleet agent", [RUNNER_USER]: "jetfleet runner" };

/** Makes the users that are not there yet. */
export const MAKE_USERS = `
jetfleet_user() {
  getent group "$1" >/dev/null || groupadd --system "$1"
  id -u "$1" >/dev/null 2>&1 || useradd --system --gid "$1" --no-create-home --home-dir /nonexistent \\
    --shell /usr/sbin/nologin --comment "$2" "$1"
}
${Object.entries(USERS)
  .map(([user, what]) => `jetfleet_user ${user} "${what}"`)
  .join("\n")}
`;

/**
 * Gives the agent what is its own, also on a board where it ran as root before. What it writes meanwhile would stay
 * another's, so the last time is while it does not run. Nothing below its folder is followed or opened by root: links
 * are given away themselves, and the agent sets the modes of what is its own.
 */
export const GIVE_RIGHTS = `
mkdir -p -m 0710 ${STATE_DIR}
chown -R -h -P ${AGENT_USER}:${RUNNER_USER} ${STATE_DIR}
chmod 0710 ${STATE_DIR}
[ ! -d ${CONFIG_DIR} ] || { chown root:${AGENT_USER} ${CONFIG_DIR}; chmod 0750 ${CONFIG_DIR}; }
[ ! -f ${CONFIG} ] || { chown root:${AGENT_USER} ${CONFIG}; chmod 0640 ${CONFIG}; }
`;

/** Part of the probe's script: empty answers when all is as it should be. */
export const READ_RIGHTS = `
say missingUser sh -c 'for user in ${Object.keys(USERS).join(" ")}; do id -u $user >/dev/null 2>&1 || echo $user; done'
say foreignFile find ${STATE_DIR} ! -user ${AGENT_USER} -print -quit
`;

/** After what runs under them was told to end; a user with processes cannot be removed. */
export const REMOVE_USERS = `
for user in ${Object.keys(USERS).join(" ")}; do
  for n in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
    if ! id -u "$user" >/dev/null 2>&1 || userdel "$user" >/dev/null 2>&1; then break; fi
    sleep 0.5
  done
  ! getent group "$user" >/dev/null || groupdel "$user" >/dev/null 2>&1 || true
  ! id -u "$user" >/dev/null 2>&1 || { echo "user $user cannot be removed" >&2; exit 1; }
done
`;
