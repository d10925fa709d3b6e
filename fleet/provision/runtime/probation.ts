import {
  BASE,
  CONFIG,
  CONTAINER_PIECE_PATH,
  CURRENT,
  FORMER,
  HEALTHY,
  IDENTITY,
  PROBATION_PATH,
  PULLED_IMAGES,
  REVERTED,
  ROOT_PIECE_PATH,
  RUNNER_SOCKET,
  RUNNER_TEMPLATE,
  UNIT,
  UNIT_DIR,
} from "../layout.ts";

/*
 * The way back from an agent that does not reach the hub. Before anything is changed, a healthy agent's release, units,
 * configuration and identity are noted in FORMER; who takes its place has to reach the hub, of which it leaves a mark. A
 * service of root's waits for that, at boots too, and otherwise puts back what was. Only time with power on counts. No link
 * in the agent's folder is followed by root, and while something is put there the agent is stopped.
 */

/** Seconds that an agent has to reach the hub: a slow board's start, its clock and its network, several times over. */
const LIMIT_SECONDS = 180;

const KEPT_UNITS = [
  ROOT_PIECE_PATH,
  CONTAINER_PIECE_PATH,
  `${UNIT_DIR}/${RUNNER_TEMPLATE}`,
  `${UNIT_DIR}/${RUNNER_SOCKET}`,
  `${UNIT_DIR}/${UNIT}`,
];

/** Notes what runs well, once, before it is changed; the folder is there whole or not at all. */
export const NOTE_FORMER = `
if [ ! -e ${FORMER} ] && [ -e ${HEALTHY} ] && [ -L ${CURRENT} ] && [ -f ${CONFIG} ] && [ -f ${IDENTITY} ]; then
  rm -rf ${FORMER}.new
  mkdir -m 0700 ${FORMER}.new ${FORMER}.new/units
  readlink ${CURRENT} > ${FORMER}.new/current
  cp -pP ${CONFIG} ${FORMER}.new/agent.json
  cp -pP ${IDENTITY} ${FORMER}.new/identity.pem
  for one in ${KEPT_UNITS.join(" ")}; do [ ! -f $one ] || cp -pP $one ${FORMER}.new/units/; done
  echo ${LIMIT_SECONDS} > ${FORMER}.new/seconds
  sync ${FORMER}.new/units/* ${FORMER}.new/*
  rm -f ${HEALTHY}
  mv ${FORMER}.new ${FORMER}
  sync ${BASE}
fi`;

/** Runs as a service of root's from each start of a new agent, and from each boot. */
export const PROBATION = `#!/bin/sh
set -eu
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
export PATH
put() { rm -f "$2.back"; cp -pP "$1" "$2.back"; sync "$2.back"; mv "$2.back" "$2"; }
while [ -e ${FORMER} ] && [ ! -e ${HEALTHY} ]; do
  spent=$(cat ${FORMER}/spent 2>/dev/null || echo 0)
  if [ "$spent" -ge "$(cat ${FORMER}/seconds)" ]; then
    logger -t jetfleet "the agent did not reach the hub in $spent s: the former one comes back" 2>/dev/null || true
    systemctl stop ${UNIT} || true
    put ${FORMER}/agent.json ${CONFIG}
    put ${FORMER}/identity.pem ${IDENTITY}
    for one in ${KEPT_UNITS.join(" ")}; do
      [ ! -f ${FORMER}/units/"\${one##*/}" ] || put ${FORMER}/units/"\${one##*/}" $one
    done
    ln -sfn "$(cat ${FORMER}/current)" ${CURRENT}.new
    mv -T ${CURRENT}.new ${CURRENT}
    echo "$spent" > ${REVERTED}
    sync ${REVERTED} ${BASE}
    systemctl daemon-reload
    systemctl reset-failed ${UNIT} || true
    systemctl restart ${RUNNER_SOCKET} || true
    systemctl restart ${UNIT}
    break
  fi
  sleep 3
  echo $((spent + 3)) > ${FORMER}/spent.new
  mv ${FORMER}/spent.new ${FORMER}/spent
done
[ ! -e ${FORMER} ] || mv -T ${FORMER} ${FORMER}.over
rm -rf ${FORMER}.over
# Images that were pulled for an agent and that nothing runs in any more; one that somebody else uses by now stays theirs.
if [ -e ${PULLED_IMAGES} ]; then
  while read -r engine image; do
    if grep -qF "# $engine $image" ${CONTAINER_PIECE_PATH} 2>/dev/null; then continue; fi
    if timeout 120 "$engine" rmi "$image" >/dev/null 2>&1; then
      { grep -vxF "$engine $image" ${PULLED_IMAGES} || true; } > ${PULLED_IMAGES}.new
      mv ${PULLED_IMAGES}.new ${PULLED_IMAGES}
    fi
  done < ${PULLED_IMAGES}
fi
`;

export const PROBATION_UNIT_TEXT = `[Unit]
Description=jetfleet: the former agent comes back unless the new one reaches the hub
After=${UNIT}

[Service]
ExecStart=/bin/sh ${PROBATION_PATH}
Restart=on-failure
RestartSec=10

[Install]
WantedBy=multi-user.target
`;
