// EVFILT_NETDEV: the link state of a network interface, whose index is the ident. FreeBSD 10 removed
// the filter; the semantics are those of the last version (filt_netdev).

import {
  ENODEV,
  EV_EOF,
  EV_ONESHOT,
  NOTE_LINKDOWN,
  NOTE_LINKINV,
  NOTE_LINKUP,
} from "../../../asm/abi.ts";
import { IFF_LOWER_UP, type InterfaceWatcher, interfacesOf } from "../net/interfaces.ts";
import { Knote } from "./knote.ts";

/** The note that stands for the present state of a link. */
const stateOf = ({ flags }: { readonly flags: number }): number =>
  (flags & IFF_LOWER_UP) === 0 ? NOTE_LINKDOWN : NOTE_LINKUP;

/** A knote of EVFILT_NETDEV. */
export class LinkKnote extends Knote {
  #state = 0;
  readonly #watcher: InterfaceWatcher = (changed, isGone) => {
    if (changed.index === this.ident) this.#setState(isGone ? NOTE_LINKINV : stateOf(changed));
  };

  get watched(): string {
    return interfacesOf(this.queue.kernel).find(Number(this.ident))?.name ?? "interface";
  }

  override attach(): number {
    const interfaces = interfacesOf(this.queue.kernel);
    const found = interfaces.find(Number(this.ident));
    if (found === undefined) return -ENODEV;
    this.#state = stateOf(found);
    interfaces.watchers.add(this.#watcher);
    return 0;
  }

  override detach(): void {
    interfacesOf(this.queue.kernel).watchers.delete(this.#watcher);
  }

  event(): boolean {
    return this.fflags !== 0;
  }

  #setState(state: number): void {
    if (state === this.#state) return;
    this.#state = state;
    this.data = state;
    if ((this.sfflags & state) !== 0) this.fflags |= state;
    if (state === NOTE_LINKINV) {
      // The interface is gone. This last event is reported whether or not the knote has the note.
      this.flags |= EV_EOF | EV_ONESHOT;
      this.queue.activate(this);
    } else {
      this.notify();
    }
  }
}
