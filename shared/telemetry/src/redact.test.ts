import { expect } from 'chai';
import fc from 'fast-check';
import { isSecretName, REDACTED, redactText, redactUrl, SECRET_KEYS } from './redact.ts';

/** A value as users choose passwords and servers make keys; long enough not to occur in a text by chance. */
const secret = fc.stringMatching(/^[A-Za-z0-9+/=_.-]{8,40}$/).map((text) => `CANARY${text}`);
/** One that a JSON string may hold: also quotes, backslashes, spaces, line ends, other scripts. */
const anySecret = fc
  .array(fc.oneof(fc.constantFrom('"', '\\', "'", '\n', ' ', 'CANARY'), fc.string({ unit: 'grapheme', maxLength: 3 })))
  .map((parts) => `CANARY${parts.join('')}CANARY`);
const key = fc.constantFrom(...SECRET_KEYS);

function expectGone(text: string): void {
  expect(redactText(text)).not.to.include('CANARY');
  expect(redactText(text)).to.include(REDACTED);
}

describe('redactText', () => {
  it('takes the value of every Secret key out of JSON, which stays JSON', () => {
    fc.assert(
      fc.property(key, anySecret, (name, value) => {
        const line = JSON.stringify({ msg: 'read', data: { [name]: value }, after: 'kept' });
        expectGone(line);
        expect(JSON.parse(redactText(line))).to.deep.equal({ msg: 'read', data: { [name]: REDACTED }, after: 'kept' });
      }),
    );
  });

  it('takes it out of JSON inside a JSON string, to any depth that occurs', () => {
    fc.assert(
      fc.property(key, anySecret, fc.integer({ min: 1, max: 3 }), (name, value, depth) => {
        let line = JSON.stringify({ [name]: value, after: 'kept' });
        for (let level = 0; level < depth; level++) line = JSON.stringify({ msg: line });
        expectGone(line);
        expect(redactText(line)).to.include('kept');
        JSON.parse(redactText(line));
      }),
    );
  });

  it('takes it out of `key=value`, `key: value` and XML', () => {
    fc.assert(
      fc.property(key, secret, fc.constantFrom('=', ': ', ' = ', ':'), (name, value, between) => {
        expectGone(`mount failed with ${name}${between}${value}, retrying`);
        expectGone(`<Error><${name}>${value}</${name}></Error>`);
      }),
    );
  });

  it('takes credentials out of headers, however they are written', () => {
    fc.assert(
      fc.property(secret, (value) => {
        expectGone(`Authorization: AWS4-HMAC-SHA256 Credential=${value}/x, SignedHeaders=host, Signature=${value}`);
        expectGone(JSON.stringify({ headers: { authorization: `Bearer ${value}` } }));
        expectGone(`authorization=Basic ${value}`);
        expectGone(`request with Bearer ${value}1 failed`);
        expectGone(`x-amz-security-token: ${value}`);
      }),
    );
  });

  it('takes query strings and passwords out of URLs and keeps the rest', () => {
    fc.assert(
      fc.property(secret, (value) => {
        expectGone(`GET https://user:${value.replaceAll('/', '')}@host/path failed`);
        const text = redactText(`GET https://host:9000/bucket/key?X-Amz-Signature=${value} failed`);
        expect(text).to.equal('GET https://host:9000/bucket/key failed');
      }),
    );
  });

  it('takes PEM blocks out, as text, inside JSON, and cut off', () => {
    for (const kind of ['RSA PRIVATE KEY', 'EC PRIVATE KEY', 'CERTIFICATE']) {
      const pem = `-----BEGIN ${kind}-----\nCANARY\nCANARY=\n-----END ${kind}-----\n`;
      expectGone(`before ${pem} after`);
      expectGone(JSON.stringify({ msg: pem }));
      expectGone(pem.slice(0, -20));
      expect(JSON.parse(redactText(JSON.stringify({ msg: pem.slice(0, -20), a: 1 })))).to.deep.equal({
        msg: REDACTED,
        a: 1,
      });
      expect(redactText(`before ${pem} after`)).to.match(/^before .* after$/s);
    }
  });

  it('leaves ordinary text as it is', () => {
    const texts = [
      "failed to list target 'default': access denied",
      'https://host:9000/bucket/key',
      's3://bucket@us-east-1/backups/',
      'nfs://server:/export/dir',
      'Basic checks passed for the password policy of the bearer',
      '{"namespace":"longhorn-system","name":"default","AWS_ENDPOINTS":"http://minio:9000"}',
      'Secret longhorn-system/minio has no AWS_SECRET_ACCESS_KEY',
    ];
    for (const text of texts) expect(redactText(text)).to.equal(text);
  });

  it('gives the same when applied again, and never throws', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => redactText(redactText(text)) === redactText(text)));
  });

  it('takes time in proportion to the text, also for texts made to be slow', () => {
    const units = [
      '\\',
      '-----BEGIN A-----',
      'a://',
      '"password":"\\',
      'a-',
      '"',
      'password=',
      'cookie:',
      '<password>',
      'Bearer ',
    ];
    const fastest = (text: string) =>
      Math.min(
        ...[1, 2, 3].map(() => {
          const start = performance.now();
          redactText(text);
          return performance.now() - start;
        }),
      );
    // Eight times the text: 8 times the time when linear, 64 times when quadratic; below 50 ms noise decides.
    for (const unit of units) {
      const [short, long] = [fastest(unit.repeat(2_000)), fastest(unit.repeat(16_000))];
      expect(long < 50 || long / short < 32, `${unit}: ${short} ms, then ${long} ms`).to.equal(true);
    }
  });
});

describe('redactUrl', () => {
  it('drops the query, the fragment and the password', () => {
    expect(redactUrl('https://h/p?sig=x#y')).to.equal('https://h/p');
    expect(redactUrl('https://user:pw@h/p')).to.equal('https://[redacted]@h/p');
    expect(redactUrl('s3://bucket@region/')).to.equal('s3://bucket@region/');
    expect(redactUrl('not a url')).to.equal('not a url');
  });
});

describe('isSecretName', () => {
  it('knows the Secret keys in any case and leaves endpoints readable', () => {
    for (const name of SECRET_KEYS) expect(isSecretName(name.toLowerCase())).to.equal(true);
    expect(isSecretName('AWS_ENDPOINTS')).to.equal(false);
  });
});
