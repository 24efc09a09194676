import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { connectionFromEnvironment, connectionFromKubeconfig } from './connection.ts';

const base64 = (text: string): string => Buffer.from(text).toString('base64');

describe('connectionFromKubeconfig', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'mooring-kubeconfig-'));
  });
  afterEach(() => rm(folder, { recursive: true }));

  async function load(user: object, cluster: object = {}, wrap: (config: object) => string = JSON.stringify) {
    const path = join(folder, 'config');
    const config = {
      'current-context': 'here',
      contexts: [{ name: 'here', context: { cluster: 'c', user: 'u', namespace: 'ns' } }],
      clusters: [{ name: 'c', cluster: { server: 'https://host:6443', ...cluster } }],
      users: [{ name: 'u', user }],
    };
    await writeFile(path, wrap(config));
    return connectionFromKubeconfig(path);
  }

  it('reads a client certificate and the authority', async () => {
    const connection = await load(
      { 'client-certificate-data': base64('CERT'), 'client-key-data': base64('KEY') },
      { 'certificate-authority-data': base64('CA'), 'tls-server-name': 'kubernetes' },
    );
    expect(connection).to.include({ server: 'https://host:6443', namespace: 'ns', servername: 'kubernetes' });
    expect([connection.ca, connection.cert, connection.key].map(String)).to.deep.equal(['CA', 'CERT', 'KEY']);
    expect(connection.authorization).to.equal(undefined);
  });

  it('reads files beside the kubeconfig', async () => {
    await writeFile(join(folder, 'ca.pem'), 'CA');
    await writeFile(join(folder, 'token'), 'abc\n');
    const connection = await load({ tokenFile: 'token' }, { 'certificate-authority': 'ca.pem' });
    expect(String(connection.ca)).to.equal('CA');
    expect(await connection.authorization?.header()).to.equal('Bearer abc');
  });

  it('knows tokens and basic auth', async () => {
    expect(await (await load({ token: 't' })).authorization?.header()).to.equal('Bearer t');
    const basic = await load({ username: 'me', password: 'pw' });
    expect(await basic.authorization?.header()).to.equal(`Basic ${base64('me:pw')}`);
  });

  it('reads YAML', async () => {
    const connection = await load({ token: 't' }, {}, () =>
      [
        'current-context: here',
        'contexts: [{name: here, context: {cluster: c}}]',
        'clusters:',
        '- name: c',
        '  cluster: {server: "https://yaml:1"}',
      ].join('\n'),
    );
    expect(connection.server).to.equal('https://yaml:1');
  });

  it('asks an exec plugin', async () => {
    const credential = {
      apiVersion: 'client.authentication.k8s.io/v1',
      kind: 'ExecCredential',
      status: { token: 'from-plugin' },
    };
    const exec = {
      apiVersion: credential.apiVersion,
      command: 'echo',
      args: [JSON.stringify(credential)],
      interactiveMode: 'Never',
    };
    const connection = await load({ exec });
    expect(await connection.authorization?.header()).to.equal('Bearer from-plugin');
  }).timeout(20_000);

  it('says what is wrong, and never what the file holds', async () => {
    const failure = async (promise: Promise<unknown>): Promise<string> =>
      promise.then(
        () => 'none',
        (error: unknown) => String(error),
      );
    expect(await failure(connectionFromKubeconfig(join(folder, 'absent'))))
      .to.include('ENOENT')
      .and.include('KUBECONFIG');
    const secret = await failure(load({}, {}, () => '{"token": hunter2'));
    expect(secret).to.include('it is no kubeconfig').and.not.include('hunter2');
    expect(await failure(load({}, {}, () => '{"current-context": "x"}'))).to.include("the current context 'x'");
    expect(await failure(connectionFromEnvironment({ KUBECONFIG: join(folder, 'absent') }))).to.include('absent');
  });
});
