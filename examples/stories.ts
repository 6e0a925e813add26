// Tells the stories of sim-stories.ts on a terminal: `node dist/examples/stories.js`.

import { createSim } from "../bindings/sim-node.ts";
import { tell } from "./sim-stories.ts";

tell(() => createSim(), console.log);
