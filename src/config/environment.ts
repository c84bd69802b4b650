/** A variable by its name; undefined when it is not set. */
export type Environment = (name: string) => string | undefined;

/** The environment that the process was started with. */
export function environment(name: string): string | undefined {
  return process.env[name];
}
