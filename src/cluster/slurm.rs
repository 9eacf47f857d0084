//! Jobs of a Slurm cluster.

use super::command::{run, tool_missing};
use super::script::{Script, check_line, ranges};
use crate::{Error, ErrorKind, Result, files, notebook};
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// Time between two looks at the queue, and the number of looks in a row that may fail.
const POLL: Duration = Duration::from_secs(5);
const FAILURES: usize = 12;

/// How the tasks of a job array run: what each may use, and for how long. Without settings, the cluster's own defaults hold.
///
/// ```
/// use cuaderno::cluster::Slurm;
/// # fn main() -> cuaderno::Result<()> {
/// let slurm = Slurm::new().time_limit("02:00:00").cpus(4).memory("8G").at_once(2).partition("gpu").option("--gres=gpu:1");
/// let script = slurm.script("runs", &[0, 1, 2, 5])?;
/// assert!(script.contains("#SBATCH --array=0-2,5%2"));
/// # Ok(()) }
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Slurm {
    options: Vec<String>,
    at_once: Option<usize>,
    grace: u32,
    requeues: u32,
    poll: Duration,
    dry_run: bool,
}

impl Default for Slurm {
    fn default() -> Self {
        Self::new()
    }
}

impl Slurm {
    /// Tasks with the cluster's defaults.
    pub fn new() -> Self {
        let (options, at_once) = (Vec::new(), None);
        Self { options, at_once, grace: 120, requeues: 50, poll: POLL, dry_run: false }
    }

    /// Longest time of a task before it saves itself and goes back into the queue: `minutes`, `hours:minutes:seconds` or
    /// `days-hours`.
    pub fn time_limit(self, time: &str) -> Self {
        self.option(&format!("--time={time}"))
    }

    /// Processor cores of each task, which are also its threads: results depend on their number.
    pub fn cpus(self, cpus: usize) -> Self {
        self.option(&format!("--cpus-per-task={cpus}"))
    }

    /// Memory of each task, such as `8G`.
    pub fn memory(self, memory: &str) -> Self {
        self.option(&format!("--mem={memory}"))
    }

    /// The partition, a queue of the cluster.
    pub fn partition(self, partition: &str) -> Self {
        self.option(&format!("--partition={partition}"))
    }

    /// Most tasks that run at the same time.
    pub fn at_once(mut self, tasks: usize) -> Self {
        self.at_once = Some(tasks);
        self
    }

    /// Another option of `sbatch`, such as `--gres=gpu:1` or `--account=lab`.
    pub fn option(mut self, option: &str) -> Self {
        self.options.push(option.to_string());
        self
    }

    /// Seconds before the time limit at which a task saves itself; 120 by default. A batch and a checkpoint must fit in, and
    /// Slurm may be a minute early.
    pub fn grace(mut self, seconds: u32) -> Self {
        self.grace = seconds;
        self
    }

    /// Sets the largest number of times that a task goes back into the queue; 50 by default.
    pub fn requeues(mut self, times: u32) -> Self {
        self.requeues = times;
        self
    }

    /// Time between two looks at the queue; 5 seconds by default.
    pub fn poll(mut self, every: Duration) -> Self {
        self.poll = every;
        self
    }

    /// Prints the script instead of submitting it.
    pub fn dry_run(mut self, dry: bool) -> Self {
        self.dry_run = dry;
        self
    }

    /// Returns `true` if the script is only printed.
    pub fn is_dry_run(&self) -> bool {
        self.dry_run
    }

    /// The batch script for these tasks of an array whose records lie in `folder`. It starts this program with this command
    /// line in this working folder; from a cell, `cuaderno run` with the notebook as it is saved.
    ///
    /// # Errors
    /// [`ErrorKind::Cluster`] in a cell whose notebook is unknown. When an option or a path has a line break, or a character that Slurm reads otherwise in paths.
    pub fn script(&self, folder: impl AsRef<Path>, tasks: &[usize]) -> Result<String> {
        let folder = std::path::absolute(folder.as_ref());
        let folder = folder.map_err(|error| Error::io("the folder of the array", &error))?;
        let here = std::env::current_dir();
        let here = here.map_err(|error| Error::io("the working folder", &error))?;
        if tasks.is_empty() {
            let problem = "expected at least one task to submit, found none";
            return Err(Error::new(ErrorKind::Parameter, problem));
        }
        self.options.iter().try_for_each(|option| check_line("an option of `sbatch`", option))?;
        let mut array = ranges(tasks);
        if let Some(most) = self.at_once.filter(|most| *most > 0) {
            array += &format!("%{most}");
        }
        Script {
            folder: &folder,
            here: &here,
            array: &array,
            options: &self.options,
            grace: self.grace,
            requeues: self.requeues,
            command: this_program()?,
        }
        .text()
    }

