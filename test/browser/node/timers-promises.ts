// The part of node:timers/promises that tests use, in a browser.

const after = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

export { after as setTimeout };
