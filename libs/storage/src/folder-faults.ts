import { codeOf, textOf } from './error-code.ts';

const FAULTS: Record<string, (folder: string) => string> = {
  EACCES: (folder) => `The data folder ${folder} may not be written by this user. Change its owner or mode, or choose another folder.`,
  EPERM: (folder) => `The data folder ${folder} may not be written by this user. Change its owner or mode, or choose another folder.`,
  EROFS: (folder) => `The data folder ${folder} lies on a read-only file system. Choose a folder that can be written.`,
  ENOSPC: (folder) => `The disk that holds the data folder ${folder} is full. Free some space and try again; nothing is lost.`,
  EDQUOT: (folder) => `The disk quota for the data folder ${folder} is used up. Free some space and try again; nothing is lost.`,
  ENOTDIR: (folder) => `The data folder ${folder} cannot be made: a part of its path is a file. Choose another folder.`,
  EEXIST: (folder) => `The data folder ${folder} cannot be made: there is a file of this name. Choose another folder.`,
};

/** Turns a failed file operation, or what a PostgreSQL program said about one, into a sentence with the remedy; other errors stay as they are. */
export function explainFault(error: unknown, folder: string): unknown {
  const fault = FAULTS[codeOf(error) ?? codeInText(programText(error)) ?? ''];
  if (fault !== undefined) return new Error(fault(folder), { cause: error });
  return error;
}

/** What initdb (a failed execFile) or postgres (StartFailed) wrote; other errors' texts are not searched, they may be about other files. */
function programText(error: unknown): string {
  return textOf(error, 'stderr') ?? textOf(error, 'text') ?? '';
}

function codeInText(text: string): string | undefined {
  if (/no space left on device/i.test(text)) return 'ENOSPC';
  if (/disk quota exceeded/i.test(text)) return 'EDQUOT';
  if (/read-only file system/i.test(text)) return 'EROFS';
  return /permission denied/i.test(text) ? 'EACCES' : undefined;
}
