import { explainFault } from './folder-faults.ts';

test.each([
  [{ code: 'EACCES' }, 'may not be written by this user. Change its owner or mode, or choose another folder.'],
  [{ code: 'EROFS' }, 'lies on a read-only file system. Choose a folder that can be written.'],
  [{ code: 'ENOSPC' }, 'is full. Free some space and try again; nothing is lost.'],
  [{ code: 1, stderr: 'initdb: error: could not create directory "x": No space left on device' }, 'is full.'],
  [{ text: 'FATAL:  could not open file "postmaster.pid": Read-only file system' }, 'read-only file system'],
  [{ text: 'FATAL: could not write lock file "postmaster.pid": Disk quota exceeded' }, 'is used up'],
])('%j becomes a sentence with the remedy', (fault, words) => {
  expect(String(explainFault(fault, '/data'))).toContain(words);
  expect(String(explainFault(fault, '/data'))).toContain('/data');
});

test('an error that is about something else stays as it is', () => {
  const error = new Error('permission denied for table secrets');
  expect(explainFault(error, '/data')).toBe(error);
});
