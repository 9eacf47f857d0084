//! A sweep as a job array.

use super::engine::{Sweep, Work};
use super::live::Board;
use super::record::Status;
use super::results::Results;
use super::settings::Settings;
use crate::Result;
use crate::cluster::{Slurm, Task, end_task, task};

impl Sweep {
    /// Runs `work` for each of `runs` that is not finished yet, each as a task of a Slurm job array, waits for them with a live
    /// table, and gathers the results. The job starts this program again for each task, or this notebook as it is saved: there,
    /// this call does one run and **ends the process**. A task that reaches its time limit saves itself if `work` trains with
    /// [`Trial::fit`](super::Trial::fit), and resumes later. Where the waiting is interrupted, the job goes on, and another
    /// call waits for it. A tracked sweep is recorded at the end.
    ///
    /// In a [dry run](Slurm::dry_run), prints the script and returns what the folder holds.
    ///
    /// ```no_run
    /// use cuaderno::prelude::*;
    /// # fn main() -> Result<()> {
    /// let runs = [0.01, 0.1].map(|rate| Settings::new(format!("rate {rate}")).with("rate", rate));
    /// let slurm = Slurm::new().time_limit("01:00:00").cpus(2).dry_run(std::env::args().any(|word| word == "--dry-run"));
    /// let results = Sweep::new("runs").run_on(&slurm, &runs, &mut |trial| {
    ///     trial.result("loss", trial.settings().float("rate")?);
    ///     Ok(())
    /// })?;
    /// println!("{}", results.best()?.settings.name());
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// As [`Self::run`] and [`Slurm::submit`]. A run that fails, or whose task ends without a result, is recorded as failed.
    pub fn run_on(&self, slurm: &Slurm, runs: &[Settings], work: Work<'_>) -> Result<Results> {
        match task(self.folder())? {
            Task::Number(index) => end_task(self.run_index(runs, index, work)),
            Task::Other => return self.results(runs),
            Task::None => {}
        }
        if slurm.is_dry_run() {
            slurm.run_array(self.folder(), &|| self.left(runs), &mut || Ok(()))?;
            return self.results(runs);
        }
        let mut board = Board::new(&self.load(runs)?, self.metric());
        let mut show = || -> Result<()> {
            self.load(runs)?.iter().for_each(|record| board.show(record));
            Ok(())
        };
        let waited = slurm.run_array(self.folder(), &|| self.left(runs), &mut show);
        board.finish();
        let Some(job) = waited? else { return self.results(runs) };
        for (place, mut record) in self.load(runs)?.into_iter().enumerate() {
            if matches!(record.status, Status::Running | Status::Waiting) {
                let log = self.folder().join("slurm").join(format!("{job}_{place}.log"));
                record.status = Status::Failed;
                record.error =
                    Some(format!("the task ended without a result; see {}", log.display()));
                record.save()?;
            }
        }
        if self.is_tracked() { self.record(runs) } else { self.results(runs) }
    }

    /// The numbers of the runs that are not finished.
    fn left(&self, runs: &[Settings]) -> Result<Vec<usize>> {
        let records = self.load(runs)?;
        let left = records.iter().enumerate().filter(|(_, record)| !self.is_done(record));
        Ok(left.map(|(place, _)| place).collect())
    }
}
