// Errors: WASI numbers them by their names, the waist has Linux's numbers. wasi/errno.ts makes the same table
// of the names; test/package/standalone.test.ts compares the two.

export const WASI_BADF = 8;

/** Linux's number of each of WASI's, from SUCCESS to NOTCAPABLE; EIO where Linux has no such error. */
const NUMBERS: usize = memory.data<u8>([
  0, 7, 13, 98, 99, 97, 11, 114, 9, 74, 16, 125, 10, 103, 111, 104, 35, 89, 33, 122, 17, 14, 27,
  113, 43, 84, 115, 4, 22, 5, 106, 21, 40, 24, 31, 90, 72, 36, 100, 102, 101, 23, 105, 19, 2, 8, 37,
  67, 12, 42, 92, 28, 38, 107, 20, 39, 131, 88, 95, 25, 6, 75, 130, 1, 32, 71, 93, 91, 34, 30, 29,
  3, 116, 110, 26, 18, 5,
]);
const COUNT: u32 = 77;
const EIO = 5;

/** Linux's errno of an error number of WASI. */
export function linuxErrno(number: u32): i32 {
  return number < COUNT ? load<u8>(NUMBERS + (number as usize)) : EIO;
}
