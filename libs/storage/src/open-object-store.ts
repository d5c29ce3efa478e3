import { fileURLToPath } from 'node:url';
import type { ObjectStore } from './object-store.ts';

export interface OpenObjectStoreOptions {
  /** Whoever opens it never stores: the right to is not asked for. */
  readsOnly?: boolean;
  /** Hears when it cannot be used, with the reason, and with undefined when it can be used again. */
  onTrouble?: (trouble: string | undefined) => void;
}

/** Opens the object store that `url` names: `file:DIR` (relative or absolute path) or `file:///DIR` (with URL escapes), or `s3://…`. */
export async function openObjectStore(url: string, options: OpenObjectStoreOptions = {}): Promise<ObjectStore> {
  const scheme = url.slice(0, url.indexOf(':'));
  switch (scheme) {
    case 'file': {
      const { FolderObjectStore } = await import('./folder-object-store.ts');
      return FolderObjectStore.open(url.startsWith('file://') ? fileURLToPath(url) : url.slice('file:'.length));
    }
    case 's3': {
      const { S3ObjectStore } = await import('./s3-object-store.ts');
      return S3ObjectStore.open(url, options);
    }
    default:
      throw new Error(`No object store can be opened with the scheme "${scheme}". Use file:DIR or s3://bucket.`);
  }
}
