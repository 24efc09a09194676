import { expect } from 'chai';
import { ConfigError, loadServiceConfig, moverConfigSchema, moverSettings } from './index.ts';

const IMAGE = { MOORING_MOVER_IMAGE: 'registry.test/mover:1' };

function settingsOf(env: Record<string, string>) {
  return moverSettings(loadServiceConfig({ env: { ...IMAGE, ...env } }, moverConfigSchema));
}

describe('moverSettings', () => {
  it('needs no more than the image', () => {
    expect(settingsOf({})).to.deep.equal({
      namespace: 'mooring-system',
      image: 'registry.test/mover:1',
      serviceAccount: 'mooring-mover',
      env: {
        MOORING_OBJECT_NAMESPACE: 'longhorn-system',
        MOORING_ALLOWED_SCHEMES: 's3,azblob,nfs,cifs',
        MOORING_LOG_LEVEL: 'info',
      },
      podLabels: {},
      podAnnotations: {},
      pod: {},
      container: {},
    });
    expect(() => loadServiceConfig({ env: {} }, moverConfigSchema)).to.throw(
      ConfigError,
      /MOORING_MOVER_IMAGE is not set/,
    );
  });

  it("gives movers this service's surroundings", () => {
    const env = {
      MOORING_NAMESPACE: 'here',
      MOORING_OBJECT_NAMESPACE: 'objects',
      MOORING_ALLOWED_SCHEMES: 's3,vfs',
      OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318',
    };
    const settings = settingsOf(env);
    expect(settings.namespace).to.equal('here');
    expect(settings.env).to.deep.include({
      MOORING_OBJECT_NAMESPACE: 'objects',
      MOORING_ALLOWED_SCHEMES: 's3,vfs',
      OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318',
    });
  });

  it('reads members of Pod and container as JSON', () => {
    const pod = { tolerations: [{ operator: 'Exists' }] };
    const settings = settingsOf({ MOORING_MOVER_POD: JSON.stringify(pod), MOORING_MOVER_CONTAINER: '{"a":{"b":1}}' });
    expect(settings.pod).to.deep.equal(pod);
    expect(settings.container).to.deep.equal({ a: { b: 1 } });
  });

  for (const text of ['{', '[]', 'tolerations', 'null']) {
    it(`names the variable when members are ${text}`, () => {
      expect(() => settingsOf({ MOORING_MOVER_POD: text })).to.throw(
        ConfigError,
        /MOORING_MOVER_POD is not of type object: set it to a JSON object/,
      );
    });
  }
});
