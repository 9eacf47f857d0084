//! `cuaderno run`: notebooks from first cell to last without a front end, and what they leave.

mod client;
mod figures;
mod highlight;
mod html;
mod outputs;
pub mod parameters;

pub use parameters::Parameter;

use crate::failure::{Failure, Result};
use crate::front::{language_info, strip_ansi};
use crate::{prepared, rerun, toolchain};
use client::{Client, Ran};
use jupyter_protocol::JupyterMessageContent as Content;
use jupyter_protocol::media::{Media, MediaType};
use nbformat::v4::{Cell, KernelSpec, Notebook};
use outputs::Outputs;
use std::collections::HashMap;
use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// The notebooks to run, and the folder of the results.
#[derive(Clone, Debug)]
pub struct Options {
    /// Notebooks, or folders of notebooks.
    pub paths: Vec<PathBuf>,
    pub out: PathBuf,
    /// The time that a cell may take.
    pub timeout: Option<Duration>,
    pub parameters: Vec<Parameter>,
    /// Whether to write an HTML page of each notebook.
    pub html: bool,
    /// Whether to go on with the next cell after one has failed.
    pub keep_going: bool,
}

/// Runs the notebooks; returns how many cells failed.
pub fn run(options: &Options) -> Result<usize> {
    let files = notebooks(&options.paths)?;
    let mut loaded = Vec::new();
    let mut set = Vec::new();
    for file in files {
        let mut notebook = read(&file)?;
        let names = parameters::inject(&mut notebook, &options.parameters);
        let given = options.parameters.iter().filter(|given| names.contains(&given.name));
        let given: Vec<String> =
            given.map(|given| format!("{}={}", given.name, given.value)).collect();
        let again = rerun::command_line(&file, &given)?;
        set.extend(names);
        loaded.push((file, notebook, again));
    }
    if let Some(unset) = options.parameters.iter().find(|p| !set.contains(&p.name)) {
        return Err(Failure::new(format!("no notebook declares the parameter `{}`", unset.name))
            .help("declare it with `let` in a cell tagged `parameters`"));
    }
    std::fs::create_dir_all(&options.out).map_err(|error| Failure::io(&options.out, &error))?;
    let out = options.out.canonicalize().map_err(|error| Failure::io(&options.out, &error))?;
    if toolchain::on_path("cargo").is_none() || toolchain::on_path("rustc").is_none() {
        return Err(toolchain::no_toolchain());
    }
    if let Some(library) = prepared::library() {
        prepared::ensure(&library, &mut |line| eprintln!("{line}"))?;
    }
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .map_err(|error| Failure::new(format!("cannot start threads: {error}")))?;
    let mut failed = 0;
    for (file, mut notebook, again) in loaded {
        println!("{}", file.display());
        let result = runtime.block_on(async {
            tokio::select! {
                result = run_notebook(&file, &mut notebook, &again, &out, options) => result,
                _ = tokio::signal::ctrl_c() => Err(Failure::new("stopped by Ctrl-C")),
            }
        });
        failed += result?;
        if failed > 0 && !options.keep_going {
            break;
        }
    }
    println!("results: {}", out.display());
    Ok(failed)
}

/// The notebooks that the paths name; a folder stands for those directly in it, by name.
fn notebooks(paths: &[PathBuf]) -> Result<Vec<PathBuf>> {
    let is_notebook = |path: &Path| path.extension().is_some_and(|extension| extension == "ipynb");
    let mut files = Vec::new();
    for path in paths {
        let meta = std::fs::metadata(path).map_err(|error| Failure::io(path, &error))?;
        if meta.is_file() {
            files.push(path.clone());
            continue;
        }
        let entries = std::fs::read_dir(path).map_err(|error| Failure::io(path, &error))?;
        let mut inside: Vec<PathBuf> =
            entries.flatten().map(|entry| entry.path()).filter(|path| is_notebook(path)).collect();
        inside.sort();
        if inside.is_empty() {
            return Err(Failure::new("there is no notebook (`.ipynb`) in this folder").file(path));
        }
        files.extend(inside);
    }
    Ok(files)
}

