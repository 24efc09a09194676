import { expect } from 'chai';
import { createLogger } from './logger.ts';
import type { Logger } from './logger.ts';
import { startTelemetry } from './start.ts';
import { withSpan } from './trace.ts';

interface Line {
  [name: string]: unknown;
  err: { message: string; cause: { message: string }; errors: unknown[] };
}

interface Written {
  log: Logger;
  lines: () => Line[];
  text: () => string;
}

function writing(): Written {
  const written: string[] = [];
  const destination = { write: (line: string) => void written.push(line) };
  const log = createLogger({ service: 'test', level: 'debug', destination });
  return { log, lines: () => written.map((line) => JSON.parse(line)), text: () => written.join('') };
}

describe('the logger', () => {
  it('writes one JSON object a line with level, time and service', () => {
    const { log, lines } = writing();
    log.info({ key: 'longhorn-system/default' }, 'synced');
    expect(lines()[0]).to.include({ level: 'info', service: 'test', key: 'longhorn-system/default', msg: 'synced' });
    expect(lines()[0]!['time']).to.match(/^\d{4}-\d\d-\d\dT.*Z$/);
  });

  it('replaces members with the name of a secret, whatever their shape', () => {
    const { log, lines, text } = writing();
    const credentials = { AWS_ACCESS_KEY_ID: 'CANARY', AWS_SECRET_ACCESS_KEY: ['CANARY'], AWS_CERT: { a: 'CANARY' } };
    log.info({ credentials, password: Buffer.from('CANARY'), AWS_ENDPOINTS: 'http://minio:9000' }, 'x');
    log.child({ CIFS_PASSWORD: 'CANARY' }).info('y');
    expect(text()).not.to.include('CANARY').and.not.to.include('[67,65,78');
    expect(lines()[0]!['AWS_ENDPOINTS']).to.equal('http://minio:9000');
  });

  it('does not change the object that was logged', () => {
    const { log } = writing();
    const fields = { inner: { password: 'x' } };
    log.info(fields, 'x');
    expect(fields.inner.password).to.equal('x');
  });

  it('strips secrets from messages, causes and stacks', () => {
    const { log, lines, text } = writing();
    const cause = new Error('403 from https://store/key?sig=CANARY');
    log.error({ err: new Error('failed: Authorization: AWS4 CANARY', { cause }) }, 'https://store/?sig=CANARY');
    expect(text()).not.to.include('CANARY');
    expect(lines()[0]!['err'].cause.message).to.equal('403 from https://store/key');
  });

  it('shows of an error no member but type, message, code, reason, stack and causes', () => {
    const { log, lines } = writing();
    const err = Object.assign(new TypeError('x'), {
      code: 'NotFound',
      reason: 'SecretNotFound',
      request: { a: 'CANARY' },
    });
    log.warn({ err }, 'x');
    expect(Object.keys(lines()[0]!['err'])).to.have.members(['type', 'message', 'code', 'reason', 'stack']);
  });

  it('survives what is not an error, a cycle of causes, and many errors at once', () => {
    const { log, lines } = writing();
    const loop = new Error('loop');
    loop.cause = loop;
    log.error({ err: 'text' }, 'a');
    log.error({ err: undefined }, 'b');
    log.error({ err: loop }, 'c');
    log.error({ err: new AggregateError([new Error('one'), 'two'], 'many') }, 'd');
    expect(lines()).to.have.length(4);
    expect(lines()[3]!['err'].errors).to.deep.equal([
      { type: 'Error', message: 'one' },
      { type: 'string', message: 'two' },
    ]);
  });

  it('adds the ids of the active span', async () => {
    const telemetry = await startTelemetry({ service: 'test', version: '0' });
    try {
      const { log, lines } = writing();
      await withSpan('reconcile', {}, async () => {
        await Promise.resolve();
        log.info('inside');
      });
      log.info('outside');
      expect(lines()[0]!['trace_id']).to.match(/^[0-9a-f]{32}$/);
      expect(lines()[0]!['span_id']).to.match(/^[0-9a-f]{16}$/);
      expect(lines()[1]).not.to.have.property('trace_id');
    } finally {
      await telemetry.shutdown();
    }
  });
});
