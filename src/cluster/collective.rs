//! The operations in which all processes of a group take part.

use crate::{Error, Result};

/// A group of processes that compute together, as MPI's communicator: each has a rank, from 0, and all call the same
/// operations in the same order. [`Learner::with_collective`](crate::train::Learner::with_collective) trains on one.
///
/// [`Single`] is a group of one, [`ThreadGroup`](super::ThreadGroup) one of threads, and `Mpi` (with the feature `mpi`) one of
/// processes that `mpirun` or `srun` has started.
///
/// ```
/// use cuaderno::cluster::{Collective, ThreadGroup};
/// # fn main() -> cuaderno::Result<()> {
/// let sums = ThreadGroup::run(3, |group| {
///     let mut values = [1.0, group.rank() as f32];
///     group.all_reduce_sum(&mut values)?;
///     Ok(values)
/// })?;
/// assert_eq!(sums, [[3.0, 3.0]; 3]); // 1 + 1 + 1 and 0 + 1 + 2, in each
/// # Ok(()) }
/// ```
pub trait Collective: std::fmt::Debug + Send + Sync {
    /// Which of the processes this is, from 0.
    fn rank(&self) -> usize;

    /// The number of processes, at least 1.
    fn size(&self) -> usize;

    /// Replaces each value by its sum over all processes, which is the same in all, bit for bit. `values` has the same length in
    /// each process.
    ///
    /// # Errors
    /// [`ErrorKind::Cluster`](crate::ErrorKind::Cluster) when another process has failed or ended, or has another number of
    /// values.
    fn all_reduce_sum(&self, values: &mut [f32]) -> Result<()>;

    /// Replaces the values by those of the process `root`.
    ///
    /// # Errors
    /// As [`Self::all_reduce_sum`], and when there is no such process.
    fn broadcast(&self, values: &mut [f32], root: usize) -> Result<()>;

    /// Waits until all processes have called it.
    ///
    /// # Errors
    /// As [`Self::all_reduce_sum`].
    fn barrier(&self) -> Result<()>;

    /// Reports `error` of this process to the others, so that none waits for it in vain. Processes of MPI end at once, with the
    /// error on standard error; the others of a [`ThreadGroup`](super::ThreadGroup) get an error from their next operation.
    fn abort(&self, error: &Error);
}

/// A group of one process, in which every operation leaves the values as they are.
///
/// ```
/// use cuaderno::cluster::{Collective, Single};
/// # fn main() -> cuaderno::Result<()> {
/// let mut values = [0.5];
/// Single.all_reduce_sum(&mut values)?;
/// assert_eq!((Single.rank(), Single.size(), values), (0, 1, [0.5]));
/// # Ok(()) }
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct Single;

impl Collective for Single {
    fn rank(&self) -> usize {
        0
    }

    fn size(&self) -> usize {
        1
    }

    fn all_reduce_sum(&self, _: &mut [f32]) -> Result<()> {
        Ok(())
    }

    fn broadcast(&self, _: &mut [f32], root: usize) -> Result<()> {
        check_root(root, 1)
    }

    fn barrier(&self) -> Result<()> {
        Ok(())
    }

    fn abort(&self, _: &Error) {}
}

/// Checks that a group of this size has the process `root`.
pub(super) fn check_root(root: usize, size: usize) -> Result<()> {
    if root < size {
        return Ok(());
    }
    let problem = format!("`root` must be below the number of processes, {size}, found {root}");
    Err(Error::new(crate::ErrorKind::Parameter, problem))
}
