import fc from "fast-check";

// Loaded where SPANSTORE_RANDOM_SECONDS says for how long one property is tried. What is left of its cases then is left
// out; when not even one has ended, the test fails.
fc.configureGlobal({
  ...fc.readConfigureGlobal(),
  interruptAfterTimeLimit: Number(process.env.SPANSTORE_RANDOM_SECONDS) * 1000,
});
