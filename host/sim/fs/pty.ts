// Pseudo-terminals (Linux's drivers/tty/pty.c and n_tty.c): a master and a slave, with a line discipline
// between them.

import {
  DATA_READABLE,
  EAGAIN,
  EBADF,
  EINVAL,
  EVENT_ERR,
  EVENT_HUP,
  EVENT_IN,
  EVENT_OUT,
  EVENT_PRI,
  EVENT_RDNORM,
  EVENT_WRNORM,
  FD_TERMINAL,
} from "../../../asm/abi.ts";
import { ByteQueue } from "../kernel/byte-queue.ts";
import { EIO } from "../kernel/constants.ts";
import { File } from "../kernel/file.ts";
import type { Kernel } from "../kernel/kernel.ts";
import { KEY_ALL, WaitQueue } from "../kernel/wait-queue.ts";

const READABLE = EVENT_IN | EVENT_RDNORM;
const WRITABLE = EVENT_OUT | EVENT_WRNORM;
/** Size of the buffer of each direction (N_TTY_BUF_SIZE). */
const BUFFER_SIZE = 4096;

const NEWLINE = 10;
const RETURN = 13;
const END_OF_FILE = 4;
const ERASE = 127;
const KILL = 21;

/** The settings of a terminal (struct termios). */
export interface TerminalMode {
  /** Input becomes readable line by line, and a line can be edited until it ends (ICANON). */
  readonly canonical?: boolean;
  /** Input is echoed to the master (ECHO). */
  readonly echo?: boolean;
  /** How many bytes a read waits for in the non-canonical mode (VMIN). */
  readonly vmin?: number;
  /** A newline in the output becomes a carriage return and a newline (ONLCR). */
  readonly newlines?: boolean;
}

/** The terminal itself, which both ends share. */
export class Pty {
  readonly kernel: Kernel;
  /** Input that the slave has not read; in the canonical mode only whole lines. */
  readonly input = new ByteQueue();
  /** Lengths of the lines in `input`. An end of file at the start of a line has the length 0. */
  readonly lines: number[] = [];
  /** The line that is being typed: it can still be edited. */
  line: number[] = [];
  /** Output of the slave, and echoes, that the master has not read. */
  readonly output = new ByteQueue();
  readonly masterQueue = new WaitQueue();
  readonly slaveQueue = new WaitQueue();
  mode: Required<TerminalMode> = { canonical: true, echo: true, vmin: 1, newlines: true };
  /** Packet mode (TIOCPKT): reads of the master begin with a control byte. */
  isPacket = false;
  /** The control byte that the next read of the master returns in packet mode (TIOCPKT_*). */
  control = 0;
  hasMaster = true;
  slaves = 0;
  /** Whether a slave has ever been open: only then does the master see the end of the last slave as HUP. */
  hadSlave = false;

  constructor(kernel: Kernel) {
    this.kernel = kernel;
  }

  get hasInput(): boolean {
    if (this.mode.canonical) return this.lines.length > 0;
    return this.input.size >= Math.max(1, this.mode.vmin);
  }

  get inputRoom(): number {
    return BUFFER_SIZE - 1 - this.input.size - this.line.length;
  }

  /** tcsetattr(3). Input that has not been read counts by the new mode at once (n_tty_set_termios). */
  setMode(mode: TerminalMode): void {
    const wasCanonical = this.mode.canonical;
    this.mode = { ...this.mode, ...mode };
    if (wasCanonical && !this.mode.canonical) {
      this.input.put(Uint8Array.from(this.line));
      this.line = [];
      this.lines.length = 0;
    } else if (!wasCanonical && this.mode.canonical && this.input.size > 0) {
      this.lines.push(this.input.size);
    }
    if (this.hasInput) this.slaveQueue.wake(READABLE);
  }

  /** Takes bytes that the master writes as typed input. Returns the number of bytes taken. */
  type(bytes: Uint8Array): number {
    const taken = bytes.subarray(0, Math.max(0, this.inputRoom));
    if (taken.length === 0) return 0;
    const before = this.hasInput;
    const sizeBefore = this.input.size;
    for (const byte of taken) this.#receive(byte);
    const grew = this.input.size > sizeBefore || this.hasInput !== before;
    if (this.hasInput && grew) this.slaveQueue.wake(READABLE);
    // tty_wakeup: the line discipline has taken the bytes, so the master has room again.
    this.masterQueue.wake(WRITABLE);
    return taken.length;
  }

  #receive(typed: number): void {
    const { canonical, echo } = this.mode;
    if (!canonical) {
      this.input.put(Uint8Array.of(typed));
      if (echo) this.#echo(typed);
      return;
    }
    const byte = typed === RETURN ? NEWLINE : typed;
    if (byte === ERASE) this.line.pop();
    else if (byte === KILL) this.line = [];
    else if (byte === END_OF_FILE) this.#endLine();
    else {
      this.line.push(byte);
      if (echo) this.#echo(byte);
      if (byte === NEWLINE) this.#endLine();
    }
  }

  #endLine(): void {
    this.input.put(Uint8Array.from(this.line));
    this.lines.push(this.line.length);
    this.line = [];
  }

  #echo(byte: number): void {
    this.#emit(byte === NEWLINE && this.mode.newlines ? [RETURN, NEWLINE] : [byte]);
  }

  #emit(bytes: readonly number[]): void {
    this.output.put(Uint8Array.from(bytes));
    this.masterQueue.wake(READABLE);
  }

  /** Takes output of the slave. Returns the number of bytes taken. */
  print(bytes: Uint8Array): number {
    const taken = bytes.subarray(0, Math.max(0, BUFFER_SIZE - this.output.size));
    if (taken.length === 0) return 0;
    const printed: number[] = [];
    for (const byte of taken) {
      if (byte === NEWLINE && this.mode.newlines) printed.push(RETURN);
      printed.push(byte);
    }
    this.#emit(printed);
    return taken.length;
  }
}

