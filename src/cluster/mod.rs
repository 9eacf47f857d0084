//! Job arrays on a Slurm cluster, and groups of processes that train one network together.
//!
//! In a job array a program submits itself, one task per run of a sweep or fold of a cross-validation.
//!
//! [`Sweep::run_on`](crate::sweep::Sweep::run_on) and [`cross_validate_on`](crate::train::cross_validate_on) take a [`Slurm`].
//! The program that calls them writes a batch script, submits it with `sbatch`, waits, and gathers the results. The script
//! starts the same program once per task; there, the call runs the task and ends the process.
//!
//! Before its time limit Slurm sends a signal to the batch script, which raises a flag. The training loop sees it between two
//! batches, saves a checkpoint and ends; the script then puts its task back into the queue, and the task resumes there.
//!
//! A [`Collective`] is a group of processes that compute together: with the feature `mpi`, those that `mpirun` or `srun` has
//! started. [`Learner::with_collective`](crate::train::Learner::with_collective) divides each batch among them.

mod collective;
mod command;
#[cfg(feature = "mpi")]
mod mpi;
mod script;
mod slurm;
mod task;
mod thread_group;

#[cfg(feature = "mpi")]
pub use self::mpi::Mpi;
pub use collective::{Collective, Single};
pub use slurm::Slurm;
pub(crate) use task::{Task, end_task, task};
pub use thread_group::ThreadGroup;
