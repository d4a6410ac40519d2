/** A line a file, and whole what failed. */
export default class TerseReporter {
  onTestResult(_test, result) {
    const name = result.testFilePath.slice(process.cwd().length + 1);
    const failed = result.numFailingTests + (result.testExecError ? 1 : 0);
    console.log(`${failed === 0 ? 'ok  ' : 'FAIL'} ${name} (${result.numPassingTests}, ${Math.round((result.perfStats.end - result.perfStats.start) / 100) / 10} s)`);
    if (failed > 0) console.log(result.failureMessage ?? '');
  }
  onRunComplete() {}
  getLastError() {}
}
