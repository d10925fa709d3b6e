import type { PlayedJetson } from "./images.ts";

/** Where units of L4T 35 have it; /etc/nvfancontrol.conf is a link to it. */
const FAN_FILE = "etc/nvpower/nvfancontrol/nvfancontrol_p2888.conf";

/** The fan's configuration, of boards whose L4T has nvfancontrol: path in the root → text. What a user changes there stays. */
export function fanFiles(board: PlayedJetson): { files: Map<string, string>; link: string | null } {
  if (board !== "agx-xavier") return { files: new Map(), link: null };
  return { files: new Map([[FAN_FILE, CONF]]), link: FAN_FILE.replace("etc/", "") };
}

// As NVIDIA's developer guide for L4T 35 describes it, tables shortened.
const CONF = `POLLING_INTERVAL 2

<FAN 1>
	TMARGIN ENABLED
	FAN_GOVERNOR cont {
		STEP_SIZE 10
	}
	FAN_PROFILE cool {
		#TEMP	HYST	PWM	RPM
		0	0	255	4000
		105	0	0	0
	}
	FAN_PROFILE quiet {
		#TEMP	HYST	PWM	RPM
		0	0	176	2750
		105	0	0	0
	}
	THERMAL_GROUP 0 {
		GROUP_MAX_TEMP 105
	}
	FAN_DEFAULT_CONTROL close_loop
	FAN_DEFAULT_PROFILE quiet
	FAN_DEFAULT_GOVERNOR cont
`;
