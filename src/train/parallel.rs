//! Independent runs side by side, on threads of their own.

use crate::Result;
use std::panic::resume_unwind;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

/// The results of `run` for each item, in order, computed on as many threads as rayon's pool has.
///
/// A run blocks where it waits for the next batch, and that batch is prepared on rayon's pool. So no run may occupy one
/// of the pool's workers: with all of them waiting, no batch would ever be ready. Where the caller is such a worker, the
/// items are run one after the other on it.
///
/// # Errors
/// The error of the first item, in their order, of those that ran into one; no item starts after an error.
pub(super) fn map<T: Sync, R: Send>(
    items: &[T],
    run: &(dyn Fn(&T) -> Result<R> + Sync),
) -> Result<Vec<R>> {
    let threads = rayon::current_num_threads().min(items.len());
    if threads < 2 || on_worker() {
        return items.iter().map(run).collect();
    }
    let (next, failed) = (AtomicUsize::new(0), AtomicBool::new(false));
    let results: Vec<Mutex<Option<Result<R>>>> = items.iter().map(|_| Mutex::new(None)).collect();
    let work = || {
        while !failed.load(Ordering::Relaxed) {
            let place = next.fetch_add(1, Ordering::Relaxed);
            let (Some(item), Some(result)) = (items.get(place), results.get(place)) else { return };
            let found = run(item);
            failed.fetch_or(found.is_err(), Ordering::Relaxed);
            if let Ok(mut result) = result.lock() {
                *result = Some(found);
            }
        }
    };
    std::thread::scope(|scope| {
        let handles: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        for handle in handles {
            if let Err(panic) = handle.join() {
                resume_unwind(panic);
            }
        }
    });
    results.into_iter().filter_map(|result| result.into_inner().ok().flatten()).collect()
}

/// Returns `true` if this thread is one of rayon's, on which nothing may wait for other work of the pool.
pub(super) fn on_worker() -> bool {
    rayon::current_thread_index().is_some()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Error, ErrorKind};

    #[test]
    fn results_keep_their_order_and_the_first_error_is_returned() {
        let items: Vec<usize> = (0..50).collect();
        assert_eq!(map(&items, &|item| Ok(item * 2)).unwrap()[49], 98);
        let failing = |item: &usize| match item {
            7 | 30 => Err(Error::new(ErrorKind::Parameter, format!("item {item}"))),
            _ => Ok(*item),
        };
        assert!(map(&items, &failing).unwrap_err().to_string().contains("item 7"));
        assert!(map(&[], &|_: &usize| Ok(1)).unwrap().is_empty());
    }

    #[test]
    fn a_panic_keeps_its_message() {
        let caught = std::panic::catch_unwind(|| {
            map(&[1, 2, 3], &|item: &usize| {
                assert!(*item != 2, "item 2");
                Ok(())
            })
        });
        assert_eq!(*caught.unwrap_err().downcast::<&str>().unwrap(), "item 2");
    }
}
