// Runs before a package is published: only `npm run release` builds, checks and publishes all of them together.

if (process.env.SPANSTORE_RELEASE !== "all") {
  console.error("spanstore's packages are published together: run `npm run release` in the workspace's root");
  process.exit(1);
}
