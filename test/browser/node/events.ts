// The part of node:events that tests use, in a browser.

type Listener = (...given: any[]) => void;

export class EventEmitter {
  readonly #listeners: Array<{ name: string; listener: Listener; once: boolean }> = [];

  on(name: string, listener: Listener): this {
    this.#listeners.push({ name, listener, once: false });
    return this;
  }

  once(name: string, listener: Listener): this {
    this.#listeners.push({ name, listener, once: true });
    return this;
  }

  off(name: string, listener: Listener): this {
    const at = this.#listeners.findIndex(
      (each) => each.name === name && each.listener === listener,
    );
    if (at >= 0) this.#listeners.splice(at, 1);
    return this;
  }

  emit(name: string, ...given: readonly unknown[]): boolean {
    const called = this.#listeners.filter((each) => each.name === name);
    for (const each of called) {
      if (each.once) this.#listeners.splice(this.#listeners.indexOf(each), 1);
      each.listener(...given);
    }
    return called.length > 0;
  }
}