fn read(file: &Path) -> Result<Notebook> {
    let text = std::fs::read_to_string(file).map_err(|error| Failure::io(file, &error))?;
    let wrong = |error: String| Failure::new(format!("not a notebook: {error}")).file(file);
    match nbformat::parse_notebook(&text).map_err(|error| wrong(error.to_string()))? {
        nbformat::Notebook::V4(notebook) => Ok(notebook),
        nbformat::Notebook::V4QuirksMode(quirks) => Ok(quirks.repair()),
        nbformat::Notebook::Legacy(legacy) => {
            nbformat::upgrade_legacy_notebook(legacy).map_err(|error| wrong(error.to_string()))
        }
        nbformat::Notebook::V3(old) => {
            nbformat::upgrade_v3_notebook(old).map_err(|error| wrong(error.to_string()))
        }
        _ => Err(wrong("unknown version".to_string())),
    }
}

async fn run_notebook(
    file: &Path,
    notebook: &mut Notebook,
    again: &str,
    out: &Path,
    options: &Options,
) -> Result<usize> {
    let start = Instant::now();
    let stem =
        file.file_stem().map_or("notebook".into(), |stem| stem.to_string_lossy().into_owned());
    let folder = file.canonicalize().ok().and_then(|file| file.parent().map(Path::to_path_buf));
    let folder = folder.unwrap_or_else(|| PathBuf::from("."));
    let mut client = Client::start(&folder, Some(out), again).await?;
    for cell in &mut notebook.cells {
        if let Cell::Code { outputs, execution_count, .. } = cell {
            outputs.clear();
            *execution_count = None;
        }
    }
    describe_kernel(notebook);
    let total = notebook.cells.iter().filter(|cell| is_run(cell)).count();
    let mut outputs = Outputs::default();
    let mut shown = Vec::new();
    let (mut number, mut failed) = (0, 0);
    for (place, cell) in notebook.cells.iter_mut().enumerate() {
        if !is_run(cell) {
            continue;
        }
        let Cell::Code { source, execution_count, .. } = cell else { continue };
        let code = source.concat();
        number += 1;
        println!("[{number}/{total}] {}", first_line(&code));
        let slot = outputs.begin();
        shown.push((place, slot, number));
        let mut printer = Printer::default();
        let ran = client
            .run(&code, options.timeout, &mut outputs, &mut |content| printer.see(content))
            .await;
        let Ran { count, seconds, error } = match ran {
            Ok(ran) => ran,
            Err(failure) => {
                save(notebook, &outputs, &shown, out, &stem, options.html)?;
                return Err(failure);
            }
        };
        *execution_count = Some(count);
        printer.end();
        println!("    {seconds:.2} s");
        if let Some((name, value, traceback)) = error {
            failed += 1;
            print_failure(&code, &name, &value, &traceback);
            if !options.keep_going {
                break;
            }
        }
    }
    save(notebook, &outputs, &shown, out, &stem, options.html)?;
    for (_, slot, number) in &shown {
        figures::write(&out.join("figures"), &stem, *number, &outputs.of(*slot))?;
    }
    client.stop().await;
    let cells = shown.len();
    println!(
        "    {cells} of {total} cells in {:.1} s, {failed} failed",
        start.elapsed().as_secs_f64()
    );
    Ok(failed)
}

/// Writes into the notebook which kernel ran it.
fn describe_kernel(notebook: &mut Notebook) {
    notebook.metadata.kernelspec = Some(KernelSpec {
        display_name: crate::install::DISPLAY_NAME.to_string(),
        name: crate::install::KERNEL_NAME.to_string(),
        language: Some("rust".to_string()),
        additional: HashMap::new(),
    });
    // A front end that finds its kernel's own values there changes nothing, and shows no dialog when it closes.
    notebook.metadata.language_info = serde_json::from_value(language_info()).ok();
    notebook.nbformat_minor = notebook.nbformat_minor.max(5);
}

