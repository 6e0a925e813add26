// What the program poll-select prints with "hello" on its stdin, and what main returns.

export const PRINTED = `poll 3: in 1 out 1 nval 1
ioctl 0, 5 bytes
read 5
poll 0
select 1: in 0 out 1
nanosleep 0
clock_nanosleep 0, on time 1
`;
export const CODE = 7;
