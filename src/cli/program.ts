import { readFileSync } from "node:fs";
import { Command, CommanderError } from "commander";
import { VicinalError } from "../core/index.ts";
import { buildCommand } from "./commands/build.ts";
import { classifyCommand } from "./commands/classify.ts";
import { dataCommand } from "./commands/data.ts";
import { denoiseCommand } from "./commands/denoise.ts";
import { embedCommand } from "./commands/embed.ts";
import { evalCommand } from "./commands/eval.ts";
import { infoCommand } from "./commands/info.ts";
import { labCommand } from "./commands/lab.ts";
import { searchCommand } from "./commands/search.ts";
import { serveCommand } from "./commands/serve.ts";
import { startCommand } from "./commands/start.ts";
import { trainCommand } from "./commands/train.ts";
import { trainDenoiserCommand } from "./commands/trainDenoiser.ts";
import { describeError, exitCodeOf, reportError } from "./failure.ts";

const COMMANDS = [
  evalCommand,
  buildCommand,
  searchCommand,
  classifyCommand,
  infoCommand,
  trainCommand,
  embedCommand,
  denoiseCommand,
  trainDenoiserCommand,
  dataCommand,
  labCommand,
  serveCommand,
  startCommand,
];

function version(): string {
  const text = readFileSync(new URL("../../package.json", import.meta.url), "utf8");
  return (JSON.parse(text) as { version: string }).version;
}

/** The command line's grammar: one {@link Command} from each file of commands/. */
export function createProgram(): Command {
  const program = new Command("vicinal")
    .description(
      "Nearest neighbours: measure indexes, build one, search it, look inside; classify; learn a space to search; denoise pictures.",
    )
    .version(version(), "-V, --version", "print the version")
    .helpOption("-h, --help", "show help")
    .helpCommand("help [command]", "show help for a command")
    .addHelpText(
      "after",
      `
Exit codes: 0 done, 1 failed, 2 bad usage or input.
Environment: NO_COLOR turns colour off; VICINAL_DATA names the data folder; VICINAL_DEBUG=1 shows stack traces.`,
    );
  configure(program);
  for (const make of COMMANDS) {
    const command = make();
    program.addCommand(command);
    for (const each of [command, ...command.commands]) configure(each);
  }
  return program;
}

/** Usage errors are thrown, to leave by the same door as every other error. */
function configure(command: Command): void {
  command.exitOverride();
  command.configureOutput({ writeErr: () => {}, outputError: () => {} });
}

/** Runs one command line (without node and script) and answers its exit code. */
export async function run(argv: readonly string[]): Promise<number> {
  process.stdout.on("error", leaveOnClosedPipe);
  try {
    if (argv.length === 0) {
      throw new VicinalError("USAGE", { why: "No command is given; see vicinal --help." });
    }
    await createProgram().parseAsync([...argv], { from: "user" });
    return 0;
  } catch (error) {
    if (error instanceof CommanderError) {
      if (error.exitCode === 0) return 0;
      reportError(describeError(new VicinalError("USAGE", { why: usageText(error) })));
      return 2;
    }
    reportError(describeError(error));
    return exitCodeOf(error);
  }
}

function usageText(error: CommanderError): string {
  if (error.code === "commander.help") return "A sub-command is missing; add --help to see them.";
  const text = error.message.replace(/^error: /, "").replace(/\s+/g, " ");
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}${/[.)?]$/.test(text) ? "" : "."}`;
}

/** A reader such as `head` may stop early; that is its right and no failure. */
function leaveOnClosedPipe(error: NodeJS.ErrnoException): void {
  if (error.code === "EPIPE") process.exit(0);
  throw error;
}