/** The master: the end of a terminal emulator. */
export class PtyMaster extends File {
  readonly name = "terminal master";
  readonly pty: Pty;
  readonly #queues: readonly WaitQueue[];

  constructor(kernel: Kernel, pty: Pty, flags: number) {
    super(kernel, flags);
    this.pty = pty;
    this.#queues = [pty.masterQueue];
  }

  override get kind(): number {
    return FD_TERMINAL;
  }

  /** Number of bytes of input that fit. */
  get room(): number {
    return Math.max(0, this.pty.inputRoom);
  }

  poll(): number {
    const { pty } = this;
    let mask = 0;
    if (pty.output.size > 0) mask |= READABLE;
    if (pty.isPacket && pty.control !== 0) mask |= EVENT_PRI | READABLE;
    if (pty.inputRoom > 0) mask |= WRITABLE;
    if (pty.hadSlave && pty.slaves === 0) mask |= EVENT_HUP;
    return mask;
  }

  queues(): readonly WaitQueue[] {
    return this.#queues;
  }

  override read(buffer: Uint8Array, size: number): number {
    const { pty } = this;
    if (!this.isReadable) return -EBADF;
    if (size === 0) return 0;
    if (pty.isPacket && pty.control !== 0) {
      buffer[0] = pty.control;
      pty.control = 0;
      return 1;
    }
    if (pty.output.size === 0) return pty.hadSlave && pty.slaves === 0 ? -EIO : -EAGAIN;
    const wasFull = pty.output.size >= BUFFER_SIZE;
    const head = pty.isPacket ? 1 : 0;
    if (head > 0) buffer[0] = 0;
    const count = pty.output.copy(buffer.subarray(head), size - head);
    pty.output.drop(count);
    if (wasFull) pty.slaveQueue.wake(WRITABLE);
    return count + head;
  }

  override write(bytes: Uint8Array): number {
    if (!this.isWritable) return -EBADF;
    if (bytes.length === 0) return 0;
    if (this.pty.hadSlave && this.pty.slaves === 0) return -EIO;
    return this.pty.type(bytes) || -EAGAIN;
  }

  override data(what: number): number {
    return what === DATA_READABLE ? this.pty.output.size : -EINVAL;
  }

  override buffered(): readonly Uint8Array[] {
    return this.pty.output.pieces();
  }

  override describe(): Record<string, unknown> {
    return { printed: this.pty.output.size, slaves: this.pty.slaves };
  }

  override release(): void {
    const { pty } = this;
    pty.hasMaster = false;
    pty.slaveQueue.wake(KEY_ALL);
  }
}

/** The slave: the terminal of a program. */
export class PtySlave extends File {
  readonly name = "terminal";
  readonly pty: Pty;
  readonly #queues: readonly WaitQueue[];

  constructor(kernel: Kernel, pty: Pty, flags: number) {
    super(kernel, flags);
    this.pty = pty;
    this.#queues = [pty.slaveQueue];
    pty.slaves++;
    pty.hadSlave = true;
  }

  override get kind(): number {
    return FD_TERMINAL;
  }

  /** Number of bytes of output that fit. */
  get room(): number {
    return Math.max(0, BUFFER_SIZE - this.pty.output.size);
  }

  poll(): number {
    const { pty } = this;
    let mask = pty.hasInput ? READABLE : 0;
    if (pty.output.size < BUFFER_SIZE) mask |= WRITABLE;
    if (!pty.hasMaster) mask |= READABLE | WRITABLE | EVENT_ERR | EVENT_HUP;
    return mask;
  }

  queues(): readonly WaitQueue[] {
    return this.#queues;
  }

  override read(buffer: Uint8Array, size: number): number {
    const { pty } = this;
    if (!this.isReadable) return -EBADF;
    if (!pty.hasMaster) return 0;
    if (size === 0) return 0;
    if (!pty.hasInput) return -EAGAIN;
    let wanted = Math.min(size, pty.input.size);
    if (pty.mode.canonical) {
      const line = pty.lines[0] as number;
      wanted = Math.min(wanted, line);
      if (wanted === line) pty.lines.shift();
      else pty.lines[0] = line - wanted;
    }
    const wasFull = pty.inputRoom <= 0;
    const count = pty.input.copy(buffer, wanted);
    pty.input.drop(count);
    if (wasFull || count > 0) pty.masterQueue.wake(WRITABLE);
    return count;
  }

  override write(bytes: Uint8Array): number {
    if (!this.isWritable) return -EBADF;
    if (!this.pty.hasMaster) return -EIO;
    if (bytes.length === 0) return 0;
    return this.pty.print(bytes) || -EAGAIN;
  }

  override data(what: number): number {
    if (what !== DATA_READABLE) return -EINVAL;
    const { pty } = this;
    return pty.mode.canonical ? pty.lines.reduce((sum, line) => sum + line, 0) : pty.input.size;
  }

  override buffered(): readonly Uint8Array[] {
    return this.pty.input.pieces();
  }

  override describe(): Record<string, unknown> {
    return { typed: this.pty.input.size, lines: this.pty.lines, mode: this.pty.mode };
  }

  override release(): void {
    const { pty } = this;
    pty.slaves--;
    if (pty.slaves === 0) pty.masterQueue.wake(KEY_ALL);
  }
}

/** Both ends of a new terminal. */
export function createPty(kernel: Kernel, flags: number): [master: PtyMaster, slave: PtySlave] {
  const pty = new Pty(kernel);
  return [new PtyMaster(kernel, pty, flags), new PtySlave(kernel, pty, flags)];
}
