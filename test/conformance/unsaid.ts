// Outcomes of recorded steps without what poll_oneoff cannot say.

/**
 * Bits that no event of poll_oneoff has: bands and urgent data; RDNORM and WRNORM, which not every file has that is
 * ready; and RDHUP, of which an event tells only once all bytes are read.
 */
const UNSAID = new Set(["PRI", "RDNORM", "RDBAND", "WRNORM", "WRBAND", "MSG", "RDHUP"]);
const SAID = new Set(["IN", "OUT", "ERR", "HUP", "NVAL"]);

/** A mask in words, with the name of its descriptor before it in a list of events. */
const MASK = /^(?:(?<name>\w+):)?(?<bits>[A-Z]+(?:\|[A-Z]+)*)$/;

export interface Said {
  readonly outcome: string;
  /** Whether an event is left out whole. What comes after it depends on the event. */
  readonly isCut: boolean;
}

/** An outcome as a host of WASI can have it. */
export function saidOf(outcome: string): Said {
  let isCut = false;
  const lists = outcome.split(" / ").map((list) => {
    const words = list.split(" ").flatMap((word) => {
      const { name, bits = "" } = MASK.exec(word)?.groups ?? {};
      const names = bits.split("|");
      if (!names.every((bit) => SAID.has(bit) || UNSAID.has(bit))) return [word];
      const left = names.filter((bit) => SAID.has(bit)).join("|");
      if (left !== "") return [name === undefined ? left : `${name}:${left}`];
      isCut ||= name !== undefined;
      return name === undefined ? ["-"] : [];
    });
    return words.join(" ") || "-";
  });
  return { outcome: lists.join(" / "), isCut };
}
