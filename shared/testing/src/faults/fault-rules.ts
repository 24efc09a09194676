import type { IncomingHttpHeaders } from 'node:http';

/** One request as the rules see it. */
export interface ProxiedRequest {
  /** 0 for the first request since the proxy started or its counts were reset. */
  index: number;
  method: string;
  /** Path and query as sent. */
  url: string;
  /** What `operationOf` called it: `LIST`, `GET`, … */
  operation: string;
  headers: IncomingHttpHeaders;
}

/** What goes wrong with a request. */
export type Fault =
  /** Answered by the proxy; the server never sees it. Status 200 with a made-up body injects content. */
  | { kind: 'answer'; status: number; headers?: Record<string, string>; body?: string }
  /** Accepted, never answered; the server never sees it. */
  | { kind: 'hang' }
  /** The connection is reset (RST) before the server sees the request. */
  | { kind: 'reset' }
  /** The answer is cut after so many bytes of its body, and the connection closed. */
  | { kind: 'truncate'; afterBytes: number }
  /** The answer stops after so many bytes of its body; the connection stays open. */
  | { kind: 'stall'; afterBytes: number }
  /** The server does all of it, then the connection is reset: a write whose result nobody learns. */
  | { kind: 'die-after-write' }
  /** Waits this long on top of the proxy's delay, then goes on. */
  | { kind: 'delay'; delayMs: number };

/** Which requests a fault is for. */
export interface FaultSelection {
  /** Default: every request. */
  when?: (request: ProxiedRequest) => boolean;
  /** How many matching requests it hits; default: all until it is removed. */
  times?: number;
}

/** The faults of one proxy, first match wins. */
export interface FaultRules {
  /** Adds a rule; the returned function removes it. */
  add: (fault: Fault, selection?: FaultSelection) => () => void;
  /** The fault for this request, if any; uses up one of the rule's `times`. */
  pick: (request: ProxiedRequest) => Fault | undefined;
  clear: () => void;
}

/** Creates an empty set of rules. */
export function createFaultRules(): FaultRules {
  const rules = new Set<{ fault: Fault; when: (request: ProxiedRequest) => boolean; left: number }>();
  return {
    add: (fault, selection = {}) => {
      const rule = { fault, when: selection.when ?? (() => true), left: selection.times ?? Number.POSITIVE_INFINITY };
      rules.add(rule);
      return () => void rules.delete(rule);
    },
    pick: (request) => {
      for (const rule of rules) {
        if (!rule.when(request)) continue;
        rule.left -= 1;
        if (rule.left <= 0) rules.delete(rule);
        return rule.fault;
      }
      return undefined;
    },
    clear: () => {
      rules.clear();
    },
  };
}
