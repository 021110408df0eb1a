import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { peersFolder, programOnPath } from "./locate.mjs";

/**
 * The package registries that peers come from, by the key that a catalog entry names its package with.
 * `get` puts the package where `cached` says, and shows what its tool says; it may fail.
 */
const registries = {
  go: {
    tool: "go",
    get: (peer, tool) => {
      const bin = join(peersFolder(), dirname(peer.cached));
      run(tool, ["install", peer.go], { env: { ...process.env, GOBIN: made(bin) } });
    },
  },
  pip: {
    tool: "python3",
    get: (peer, tool) => {
      // An environment of its own: nothing of the machine's Python changes.
      const environment = join(peersFolder(), dirname(dirname(peer.cached)));
      if (!run(tool, ["-m", "venv", environment])) return;
      const pip = join(environment, "bin/pip");
      run(pip, ["install", "--quiet", "--disable-pip-version-check", peer.pip]);
    },
  },
  debian: {
    tool: "apt-get",
    get: (peer, tool) => {
      // Unpacked, not installed: the machine stays as it is.
      const [name] = peer.cached.split("/");
      const folder = made(join(peersFolder(), name));
      const download = () => run(tool, ["download", peer.debian], { cwd: folder });
      if (!download() && !(run(tool, ["update"]) && download())) return;
      for (const file of readdirSync(folder)) {
        if (!file.endsWith(".deb")) continue;
        run("dpkg-deb", ["--extract", join(folder, file), folder]);
        rmSync(join(folder, file));
      }
    },
  },
  maven: {
    tool: "mvn",
    get: (peer, tool) => {
      const folder = join(peersFolder(), dirname(peer.cached));
      const project = mkdtempSync(join(peersFolder(), "maven-"));
      writeFileSync(join(project, "pom.xml"), projectThatNeeds(peer.maven));
      const plugin = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1";
      const flags = ["-B", "-q", "-DincludeScope=runtime", `-DoutputDirectory=${folder}`];
      run(tool, [`${plugin}:copy-dependencies`, ...flags], { cwd: project });
      rmSync(project, { recursive: true });
    },
  },
};

/** Which registry has a peer, and its tool's path; the path is undefined where the tool is missing. */
export function registryOf(peer) {
  const [key] = Object.keys(registries).filter((name) => peer[name] !== undefined);
  if (key === undefined) return undefined;
  const { tool, get } = registries[key];
  return { package: peer[key], tool, path: programOnPath(tool), get };
}

function projectThatNeeds(artifact) {
  const [groupId, artifactId, version] = artifact.split(":");
  return `<project>
  <modelVersion>4.0.0</modelVersion>
  <groupId>spanstore</groupId>
  <artifactId>peers</artifactId>
  <version>1</version>
  <dependencies>
    <dependency>
      <groupId>${groupId}</groupId>
      <artifactId>${artifactId}</artifactId>
      <version>${version}</version>
    </dependency>
  </dependencies>
</project>
`;
}

function run(command, args, options = {}) {
  const { status } = spawnSync(command, args, { stdio: "inherit", cwd: made(peersFolder()), ...options });
  return status === 0;
}

function made(folder) {
  if (!existsSync(folder)) mkdirSync(folder, { recursive: true });
  return folder;
}
