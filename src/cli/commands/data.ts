import { dirname } from "node:path";
import { Command } from "commander";
import { isVicinalError } from "../../core/index.ts";
import { datasetInfo, findDataset, getDataset, listDatasets } from "../../data/index.ts";
import { formatBytes, writeJson, writeLine } from "../output.ts";
import { withReporter } from "../progress.ts";
import { writeTable } from "../table.ts";

interface DataFlags {
  data?: string;
  json?: boolean;
}

export function dataCommand(): Command {
  const data = new Command("data")
    .description("data sets by name: list them, say where they are, download one")
    .addHelpText(
      "after",
      `
Looked for in --data DIR, $VICINAL_DATA, ./data and the user's cache folder, in this order. Every
sub-command also takes --json.

Examples:
  vicinal data list
  vicinal data get fashion-mnist
  vicinal data path fashion-mnist --data /srv/data`,
    );
  data.addCommand(
    common(new Command("list").description("names, sizes, and where they are")).action(runList),
  );
  data.addCommand(
    common(new Command("path").description("the folder of a data set").argument("<name>", "its name")).action(
      runPath,
    ),
  );
  data.addCommand(
    common(
      new Command("get")
        .description("download a data set from its official source, checked; goes on where it stopped")
        .argument("<name>", "its name"),
    ).action(runGet),
  );
  return data;
}

function common(command: Command): Command {
  return command
    .option("--data <dir>", "folder with data sets; get puts them there")
    .option("--json", "print one JSON document");
}

/** The folder of a data set at hand, null when it is not, or when it is generated. */
async function folderOf(name: string, dataDir: string | undefined): Promise<string | null> {
  try {
    const { base } = await findDataset(name, dataDir);
    return base === undefined ? null : dirname(base);
  } catch (error) {
    if (isVicinalError(error, "DATASET_MISSING")) return null;
    throw error;
  }
}

async function runList(flags: DataFlags): Promise<void> {
  const datasets = [];
  for (const { name, description, shape, metric, licence, sources, variants } of listDatasets()) {
    datasets.push({
      name,
      description,
      shape,
      metric,
      licence,
      path: await folderOf(name, flags.data),
      generated: variants.length === 0,
      downloadable: sources.length > 0,
    });
  }
  if (flags.json) {
    writeJson({ datasets });
    return;
  }
  const columns = [
    { title: "name" },
    { title: "rows × components" },
    { title: "metric" },
    { title: "where" },
  ];
  const rows = datasets.map(({ name, shape, metric, path, generated, downloadable }) => [
    name,
    shape,
    metric,
    path ??
      (generated
        ? "generated when asked for"
        : downloadable
          ? `vicinal data get ${name}`
          : "to be put in place by hand"),
  ]);
  writeTable(columns, rows);
}

async function runPath(name: string, flags: DataFlags): Promise<void> {
  const { base } = await findDataset(name, flags.data);
  const path = base === undefined ? null : dirname(base);
  if (flags.json) writeJson({ name, path });
  else writeLine(path ?? `${name} is generated when asked for; it has no files.`);
}

async function runGet(name: string, flags: DataFlags): Promise<void> {
  const { variants } = datasetInfo(name);
  const got = await withReporter(flags, ({ signal, onProgress }) =>
    getDataset(name, { dataDir: flags.data, signal, onProgress }),
  );
  const path = variants.length === 0 ? null : got.folder;
  if (flags.json) writeJson({ name, path, downloadedBytes: got.downloadedBytes });
  else if (path === null) writeLine(`${name} is generated when asked for; there is nothing to fetch.`);
  else
    writeLine(`${path}${got.downloadedBytes > 0 ? ` (${formatBytes(got.downloadedBytes)} downloaded)` : ""}`);
}
