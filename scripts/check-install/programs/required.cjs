// Requires every package from CommonJS, and stores with what it got.
const assert = require("node:assert/strict");

for (const name of process.argv.slice(2)) assert.notDeepEqual(Object.keys(require(name)), [], name);
const { openSqliteStore } = require("@spanstore/sqlite");
openSqliteStore({ path: ":memory:" })
  .then(async (store) => {
    assert.deepEqual(await store.getServices(), []);
    await store.close();
  })
  .catch((error) => {
    console.error(error);
    process.exitCode = 1;
  });
