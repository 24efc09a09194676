// Second pass of the layer rule: what a decision reaches through other files at run time (type imports are gone by then).
const layers = require('../.dependency-cruiser.cjs');

const [pure] = layers.forbidden.filter(({ name }) => name === 'pure-decisions');

module.exports = {
  forbidden: [
    {
      ...pure,
      name: 'pure-decisions-reach',
      to: { path: pure.to.path, reachable: true },
    },
  ],
  options: { ...layers.options, tsPreCompilationDeps: false },
};
