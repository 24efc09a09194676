import { expect } from 'chai';
import fc from 'fast-check';
import { cronProblem } from './cron.ts';

describe('cron expressions', () => {
  for (const good of [
    '* * * * *',
    '0 2 * * *',
    '*/5 0-23/2 1,15 jan-DEC mon-fri',
    '? ? ? ? 0',
    '59 23 31 12 6',
    '@daily',
    '@every 1h30m',
    'CRON_TZ=Europe/Berlin 0 2 * * *',
    '  0 2 * * *  ',
    '5/15 * * * *',
  ]) {
    it(`take ${good}`, () => {
      expect(cronProblem(good)).to.equal(undefined);
    });
  }

  const bad: [expression: string, problem: string][] = [
    ['', '0 fields instead of 5'],
    ['* * * *', '4 fields instead of 5'],
    ['0 0 * * * *', '6 fields instead of 5'],
    ['60 * * * *', 'minute 60 is not within 0 to 59'],
    ['* 24 * * *', 'hour 24 is not within 0 to 23'],
    ['* * 0 * *', 'day of month 0 is not within 1 to 31'],
    ['* * * 13 *', 'month 13 is not within 1 to 12'],
    ['* * * * 7', 'day of week 7 is not within 0 to 6'],
    ['* * * foo *', 'month foo is not within 1 to 12'],
    ['5-1 * * * *', 'minute 5-1 ends before it begins'],
    ['*/0 * * * *', 'minute step is 0'],
    ['a! * * * *', "minute 'a!' is not a number, range or *"],
    ['1,,2 * * * *', "minute '' is not a number, range or *"],
    ['@sometimes', '@sometimes is not a known descriptor'],
    ['@every 0s', '@every needs a duration such as 1h30m'],
  ];
  for (const [expression, problem] of bad) {
    it(`refuse '${expression}'`, () => {
      expect(cronProblem(expression)).to.include(problem);
    });
  }

  it('are judged whatever they are', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        expect(cronProblem(text)).to.satisfy(
          (problem: unknown) => problem === undefined || typeof problem === 'string',
        );
      }),
    );
  });
});
