// What tests use of node:timers/promises, in a browser.

const after = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

export { after as setTimeout };
