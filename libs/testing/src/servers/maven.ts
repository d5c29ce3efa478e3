// Programs for the Java virtual machine, from Maven Central by Maven itself (which knows the user's mirrors).
import { createHash } from 'node:crypto';
import { realpath, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { cacheFolder } from './server-cache.ts';
import { NotToBeHad } from './server-kind.ts';
import { findProgram, isExecutable, runCommand } from './run-command.ts';
import { installAsRoot } from './debian.ts';

const PACKAGES = ['openjdk-17-jdk-headless', 'maven'] as const;
const OLDEST_JAVA = 17;

/** Copies artifacts (`group:artifact:version`) and all that they need at run time into `folder`. */
export async function copyJars(artifacts: readonly string[], folder: string): Promise<void> {
  await copyDependencies(artifacts.map(dependency()), folder);
}

/** Copies these artifacts into `folder`, and nothing of what they need. */
export async function copyOnlyJars(artifacts: readonly string[], folder: string): Promise<void> {
  await copyDependencies(artifacts.map(dependency(NOTHING_ELSE)), folder);
}

async function copyDependencies(dependencies: readonly string[], folder: string): Promise<void> {
  const pom = join(folder, 'pom.xml');
  await writeFile(pom, pomOf(dependencies));
  await maven(['dependency:copy-dependencies', '-DincludeScope=runtime', `-DoutputDirectory=${folder}`, '-f', pom]);
  await rm(pom);
}

/** Copies one file (`group:artifact:version:packaging`) into `folder`. */
export async function copyArtifact(artifact: string, folder: string): Promise<void> {
  await maven(['dependency:copy', `-Dartifact=${artifact}`, `-DoutputDirectory=${folder}`]);
}

async function maven(args: readonly string[]): Promise<void> {
  const program = findProgram('mvn') ?? (await installAsRoot(PACKAGES), findProgram('mvn'));
  if (program === undefined)
    throw new NotToBeHad('Maven (mvn) is not in the PATH', `install it: sudo apt-get install ${PACKAGES.join(' ')}`);
  const repository = join(await cacheFolder(), 'maven');
  await runCommand(program, ['-B', '-q', `-Dmaven.repo.local=${repository}`, ...args], await cacheFolder()).catch((error: unknown) => {
    throw new NotToBeHad((error as Error).message, 'see that Maven Central, or the mirror in ~/.m2/settings.xml, can be reached', {
      cause: error,
    });
  });
}

const NOTHING_ELSE = '<exclusions><exclusion><groupId>*</groupId><artifactId>*</artifactId></exclusion></exclusions>';

function dependency(exclusions = ''): (artifact: string) => string {
  return (artifact) => {
    const [group, name, version] = artifact.split(':');
    return `<dependency><groupId>${group}</groupId><artifactId>${name}</artifactId><version>${version}</version>${exclusions}</dependency>`;
  };
}

function pomOf(dependencies: readonly string[]): string {
  return `<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>
    <groupId>roofshot</groupId><artifactId>test-server</artifactId><version>1</version><packaging>pom</packaging>
    <dependencies>${dependencies.join('')}</dependencies></project>`;
}

/** A program of the Java development kit (`java`, `javac`, `jar`) of version 17 or newer. */
export async function findJava(program: 'java' | 'javac' | 'jar' = 'java'): Promise<string> {
  const remedy = `install Java ${OLDEST_JAVA} or newer: sudo apt-get install ${PACKAGES.join(' ')}`;
  const found = ofJavaHome(program) ?? findProgram(program) ?? (await installAsRoot(PACKAGES), findProgram(program));
  if (found === undefined) throw new NotToBeHad(`${program} is not in the PATH`, remedy);
  const version = Number(/(\d+)/.exec(await runCommand(found, ['--version']))?.[1]);
  if (!(version >= OLDEST_JAVA)) throw new NotToBeHad(`${found} is Java ${version}, which is too old`, remedy);
  return found;
}

/** @throws NotToBeHad when JAVA_HOME is set and leads nowhere */
function ofJavaHome(program: string): string | undefined {
  const home = process.env.JAVA_HOME;
  if (home === undefined || home === '') return undefined;
  const path = join(home, 'bin', program);
  if (isExecutable(path)) return path;
  throw new NotToBeHad(`JAVA_HOME is ${home}, where there is no bin/${program}`, 'unset JAVA_HOME, or set it to a Java development kit');
}

/** Tells one installed Java from another: what one has written down about classes is of no use to the next. */
export async function fingerprint(java: string): Promise<string> {
  const path = await realpath(java);
  return createHash('sha256')
    .update(`${path} ${(await stat(path)).mtimeMs}`)
    .digest('hex')
    .slice(0, 8);
}
