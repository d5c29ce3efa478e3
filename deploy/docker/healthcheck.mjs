// Docker's question whether the container is healthy, asked by Node itself: images have no curl. Exit code 0: yes.
const url = process.argv[2] ?? process.env['HEALTH_URL'] ?? 'http://127.0.0.1:4100/healthz';
try {
  const answer = await fetch(url, { signal: AbortSignal.timeout(4_000) });
  process.stdout.write(`${answer.status} ${(await answer.text()).slice(0, 3_000)}\n`);
  process.exitCode = answer.ok ? 0 : 1;
} catch (error) {
  process.stdout.write(`${url} does not answer: ${String(error)}\n`);
  process.exitCode = 1;
}
