/**
 * Opens a model file for the first time: run by run-probe.ts in a process of its own, with limits, no environment and an empty folder.
 * Reads a `ProbeOrder` from standard input and writes the checks to standard output as JSON.
 * The file is opened from bytes, so it cannot name other files; what it asks for beyond the limits ends this process, not the service.
 */
import { readFileSync } from 'node:fs';
import { InferenceSession } from 'onnxruntime-node';
import { findUnbounded } from './onnx/bounded-work.ts';
import { UnreadableModel } from './onnx/message-reader.ts';
import { readGraph } from './onnx/read-graph.ts';
import { askModel } from './ask-model.ts';
import { Checks } from './checks.ts';
import type { Finished } from './version-store.ts';

export interface ProbeOrder {
  readonly path: string;
  readonly signature: Finished['signature'];
  /** Milliseconds that opening it, and one run of it, may take. */
  readonly maxLoadMs: number;
  readonly maxRunMs: number;
}

/** Sentences of one check. */
const MOST_TOLD = 3;

async function probe(order: ProbeOrder, checks: Checks): Promise<void> {
  const bytes = readFileSync(order.path);
  const faults = findUnbounded(readGraph(bytes));
  const told = faults.slice(0, MOST_TOLD).join(' ');
  const more = faults.length > MOST_TOLD ? ` And ${faults.length - MOST_TOLD} more.` : '';
  if (!checks.add('bounded', faults.length === 0, told + more || 'How much it computes depends on the number of rows alone.')) return;
  const session = await openModel(bytes, order, checks);
  if (session === undefined) return;
  const input = checkInput(session, checks);
  const output = order.signature.output.name;
  if (input === undefined || !checkOutput(session, output, checks)) return;
  await askModel(session, { input, output, columns: order.signature.inputs.length, maxRunMs: order.maxRunMs }, checks);
}

async function openModel(bytes: Uint8Array, { maxLoadMs }: ProbeOrder, checks: Checks): Promise<InferenceSession | undefined> {
  const began = performance.now();
  const session = await InferenceSession.create(bytes, { intraOpNumThreads: 1, interOpNumThreads: 1, logSeverityLevel: 3 });
  const ms = performance.now() - began;
  const detail = `ONNX Runtime opens it in ${Math.ceil(ms)} ms; at most ${maxLoadMs} ms are allowed, since serving stands still meanwhile.`;
  return checks.add('loads', ms <= maxLoadMs, detail) ? session : undefined;
}

function checkInput({ inputNames }: InferenceSession, checks: Checks): string | undefined {
  const detail = `Its inputs: ${inputNames.join(', ')}; one matrix of the features in the signature's order is expected.`;
  const [input, ...others] = inputNames;
  return checks.add('input', input !== undefined && others.length === 0, detail) ? input : undefined;
}

function checkOutput({ outputNames }: InferenceSession, output: string, checks: Checks): boolean {
  const detail = `Its outputs: ${outputNames.join(', ')}; the signature promises ${output}.`;
  return checks.add('output', outputNames.includes(output), detail);
}

async function main(): Promise<void> {
  const checks = new Checks();
  try {
    await probe(JSON.parse(readFileSync(0, 'utf8')) as ProbeOrder, checks);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    checks.add('loads', false, error instanceof UnreadableModel ? `It is no ONNX file that can be read: ${reason}.` : reason);
  }
  process.stdout.write(JSON.stringify(checks.list));
}

await main();
