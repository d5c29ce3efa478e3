import { stat } from 'node:fs/promises';
import { codeOf } from '../error-code.ts';

/** The system account that PostgreSQL runs under; undefined: this process's own. */
export interface Account {
  uid: number;
  gid: number;
}

/** Nobody: exists on every system, owns nothing else of ours, and PostgreSQL refuses to run as root. */
const NOBODY: Account = { uid: 65534, gid: 65534 };

/** A plain user runs PostgreSQL as itself. Root runs it as the owner of the existing data, or as nobody. */
export async function chooseAccount(data: string): Promise<Account | undefined> {
  if (process.geteuid?.() !== 0) return undefined;
  try {
    const { uid, gid } = await stat(data);
    return uid === 0 ? NOBODY : { uid, gid };
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return NOBODY;
    throw error;
  }
}
