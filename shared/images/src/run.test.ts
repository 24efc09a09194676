import { expect } from 'chai';
import { CommandError, run, succeeds } from './run.ts';

const node = (program: string) => [process.execPath, ['--eval', program]] as const;

describe('a program that builds images', () => {
  it('gives its output, and reads what it is given', async () => {
    const [command, args] = node('process.stdin.pipe(process.stdout)');
    expect(await run(command, args, { input: 'bytes' })).to.equal('bytes');
  });

  it('fails with its last words and its exit code', async () => {
    const failure = await run(...node("console.error('no space'); process.exit(3)")).catch((error: unknown) => error);
    expect(failure).to.be.instanceOf(CommandError);
    expect((failure as CommandError).message).to.match(/^failed to run '.*': exit code 3\nno space$/);
    expect((failure as CommandError).output).to.equal('no space\n');
  });

  it('fails when it is not there', async () => {
    const failure = await run('/nowhere/buildah', []).catch((error: unknown) => error);
    expect(failure).to.be.instanceOf(CommandError);
    expect(await succeeds('/nowhere/buildah', [])).to.equal(false);
    expect(await succeeds(...node(''))).to.equal(true);
  });
});
