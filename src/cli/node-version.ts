/** The oldest Node that runs the program; package.json says the same. */
export const LEAST_NODE = 24;
