import { runCommand } from '@roofshot/testing/run-command';

/** Runs the docker command to its end and answers what it wrote. The error tells the end of what it said. */
export function docker(...args: readonly string[]): Promise<string> {
  return runCommand('docker', args);
}

export async function dockerAnswers(...args: readonly string[]): Promise<boolean> {
  return docker(...args).then(
    () => true,
    () => false,
  );
}
