import fc from "fast-check";

// Bounds the time of each random test: SPANSTORE_RANDOM_SECONDS, and 20 s in continuous integration. The remaining cases are
// left out; a test without a finished case fails.
const secondsInCi = 20;

fc.configureGlobal({
  ...fc.readConfigureGlobal(),
  interruptAfterTimeLimit: Number(process.env.SPANSTORE_RANDOM_SECONDS || secondsInCi) * 1000,
});

// Programs that the tests start would report it as an unknown setting.
delete process.env.SPANSTORE_RANDOM_SECONDS;