    /// Submits these tasks and returns the number of the job, after the script lies in `folder` as `slurm/array.sh`; each task
    /// appends to a log beside it. In a dry run, prints the script and returns `None`.
    ///
    /// # Errors
    /// As [`Self::script`]; [`ErrorKind::Cluster`] when there is no `sbatch`, or it refuses the script.
    pub fn submit(&self, folder: impl AsRef<Path>, tasks: &[usize]) -> Result<Option<String>> {
        let script = self.script(folder.as_ref(), tasks)?;
        if self.dry_run {
            print!("{script}");
            return Ok(None);
        }
        let file = script_file(folder.as_ref());
        files::replace(&file, |part| std::fs::write(part, &script))?;
        let answer = run("sbatch", &["--parsable".as_ref(), file.as_os_str()])?;
        // `job` or `job;cluster`.
        let job = answer
            .lines()
            .last()
            .and_then(|line| line.split(';').next())
            .unwrap_or_default()
            .trim();
        if job.is_empty() || !job.chars().all(|c| c.is_ascii_digit()) {
            let problem =
                format!("expected the number of a job from `sbatch`, found `{}`", answer.trim());
            return Err(Error::new(ErrorKind::Cluster, problem));
        }
        Ok(Some(job.to_string()))
    }

    /// Submits the tasks that are left, after those of an earlier call have ended, waits, and returns the number of the last job;
    /// `None` in a dry run. Without tasks, the number is empty.
    pub(crate) fn run_array(
        &self,
        folder: &Path,
        left: &dyn Fn() -> Result<Vec<usize>>,
        each: &mut dyn FnMut() -> Result<()>,
    ) -> Result<Option<String>> {
        let known = folder.join("slurm").join("job");
        if let Some(job) = std::fs::read_to_string(&known).ok().filter(|_| !self.dry_run) {
            self.wait(job.trim(), each)?;
        }
        let tasks = left()?;
        if tasks.is_empty() {
            return Ok(Some(String::new()));
        }
        let Some(job) = self.submit(folder, &tasks)? else { return Ok(None) };
        files::replace(&known, |part| std::fs::write(part, format!("{job}\n")))?;
        self.wait(&job, each)?;
        std::fs::remove_file(&known).map_err(|error| Error::io(&known, &error))?;
        Ok(Some(job))
    }

    /// Waits until no task of a job is in the queue any more, and calls `each` after each look.
    ///
    /// # Errors
    /// Those of `each`; [`ErrorKind::Cluster`] when `squeue` keeps failing; [`ErrorKind::Interrupted`] when the user asks for it:
    /// the job goes on, and another call waits for it.
    pub fn wait(&self, job: &str, each: &mut dyn FnMut() -> Result<()>) -> Result<()> {
        let mut failures = 0;
        loop {
            match run("squeue", &["--noheader", "--jobs", job, "--format=%i"].map(AsRef::as_ref)) {
                Ok(queue) if queue.trim().is_empty() => return each(),
                Ok(_) => failures = 0,
                // A job that is over is unknown after a while.
                Err(error) if error.to_string().contains("Invalid job id") => return each(),
                Err(error) if failures + 1 == FAILURES || tool_missing(&error) => {
                    return Err(error);
                }
                Err(_) => failures += 1,
            }
            each()?;
            let start = Instant::now();
            while start.elapsed() < self.poll {
                notebook::check()?;
                std::thread::sleep(self.poll.min(Duration::from_millis(100)));
            }
        }
    }
}

/// The command line by which a task starts this program, or the notebook of this cell, again.
fn this_program() -> Result<Vec<OsString>> {
    // The kernel says how its notebook is run.
    if let Ok(words) = std::env::var("CUADERNO_RERUN") {
        let words: Vec<String> = serde_json::from_str(&words).unwrap_or_default();
        if !words.is_empty() {
            return Ok(words.into_iter().map(OsString::from).collect());
        }
    }
    if std::env::var_os("EVCXR_IS_RUNTIME").is_some() {
        let problem =
            "a task runs this notebook again, but this front end does not say which file it is";
        return Err(Error::new(ErrorKind::Cluster, problem)
            .help("run the notebook with `cuaderno run`, or open it in JupyterLab"));
    }
    let program = std::env::current_exe();
    let program = program.map_err(|error| Error::io("the running program", &error))?;
    Ok(std::iter::once(program.into_os_string()).chain(std::env::args_os().skip(1)).collect())
}

/// Where the script of an array lies.
fn script_file(folder: &Path) -> PathBuf {
    folder.join("slurm").join("array.sh")
}