fn is_run(cell: &Cell) -> bool {
    matches!(cell, Cell::Code { source, .. } if !source.concat().trim().is_empty())
}

fn first_line(code: &str) -> String {
    let line = code.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or_default();
    match line.char_indices().nth(90) {
        Some((at, _)) => format!("{}…", &line[..at]),
        None => line.to_string(),
    }
}

/// Writes the executed notebook, and its page.
fn save(
    notebook: &mut Notebook,
    outputs: &Outputs,
    shown: &[(usize, usize, usize)],
    out: &Path,
    stem: &str,
    html: bool,
) -> Result<()> {
    for (place, slot, _) in shown {
        if let Some(Cell::Code { outputs: of_cell, .. }) = notebook.cells.get_mut(*place) {
            *of_cell = outputs.of(*slot);
        }
    }
    let whole = nbformat::Notebook::V4(notebook.clone());
    let text = nbformat::serialize_notebook(&whole)
        .map_err(|error| Failure::new(format!("cannot write the notebook: {error}")))?;
    write_whole(&out.join(format!("{stem}.ipynb")), text.as_bytes())?;
    if html {
        write_whole(&out.join(format!("{stem}.html")), html::page(stem, notebook).as_bytes())?;
    }
    Ok(())
}

/// Writes a file under another name first, so that nobody ever sees half of it.
fn write_whole(file: &Path, content: &[u8]) -> Result<()> {
    let part = file.with_extension(format!("part-{}", std::process::id()));
    std::fs::write(&part, content)
        .and_then(|()| std::fs::rename(&part, file))
        .map_err(|error| Failure::io(file, &error))
}

fn print_failure(code: &str, name: &str, value: &str, traceback: &[String]) {
    println!("\nThis cell failed:\n");
    for line in code.lines() {
        println!("    {line}");
    }
    println!();
    let colours = std::io::stdout().is_terminal();
    let text = if traceback.is_empty() { format!("{name}: {value}") } else { traceback.join("\n") };
    // The traceback of a failure that the runner itself adds to does not name it.
    if !traceback.is_empty()
        && !strip_ansi(&text).contains(value.lines().next().unwrap_or_default())
    {
        println!("    {name}: {value}");
    }
    for line in text.lines() {
        println!("    {}", if colours { line.to_string() } else { strip_ansi(line) });
    }
    println!();
}

/// Prints the output of a cell while it runs.
#[derive(Default)]
struct Printer {
    open: bool,
    updated: Option<Instant>,
    last: String,
}

impl Printer {
    fn see(&mut self, content: &Content) {
        match content {
            Content::StreamContent(stream) => self.print(&stream.text),
            Content::ExecuteResult(result) => self.plain(&result.data),
            Content::DisplayData(display) => self.plain(&display.data),
            // Progress, but not five times a second.
            Content::UpdateDisplayData(update)
                if self
                    .updated
                    .is_none_or(|updated| updated.elapsed() > Duration::from_secs(5)) =>
            {
                self.updated = Some(Instant::now());
                self.plain(&update.data);
            }
            _ => {}
        }
    }

    fn plain(&mut self, data: &Media) {
        let plain = data.content.iter().find_map(|part| match part {
            MediaType::Plain(text) => Some(text),
            _ => None,
        });
        if let Some(text) = plain
            && *text != self.last
        {
            self.last.clone_from(text);
            self.end();
            self.print(text);
            self.end();
        }
    }

    fn print(&mut self, text: &str) {
        let mut out = std::io::stdout().lock();
        for piece in text.split_inclusive(['\n', '\r']) {
            if !self.open {
                let _ = out.write_all(b"    ");
            }
            let _ = out.write_all(piece.as_bytes());
            self.open = !piece.ends_with(['\n', '\r']);
        }
        let _ = out.flush();
    }

    fn end(&mut self) {
        if std::mem::take(&mut self.open) {
            println!();
        }
    }
}
