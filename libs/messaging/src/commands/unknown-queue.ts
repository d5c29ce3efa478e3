export function unknownQueue(queue: string): Error {
  return new Error(`There is no queue "${queue}". Check its name, or create it first with ensureQueues.`);
}
