//! A group of processes that `mpirun` or `srun` has started.

use super::collective::{Collective, check_root};
use crate::{Error, ErrorKind, Result};
use mpi::Threading;
use mpi::collective::SystemOperation;
use mpi::topology::SimpleCommunicator;
use mpi::traits::{Communicator, CommunicatorCollectives, Root};
use std::sync::{Arc, Mutex, PoisonError};

/// Most values in one message: MPI counts them with 32 bits.
const MOST: usize = 1 << 28;

/// This process among those that `mpirun` or `srun` has started: MPI's world. With the feature `mpi`.
///
/// ```no_run
/// use cuaderno::cluster::{Collective, Mpi};
/// fn main() -> cuaderno::Result<()> {
///     Mpi::run(|group| {
///         let mut values = [1.0];
///         group.all_reduce_sum(&mut values)?;
///         println!("process {} of {}: {}", group.rank(), group.size(), values[0]);
///         Ok(())
///     })
/// }
/// ```
///
/// `mpirun -n 2 PROGRAM` prints `2` from both; without `mpirun`, the program is a group of one.
#[derive(Debug)]
pub struct Mpi {
    rank: usize,
    size: usize,
    /// MPI is started for calls by one thread at a time.
    calls: Mutex<()>,
}

impl Mpi {
    /// Starts MPI, runs `program`, and ends MPI. When `program` fails or panics in one of several processes, all are ended, with
    /// its error on standard error: the others would wait for it for ever.
    ///
    /// # Errors
    /// [`ErrorKind::Cluster`] when MPI has been started before in this process or allows no calls from several threads in turn;
    /// in a group of one, also those of `program`.
    pub fn run(program: impl FnOnce(Arc<dyn Collective>) -> Result<()>) -> Result<()> {
        let fail = |problem: &str| Err(Error::new(ErrorKind::Cluster, problem));
        let Some((universe, threading)) = mpi::initialize_with_threading(Threading::Serialized)
        else {
            return fail("MPI has been started before in this process");
        };
        if threading < Threading::Serialized {
            return fail("MPI allows no calls from several threads in turn");
        }
        let world = universe.world();
        let [rank, size] =
            [world.rank(), world.size()].map(|number| number.unsigned_abs() as usize);
        let group = Arc::new(Self { rank, size, calls: Mutex::new(()) });
        // Dropped before `universe`, which would wait for the others.
        let _panics = EndAllOnPanic(group.clone());
        let result = program(group.clone());
        if let Err(error) = &result {
            group.abort(error);
        }
        result
    }

    fn call<T>(&self, work: impl FnOnce(&SimpleCommunicator) -> T) -> T {
        let _one = self.calls.lock().unwrap_or_else(PoisonError::into_inner);
        work(&SimpleCommunicator::world())
    }
}

impl Collective for Mpi {
    fn rank(&self) -> usize {
        self.rank
    }

    fn size(&self) -> usize {
        self.size
    }

    fn all_reduce_sum(&self, values: &mut [f32]) -> Result<()> {
        let mut sums = vec![0.0; values.len().min(MOST)];
        for part in values.chunks_mut(MOST) {
            let sums = &mut sums[..part.len()];
            self.call(|world| world.all_reduce_into(&*part, sums, SystemOperation::sum()));
            part.copy_from_slice(sums);
        }
        Ok(())
    }

    fn broadcast(&self, values: &mut [f32], root: usize) -> Result<()> {
        check_root(root, self.size)?;
        let root = i32::try_from(root).unwrap_or(i32::MAX);
        for part in values.chunks_mut(MOST) {
            self.call(|world| world.process_at_rank(root).broadcast_into(part));
        }
        Ok(())
    }

    fn barrier(&self) -> Result<()> {
        self.call(|world| world.barrier());
        Ok(())
    }

    fn abort(&self, error: &Error) {
        if self.size > 1 {
            eprintln!("process {} of {}: {error}", self.rank, self.size);
            SimpleCommunicator::world().abort(1);
        }
    }
}

/// Ends all processes when this one unwinds.
struct EndAllOnPanic(Arc<Mpi>);

impl Drop for EndAllOnPanic {
    fn drop(&mut self) {
        if std::thread::panicking() && self.0.size > 1 {
            SimpleCommunicator::world().abort(101);
        }
    }
}
