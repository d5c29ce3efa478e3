import { open } from 'node:fs/promises';

/** Makes the names in a folder durable: a rename survives a power cut only when the folder itself was flushed. */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
