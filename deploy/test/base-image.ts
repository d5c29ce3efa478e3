import { existsSync } from 'node:fs';
import { cp, mkdir, mkdtemp, readdir, realpath, rm, symlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { findProgram, runCommand } from '@roofshot/testing/run-command';
import { NotToBeHad } from '@roofshot/testing/server-kind';
import { argumentOfDockerfile, ROOT } from './compose-file.ts';
import { MIRROR, SUITE } from './debian-suite.ts';
import { docker, dockerAnswers } from './docker.ts';

const LOCAL = 'roofshot-test/node';
/** Certificates that this machine trusts beside those of its system: of a mirror, or of a proxy. */
const OWN_CERTIFICATES = '/usr/local/share/ca-certificates';

/** The base that the Dockerfile names, or one like it from Debian's packages where it cannot be pulled. @throws NotToBeHad */
export async function haveBase(): Promise<{ readonly base: string; readonly isLocal: boolean }> {
  const base = argumentOfDockerfile('BASE');
  if (await dockerAnswers('pull', '--quiet', base)) return { base, isLocal: false };
  const program = findProgram('debootstrap');
  if (program === undefined || process.geteuid?.() !== 0) {
    const who = program === undefined ? 'there is no debootstrap' : 'only root can run debootstrap';
    throw new NotToBeHad(`${base} cannot be pulled, and ${who} to make one like it`, `docker pull ${base}`);
  }
  await makeBase(program);
  return { base: LOCAL, isLocal: true };
}

async function makeBase(debootstrap: string): Promise<void> {
  const folder = await mkdtemp('/var/tmp/roofshot-base-');
  const [root, archive] = [join(folder, 'root'), join(folder, 'root.tar')];
  try {
    const scripts = `DEBOOTSTRAP_DIR=${join(dirname(dirname(debootstrap)), 'share/debootstrap')}`;
    await runCommand('env', [scripts, debootstrap, '--variant=minbase', '--include=ca-certificates', SUITE, root, MIRROR]);
    await addCertificates(root);
    await addNode(root);
    const waste = ['./dev', './var/cache/apt/*', './var/lib/apt/lists/*'].map((path) => `--exclude=${path}`);
    await runCommand('tar', ['-C', root, ...waste, '-cf', archive, '.']);
    await docker('import', '--change', 'ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', archive, LOCAL);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function addCertificates(root: string): Promise<void> {
  const files = await readdir(OWN_CERTIFICATES).catch(() => []);
  for (const file of files) await cp(join(OWN_CERTIFICATES, file), join(root, OWN_CERTIFICATES, file));
  await runCommand('chroot', [root, 'update-ca-certificates']);
}

/** At the places of the public image: Node as npm brings it along, and the npm that runs this. */
async function addNode(root: string): Promise<void> {
  const bin = join(root, 'usr/local/bin');
  const modules = join(root, 'usr/local/lib/node_modules');
  await mkdir(modules, { recursive: true });
  await cp(join(ROOT, 'node_modules', `node-linux-${process.arch}`, 'bin', 'node'), join(bin, 'node'));
  await cp(await npmFolder(), join(modules, 'npm'), { recursive: true });
  for (const name of ['npm', 'npx']) await symlink(`../lib/node_modules/npm/bin/${name}-cli.js`, join(bin, name));
}

async function npmFolder(): Promise<string> {
  const script = process.env['npm_execpath'] ?? findProgram('npm');
  if (script === undefined || !existsSync(script)) throw new NotToBeHad('there is no npm in the PATH', 'install npm');
  return dirname(dirname(await realpath(script)));
}
