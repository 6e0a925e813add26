// Files for a test, on the kernel under test: functions of node:fs, which on a simulated kernel
// work on its tree.

import * as fs from "node:fs";
import * as nodeOs from "node:os";
import { join } from "node:path";
import { decodePath } from "../../host/os.ts";
import { treeOf } from "../../host/sim/fs/tree.ts";
import type { Sim } from "../../bindings/sim/sim.ts";
import { sim } from "./world.ts";
import type { OpenFlags } from "../../bindings/sim/file-arguments.ts";
import type { SimStat } from "../../bindings/sim/files.ts";

type Data = Uint8Array | string;

/** The attributes of a file that the tests check. */
export interface Status {
  readonly ino: number;
  readonly mode: number;
  readonly nlink: number;
  readonly size: number;
  isFIFO(): boolean;
  isSocket(): boolean;
  isDirectory(): boolean;
}

const S_IFMT = 0o170000;

function statusOf(stat: SimStat): Status {
  const type = stat.mode & S_IFMT;
  return {
    ...stat,
    isFIFO: () => type === 0o010000,
    isSocket: () => type === 0o140000,
    isDirectory: () => type === 0o040000,
  };
}

let folders = 0;

function textOf(path: string | Uint8Array): string {
  return typeof path === "string" ? path : decodePath(path);
}

/** The functions of node:fs on the tree of `sim`. */
function simulated({ files, os }: NonNullable<typeof sim>) {
  return {
    openSync: (path: string, flags: string | number = "r", mode = 0o666): number =>
      files.open(path, flags as OpenFlags, mode),
    closeSync: (fd: number): void => os.close(fd),
    writeSync: (fd: number, data: Data, position?: number | null): number =>
      typeof position === "number" ? files.pwrite(fd, data, position) : os.write(fd, data),
    readSync(
      fd: number,
      buffer: Uint8Array,
      offset = 0,
      length = buffer.length - offset,
      position: number | null = null,
    ): number {
      const before = position === null ? 0 : files.lseek(fd, 0, "cur");
      if (position !== null) files.lseek(fd, position);
      const bytes = os.read(fd, length);
      if (position !== null) files.lseek(fd, before);
      buffer.set(bytes, offset);
      return bytes.length;
    },
    writeFileSync(file: string | number, data: Data, options?: { flag?: string }): void {
      if (typeof file === "number") os.write(file, data);
      else files.writeFile(file, data, (options?.flag ?? "w") as OpenFlags);
    },
    appendFileSync(file: string | number, data: Data): void {
      if (typeof file === "number") os.write(file, data);
      else files.writeFile(file, data, "a");
    },
    mkdtempSync(prefix: string): string {
      const path = `${prefix}${++folders}`;
      files.mkdir(path, 0o700);
      return path;
    },
    mkdirSync: (path: string, mode?: number): void => files.mkdir(path, mode),
    rmdirSync: (path: string): void => files.rmdir(path),
    rmSync(path: string): void {
      const inode = treeOf((sim as Sim).kernel).inode(path, false);
      if (typeof inode === "number") return;
      if (!inode.isDirectory) {
        files.unlink(path);
        return;
      }
      for (const name of files.readdir(path)) this.rmSync(`${path}/${name}`);
      files.rmdir(path);
    },
    renameSync: (from: string, to: string): void => files.rename(from, to),
    unlinkSync: (path: string): void => files.unlink(path),
    linkSync: (path: string, other: string): void => files.link(path, other),
    symlinkSync: (target: string, path: string): void => files.symlink(target, path),
    truncateSync: (path: string, size?: number): void => files.truncate(path, size),
    ftruncateSync: (fd: number, size?: number): void => files.truncate(fd, size),
    chmodSync: (path: string, mode: number): void => files.chmod(path, mode),
    fchmodSync: (fd: number, mode: number): void => files.chmod(fd, mode),
    utimesSync: (path: string, _atime: number, mtime: number): void => files.utimes(path, mtime),
    futimesSync: (fd: number, _atime: number, mtime: number): void => files.utimes(fd, mtime),
    statSync: (path: string | Uint8Array): Status => statusOf(files.stat(textOf(path))),
    fstatSync: (fd: number): Status => statusOf(files.stat(fd)),
    existsSync: (path: string): boolean => files.exists(path),
    readdirSync: (path: string): string[] =>
      path === "/proc/self/fd" ? descriptorsOf() : files.readdir(path),
    readlinkSync: (path: string): string => files.readlink(path),
    readFileSync(path: string, encoding?: "utf8"): any {
      const bytes = Buffer.from(files.readFile(path));
      return encoding === undefined ? bytes : bytes.toString(encoding);
    },
    copyFileSync: (from: string, to: string): void => files.writeFile(to, files.readFile(from)),
  };
}

function descriptorsOf(): string[] {
  return [...(sim as NonNullable<typeof sim>).kernel.descriptors].map(([fd]) => String(fd));
}

type Functions = ReturnType<typeof simulated>;

const used: Functions = sim === undefined ? (fs as unknown as Functions) : simulated(sim);

export const {
  openSync,
  closeSync,
  writeSync,
  readSync,
  writeFileSync,
  appendFileSync,
  mkdtempSync,
  mkdirSync,
  rmdirSync,
  renameSync,
  unlinkSync,
  linkSync,
  symlinkSync,
  truncateSync,
  ftruncateSync,
  chmodSync,
  fchmodSync,
  utimesSync,
  futimesSync,
  statSync,
  fstatSync,
  existsSync,
  readdirSync,
  readlinkSync,
  copyFileSync,
  readFileSync,
} = used;

/** Removes a file, or a folder with its content. */
export function rmSync(path: string, options?: { recursive?: boolean; force?: boolean }): void {
  if (sim === undefined) fs.rmSync(path, options);
  else used.rmSync(path);
}

/** Flags of open(2). */
export const { constants } = fs;

/** The folder for temporary files of the kernel under test. */
export function tmpdir(): string {
  return sim === undefined ? nodeOs.tmpdir() : "/tmp";
}

/** Room in the path of a Unix socket before the name of the socket. */
const LONGEST_FOLDER = 64;

/**
 * A path of `folder` that is short enough for the names of Unix sockets in it, which have 107 bytes. In
 * place of a long path it names a descriptor of the folder, until it is closed.
 */
export function shortPath(folder: string): { path: string; close(): void } {
  if (Buffer.from(folder).length <= LONGEST_FOLDER) return { path: folder, close: () => {} };
  const fd = fs.openSync(folder, fs.constants.O_RDONLY | fs.constants.O_DIRECTORY);
  return { path: `/proc/self/fd/${fd}`, close: () => fs.closeSync(fd) };
}

/** Number of open descriptors of the process under test. */
export function openDescriptors(): number {
  return readdirSync("/proc/self/fd").length;
}

/** A new folder. */
export function newFolder(): string {
  return mkdtempSync(join(tmpdir(), "omnipoll-"));
}
