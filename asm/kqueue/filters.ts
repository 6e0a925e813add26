// The filters there are, one line each; a file enters its filter in the table of filter.ts.

import "./filters/descriptor";
import "./filters/aio";
import "./filters/vnode";
import "./filters/proc";
import "./filters/signal";
import "./filters/timer";
import "./filters/netdev";
import "./filters/user";
