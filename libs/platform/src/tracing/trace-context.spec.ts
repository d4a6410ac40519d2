import { readTraceParent, writeTraceParent } from './trace-context.js';

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const SPAN = '00f067aa0ba902b7';

describe('traceparent', () => {
  it.each([[`00-${TRACE}-${SPAN}-01`, 1], [`00-${TRACE}-${SPAN}-00`, 0], [`00-${TRACE}-${SPAN}-03`, 1], [`cc-${TRACE}-${SPAN}-01-what-comes-later`, 1]])('%s is read', (text, traceFlags) => {
    const read = readTraceParent(text);
    expect(read).toEqual({ traceId: TRACE, spanId: SPAN, traceFlags, isRemote: true });
    expect(read === undefined ? '' : writeTraceParent(read)).toBe(`00-${TRACE}-${SPAN}-0${traceFlags}`);
  });

  it.each([
    undefined, 7, '', 'x', `00-${TRACE}-${SPAN}`, `00-${TRACE}-${SPAN}-01-more`, `ff-${TRACE}-${SPAN}-01`, `00-${'0'.repeat(32)}-${SPAN}-01`, `00-${TRACE}-${'0'.repeat(16)}-01`,
    `00-${TRACE.toUpperCase()}-${SPAN}-01`, `00-${TRACE}-${SPAN}-0g`, ` 00-${TRACE}-${SPAN}-01`, `01-${TRACE}-${SPAN}-01-${'x'.repeat(200)}`,
  ])('%p counts as none', (text) => {
    expect(readTraceParent(text)).toBeUndefined();
  });
});
