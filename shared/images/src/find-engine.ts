import { openBuildah } from './buildah.ts';
import { buildArguments, type Engine } from './engine.ts';
import { run, succeeds } from './run.ts';

const docker: Engine = {
  name: 'docker',
  async build(request) {
    await run('docker', ['build', '--quiet', ...buildArguments(request)]);
  },
  async push(reference) {
    await run('docker', ['push', '--quiet', reference]);
  },
  async tag(from, to) {
    await run('docker', ['pull', '--quiet', from]);
    await run('docker', ['tag', from, to]);
  },
};

/** docker where its daemon answers, else buildah (with a base image made here where no registry has it); throws when neither is there. */
export async function findEngine(log: (line: string) => void): Promise<Engine> {
  if (await succeeds('docker', ['info'])) return docker;
  if (await succeeds('buildah', ['--version'])) return openBuildah(log);
  throw new Error(
    'failed to find a builder of images: neither a docker daemon nor buildah is there; install one of them',
  );
}
