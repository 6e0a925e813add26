// The knotes that the host's queue has for a guest, counted where a guest has a limit of registrations.

import { EV_ADD, EV_DELETE, EV_ERROR, EV_ONESHOT } from "../../asm/abi.ts";
import type { KeventObject } from "./module.ts";

/** What names a knote: idents are the host's. */
type Key = Pick<KeventObject, "ident" | "filter">;

const nameOf = ({ ident, filter }: Key): string => `${filter} ${ident}`;

export class KnoteCount {
  readonly #knotes = new Set<string>();

  get size(): number {
    return this.#knotes.size;
  }

  has(key: Key): boolean {
    return this.#knotes.has(nameOf(key));
  }

  delete(key: Key): void {
    this.#knotes.delete(nameOf(key));
  }

  /** A change has succeeded. */
  changed(change: KeventObject): void {
    if (change.flags & EV_DELETE) this.delete(change);
    else if (change.flags & EV_ADD) this.#knotes.add(nameOf(change));
  }

  /** An event was reported: a knote with EV_ONESHOT is gone then. */
  reported(event: KeventObject): void {
    if ((event.flags & (EV_ONESHOT | EV_ERROR)) === EV_ONESHOT) this.delete(event);
  }
}
