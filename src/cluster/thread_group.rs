//! A group of threads of one process, to try and to test what runs on a group of processes.

use super::collective::{Collective, check_root};
use crate::{Error, ErrorKind, Result};
use std::panic::resume_unwind;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

/// One thread of a group of threads, with the same operations as a group of processes. Sums are in the order of the ranks, so
/// that they do not depend on timing.
///
/// ```
/// use cuaderno::cluster::{Collective, ThreadGroup};
/// # fn main() -> cuaderno::Result<()> {
/// let heard = ThreadGroup::run(2, |group| {
///     let mut values = [group.rank() as f32 + 7.0];
///     group.broadcast(&mut values, 1)?;
///     Ok(values[0])
/// })?;
/// assert_eq!(heard, [8.0, 8.0]);
/// # Ok(()) }
/// ```
#[derive(Debug)]
pub struct ThreadGroup {
    rank: usize,
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug)]
struct State {
    /// The values of each rank in the operation under way.
    parts: Vec<Vec<f32>>,
    arrived: usize,
    /// Operations completed.
    round: u64,
    /// What the last operation gave. All have taken it before the next can be complete.
    result: Result<Arc<Vec<f32>>>,
    /// The thread after which no other operation can be completed, and why.
    ended: Option<(usize, Error)>,
}

impl ThreadGroup {
    /// Runs `program` on `size` threads at once, each with its own rank, and returns the results by rank.
    ///
    /// # Errors
    /// [`ErrorKind::Parameter`] when `size` is 0; otherwise the error of the thread that ended the group, or else of the
    /// first rank that failed.
    pub fn run<T: Send>(
        size: usize,
        program: impl Fn(Arc<dyn Collective>) -> Result<T> + Sync,
    ) -> Result<Vec<T>> {
        if size == 0 {
            let problem = "a group must have at least 1 thread, found 0";
            return Err(Error::new(ErrorKind::Parameter, problem));
        }
        let state = State {
            parts: vec![Vec::new(); size],
            arrived: 0,
            round: 0,
            result: Ok(Arc::default()),
            ended: None,
        };
        let shared = Arc::new(Shared { state: Mutex::new(state), changed: Condvar::new() });
        let results: Vec<Result<T>> = std::thread::scope(|scope| {
            let work = |rank| {
                let leave = Leave { rank, shared: shared.clone() };
                let result = program(Arc::new(Self { rank, shared: shared.clone() }));
                if let Err(error) = &result {
                    shared.end(rank, failed(rank, error));
                }
                drop(leave);
                result
            };
            let handles: Vec<_> = (0..size).map(|rank| scope.spawn(move || work(rank))).collect();
            let joined = handles.into_iter().map(|handle| handle.join());
            joined.map(|result| result.unwrap_or_else(|panic| resume_unwind(panic))).collect()
        });
        let ended_by = shared.lock().ended.as_ref().map(|(rank, _)| *rank);
        if let Some(rank) = ended_by
            && let Err(error) = &results[rank]
        {
            return Err(error.clone());
        }
        results.into_iter().collect()
    }

    /// Gives the values of this thread to an operation and waits for its result, which the last thread to arrive computes.
    fn exchange(
        &self,
        values: &[f32],
        combine: impl Fn(&[Vec<f32>]) -> Result<Vec<f32>>,
    ) -> Result<Arc<Vec<f32>>> {
        let mut state = self.shared.lock();
        if let Some((_, error)) = &state.ended {
            return Err(error.clone());
        }
        let part = &mut state.parts[self.rank];
        part.clear();
        part.extend_from_slice(values);
        state.arrived += 1;
        let round = state.round;
        if state.arrived == state.parts.len() {
            state.arrived = 0;
            state.round += 1;
            state.result = combine(&state.parts).map(Arc::new);
            self.shared.changed.notify_all();
            return state.result.clone();
        }
        let waiting = |state: &mut State| state.round == round && state.ended.is_none();
        let waited = self.shared.changed.wait_while(state, waiting);
        let state = waited.unwrap_or_else(PoisonError::into_inner);
        match &state.ended {
            Some((_, error)) if state.round == round => Err(error.clone()),
            _ => state.result.clone(),
        }
    }
}

impl Collective for ThreadGroup {
    fn rank(&self) -> usize {
        self.rank
    }

    fn size(&self) -> usize {
        self.shared.lock().parts.len()
    }

    fn all_reduce_sum(&self, values: &mut [f32]) -> Result<()> {
        let sums = self.exchange(values, |parts| {
            let mut sums = parts[0].clone();
            for (rank, part) in parts.iter().enumerate() {
                if part.len() != sums.len() {
                    return Err(lengths(sums.len(), rank, part.len()));
                }
                if rank > 0 {
                    sums.iter_mut().zip(part).for_each(|(sum, value)| *sum += value);
                }
            }
            Ok(sums)
        })?;
        values.copy_from_slice(&sums);
        Ok(())
    }

