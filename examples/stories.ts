// Tells the stories of sim-stories.ts: on a terminal, `node dist/examples/stories.js`, or on the console of
// a page, without a change.

import { createSim } from "omnipoll/sim";
import { tell } from "./sim-stories.ts";

tell(() => createSim(), console.log);