    fn broadcast(&self, values: &mut [f32], root: usize) -> Result<()> {
        check_root(root, self.size())?;
        let found = self.exchange(values, |parts| {
            let (length, mut others) = (parts[root].len(), parts.iter().enumerate());
            match others.find(|(_, part)| part.len() != length) {
                Some((rank, part)) => Err(lengths(length, rank, part.len())),
                None => Ok(parts[root].clone()),
            }
        })?;
        values.copy_from_slice(&found);
        Ok(())
    }

    fn barrier(&self) -> Result<()> {
        self.exchange(&[], |_| Ok(Vec::new())).map(drop)
    }

    fn abort(&self, error: &Error) {
        self.shared.end(self.rank, failed(self.rank, error));
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Ends the group, for `error` of the thread `rank`, unless it has ended before.
    fn end(&self, rank: usize, error: Error) {
        self.lock().ended.get_or_insert((rank, error));
        self.changed.notify_all();
    }
}

/// Ends the group when its thread ends, also by a panic: an operation that waits for this thread will not be complete.
struct Leave {
    rank: usize,
    shared: Arc<Shared>,
}

impl Drop for Leave {
    fn drop(&mut self) {
        let problem = format!("process {} has ended before the others", self.rank);
        self.shared.end(self.rank, Error::new(ErrorKind::Cluster, problem));
    }
}

fn failed(rank: usize, error: &Error) -> Error {
    let problem = format!("process {rank} has failed");
    Error::new(ErrorKind::Cluster, problem).caused_by(error.clone())
}

fn lengths(first: usize, rank: usize, found: usize) -> Error {
    let problem =
        format!("expected {first} values in each process, found {found} in process {rank}");
    Error::new(ErrorKind::Cluster, problem)
        .help("call the same operations with as many values in every process")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wrong(problem: &str) -> Error {
        Error::new(ErrorKind::Parameter, problem)
    }

    #[test]
    fn many_operations_in_a_row_give_each_thread_the_same() {
        let found = ThreadGroup::run(4, |group| {
            let mut all = Vec::new();
            for turn in 0..200 {
                let mut values = vec![group.rank() as f32 * 0.1; turn % 5];
                group.all_reduce_sum(&mut values)?;
                group.broadcast(&mut values, turn % 4)?;
                group.barrier()?;
                all.extend(values);
            }
            Ok(all)
        });
        let found = found.unwrap();
        assert_eq!(found[0].len(), 400);
        assert!(found[0].iter().all(|value| (value - 0.6).abs() < 1e-6));
        assert!(found.iter().all(|other| *other == found[0]));
    }

    #[test]
    fn an_error_of_one_ends_the_waiting_of_all() {
        let result = ThreadGroup::run(3, |group| {
            if group.rank() == 1 {
                return Err(wrong("no data here"));
            }
            let failed = group.all_reduce_sum(&mut [1.0]).unwrap_err();
            assert!(failed.to_string().contains("process 1 has failed"), "{failed}");
            Err::<(), _>(failed)
        });
        assert_eq!(result.unwrap_err(), wrong("no data here"));
        let result = ThreadGroup::run(2, |group| match group.rank() {
            0 => Ok(()),
            _ => group.barrier(),
        });
        assert!(result.unwrap_err().to_string().contains("process 0 has ended"));
        let result =
            ThreadGroup::run(2, |group| group.all_reduce_sum(&mut vec![0.0; group.rank() + 1]));
        assert!(result.unwrap_err().to_string().contains("found 2 in process 1"));
        assert!(ThreadGroup::run(2, |group| group.broadcast(&mut [0.0], 2)).is_err());
        assert!(ThreadGroup::run(0, |_| Ok(())).is_err());
    }

    /// The others hear of an abort, and return, before the thread that called it does.
    #[test]
    fn the_error_is_that_of_the_thread_that_ended_the_group() {
        let result = ThreadGroup::run(3, |group| match group.rank() {
            1 => {
                group.abort(&wrong("the disk is full"));
                std::thread::sleep(std::time::Duration::from_millis(50));
                Err(wrong("the disk is full"))
            }
            _ => group.barrier(),
        });
        assert_eq!(result.unwrap_err(), wrong("the disk is full"));
    }

    #[test]
    fn a_panic_of_one_leaves_nobody_waiting() {
        let caught = std::panic::catch_unwind(|| {
            ThreadGroup::run(2, |group| {
                assert!(group.rank() != 0, "in process 0");
                group.barrier()
            })
        });
        assert!(caught.is_err());
    }
}
