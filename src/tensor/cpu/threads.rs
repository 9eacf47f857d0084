//! A thread pool for short tasks, whose threads spin for a while before they sleep.
//!
//! A training step is hundreds of parallel loops of some microseconds each, about as long as waking a thread takes; so
//! threads wait for the next loop actively. The calling thread works too. Tasks are assigned as threads become free, so
//! what a task computes must not depend on which thread runs it.

use std::any::Any;
use std::cell::UnsafeCell;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock};
use std::thread::Thread;
use std::time::{Duration, Instant};

/// Time for which a thread waits actively for work before it sleeps.
const AWAKE: Duration = Duration::from_micros(200);
/// The bit of [`Desk::gate`] that marks available work; the other bits count the threads at work.
const OPEN: usize = 1 << (usize::BITS - 1);

/// Number of threads: that of the library's rayon pool.
pub fn count() -> usize {
    rayon::current_num_threads()
}

/// Runs `task(0)` to `task(tasks - 1)`, each once, on all threads. Panics when a task panics. Inside a task, or while
/// another thread uses the pool, the calling thread runs them all.
pub fn each(tasks: usize, task: impl Fn(usize) + Sync) {
    static POOL: OnceLock<Option<Pool>> = OnceLock::new();
    if tasks > 1
        && let Some(pool) = POOL.get_or_init(Pool::start)
        && let Ok(turn) = pool.turn.try_lock()
    {
        pool.run(&turn, tasks, &task);
    } else {
        (0..tasks).for_each(task);
    }
}

/// Runs `task` on chunks of `size` values with their indices, as [`slice::chunks_mut`] yields them.
pub fn each_chunk<T: Send>(values: &mut [T], size: usize, task: impl Fn(usize, &mut [T]) + Sync) {
    if values.is_empty() || size == 0 {
        return;
    }
    let chunks = values.len().div_ceil(size);
    // Somewhat more tasks than threads, so that none waits long for the last.
    let together = chunks.div_ceil(8 * count());
    let shared = Shared::new(values);
    each(chunks.div_ceil(together), |number| {
        for chunk in number * together..((number + 1) * together).min(chunks) {
            let end = ((chunk + 1) * size).min(shared.len());
            // SAFETY: chunks do not overlap, and each index occurs once.
            task(chunk, unsafe { shared.part(chunk * size..end) });
        }
    });
}

/// [`each_chunk`] on two slices with equally many chunks of `sizes` values.
pub fn each_chunk_of_two<T: Send, U: Send>(
    first: &mut [T],
    second: &mut [U],
    sizes: [usize; 2],
    task: impl Fn(usize, &mut [T], &mut [U]) + Sync,
) {
    let second = Shared::new(second);
    each_chunk(first, sizes[0], |number, first| {
        let start = (number * sizes[1]).min(second.len());
        let end = (start + sizes[1]).min(second.len());
        // SAFETY: chunks do not overlap, and each index occurs once.
        task(number, first, unsafe { second.part(start..end) });
    });
}

/// The chunk of this index, as [`slice::chunks`] yields it.
pub fn chunk<T>(values: &[T], size: usize, number: usize) -> &[T] {
    let start = (number * size).min(values.len());
    &values[start..(start + size).min(values.len())]
}

/// The results of `task` for each index below `tasks`, in order.
pub fn map<T: Send>(tasks: usize, task: impl Fn(usize) -> T + Sync) -> Vec<T> {
    let mut results: Vec<Option<T>> = (0..tasks).map(|_| None).collect();
    each_chunk(&mut results, 1, |number, result| result[0] = Some(task(number)));
    results.into_iter().flatten().collect()
}

/// A slice of which threads write disjoint parts.
#[derive(Clone, Copy)]
pub struct Shared<'a, T> {
    values: &'a UnsafeCell<[T]>,
}

// SAFETY: values reach other threads through `part` alone, whose callers guarantee disjoint parts.
unsafe impl<T: Send> Sync for Shared<'_, T> {}
// SAFETY: as above.
unsafe impl<T: Send> Send for Shared<'_, T> {}

impl<'a, T> Shared<'a, T> {
    pub fn new(values: &'a mut [T]) -> Self {
        let cells: *const UnsafeCell<[T]> = std::ptr::from_mut(values) as *const UnsafeCell<[T]>;
        // SAFETY: an `UnsafeCell` has the layout of its content, and the exclusive borrow lasts as long as this value.
        Self { values: unsafe { &*cells } }
    }

    pub fn len(&self) -> usize {
        self.values.get().len()
    }

    /// Pointer to the first value, for writes through pointers.
    pub fn start(&self) -> *mut T {
        self.values.get().cast()
    }

    /// A part for exclusive writing.
    ///
    /// # Safety
    /// While the slice is in use, no other part may overlap it.
    #[expect(clippy::mut_from_ref, reason = "the caller answers for the parts' being different")]
    pub unsafe fn part(&self, range: std::ops::Range<usize>) -> &mut [T] {
        assert!(range.start <= range.end && range.end <= self.len());
        let start = self.values.get().cast::<T>();
        // SAFETY: the range lies inside, and the caller guarantees disjoint parts.
        unsafe { std::slice::from_raw_parts_mut(start.add(range.start), range.len()) }
    }

    /// A part for shared reading.
    ///
    /// # Safety
    /// While the slice is in use, no part for writing may overlap it.
    pub unsafe fn seen(&self, range: std::ops::Range<usize>) -> &[T]
    where
        T: Sync,
    {
        assert!(range.start <= range.end && range.end <= self.len());
        let start = self.values.get().cast::<T>();
        // SAFETY: the range lies inside, and nothing writes to it.
        unsafe { std::slice::from_raw_parts(start.add(range.start), range.len()) }
    }
}

type Task = *const (dyn Fn(usize) + Sync);

/// Where threads find work.
struct Desk {
    /// Counter of loops: threads wait for it to change.
    news: AtomicUsize,
    gate: AtomicUsize,
    /// Written while the gate is shut and no thread is behind it.
    task: UnsafeCell<Option<Task>>,
    tasks: AtomicUsize,
    next: AtomicUsize,
    panic: Mutex<Option<Box<dyn Any + Send>>>,
}

// SAFETY: `task` is written by the thread that holds the turn, with the gate shut and no thread behind it, and read by
// threads that passed the open gate; its target may be called from any thread.
unsafe impl Sync for Desk {}
// SAFETY: as above.
unsafe impl Send for Desk {}

impl Desk {
    /// Takes task indices and runs the tasks until none is left.
    ///
    /// # Safety
    /// The caller must hold the turn or be behind the gate.
    unsafe fn work(&self) {
        // SAFETY: nothing writes while a thread is behind the gate or holds the turn; the task outlives `Pool::run`,
        // which returns when no thread is behind the gate.
        let Some(task) = (unsafe { (*self.task.get()).map(|task| &*task) }) else { return };
        let tasks = self.tasks.load(Ordering::Relaxed);
        loop {
            let number = self.next.fetch_add(1, Ordering::Relaxed);
            if number >= tasks {
                return;
            }
            if let Err(panic) = catch_unwind(AssertUnwindSafe(|| task(number))) {
                self.next.store(tasks, Ordering::Relaxed);
                *lock(&self.panic) = Some(panic);
            }
        }
    }

    /// Passes the gate if it is open.
    fn enter(&self) -> bool {
        let enter = |gate: usize| (gate & OPEN != 0).then_some(gate + 1);
        self.gate.fetch_update(Ordering::Acquire, Ordering::Relaxed, enter).is_ok()
    }

    fn leave(&self) {
        self.gate.fetch_sub(1, Ordering::Release);
    }
}

struct Worker {
    thread: Thread,
    asleep: Arc<AtomicBool>,
}

struct Pool {
    desk: Arc<Desk>,
    workers: Vec<Worker>,
    turn: Mutex<()>,
}

impl Pool {
    /// One thread fewer than work in parallel, since the caller works too; `None` for a single thread.
    fn start() -> Option<Self> {
        let desk = Arc::new(Desk {
            news: AtomicUsize::new(0),
            gate: AtomicUsize::new(0),
            task: UnsafeCell::new(None),
            tasks: AtomicUsize::new(0),
            next: AtomicUsize::new(0),
            panic: Mutex::new(None),
        });
        let mut workers = Vec::new();
        for number in 1..count() {
            let (mine, asleep) = (desk.clone(), Arc::new(AtomicBool::new(false)));
            let sleeper = asleep.clone();
            let thread = std::thread::Builder::new().name(format!("tensor {number}"));
            // If a thread cannot be started, the others do the work.
            let Ok(handle) = thread.spawn(move || attend(&mine, &sleeper)) else { break };
            workers.push(Worker { thread: handle.thread().clone(), asleep });
        }
        (!workers.is_empty()).then(|| Self { desk, workers, turn: Mutex::new(()) })
    }

    fn run(&self, _: &MutexGuard<'_, ()>, tasks: usize, task: &(dyn Fn(usize) + Sync)) {
        let desk = &*self.desk;
        // SAFETY: the lifetime of the task is erased; it is not called after this function, which waits for all threads
        // that passed the gate. The gate is shut, so nothing reads the field while it is written.
        unsafe {
            *desk.task.get() = Some(std::mem::transmute::<
                &(dyn Fn(usize) + Sync),
                &'static (dyn Fn(usize) + Sync),
            >(task));
        }
        desk.tasks.store(tasks, Ordering::Relaxed);
        desk.next.store(0, Ordering::Relaxed);
        desk.gate.store(OPEN, Ordering::Release);
        desk.news.fetch_add(1, Ordering::SeqCst);
        for worker in self.workers.iter().take(tasks - 1) {
            if worker.asleep.load(Ordering::SeqCst) {
                worker.thread.unpark();
            }
        }
        // SAFETY: this thread holds the turn.
        unsafe { desk.work() };
        desk.gate.fetch_and(!OPEN, Ordering::Relaxed);
        let mut looks = 0u32;
        while desk.gate.load(Ordering::Acquire) != 0 {
            looks += 1;
            // On a busy machine, the others may need this thread's core.
            if looks.is_multiple_of(1 << 12) {
                std::thread::yield_now()
            } else {
                std::hint::spin_loop()
            }
        }
        // SAFETY: as above; the gate is shut and no thread is behind it.
        unsafe { *desk.task.get() = None };
        if let Some(panic) = lock(&desk.panic).take() {
            resume_unwind(panic);
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

/// The loop of a pool thread.
fn attend(desk: &Desk, asleep: &AtomicBool) {
    let mut seen = 0;
    loop {
        let mut since = None;
        let mut looks = 0u32;
        loop {
            let news = desk.news.load(Ordering::Acquire);
            if news != seen {
                seen = news;
                break;
            }
            std::hint::spin_loop();
            looks += 1;
            if looks.is_multiple_of(256) && since.get_or_insert_with(Instant::now).elapsed() > AWAKE
            {
                asleep.store(true, Ordering::SeqCst);
                // Sleeping threads are not notified of loops in between.
                if desk.news.load(Ordering::SeqCst) == seen {
                    std::thread::park();
                }
                asleep.store(false, Ordering::SeqCst);
                since = None;
            }
        }
        if desk.enter() {
            // SAFETY: this thread is behind the gate.
            unsafe { desk.work() };
            desk.leave();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::AtomicU64;

    #[test]
    fn every_task_runs_once() {
        for tasks in [0, 1, 2, 3, 100, 5000] {
            let counts: Vec<AtomicUsize> = (0..tasks).map(|_| AtomicUsize::new(0)).collect();
            each(tasks, |number| {
                counts[number].fetch_add(1, Ordering::Relaxed);
            });
            assert!(counts.iter().all(|count| count.load(Ordering::Relaxed) == 1));
        }
        let mut values = vec![0; 1003];
        each_chunk(&mut values, 10, |number, chunk| chunk.fill(number));
        assert!(values.iter().enumerate().all(|(i, value)| *value == i / 10));
        let shared = Shared::new(&mut values);
        // SAFETY: no thread writes any more.
        let sums = map(4, |_| unsafe { shared.seen(0..1003) }.iter().sum::<usize>());
        assert_eq!(sums, [(0..1003).map(|i| i / 10).sum::<usize>(); 4]);
        assert_eq!(map(50, |number| number * 2), (0..50).map(|n| n * 2).collect::<Vec<_>>());
    }

    #[test]
    fn tasks_may_share_out_work_and_so_may_other_threads() {
        let sum = AtomicU64::new(0);
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for _ in 0..200 {
                        each(8, |outer| {
                            each(8, |inner| {
                                sum.fetch_add((outer * 8 + inner) as u64, Ordering::Relaxed);
                            });
                        });
                    }
                });
            }
        });
        assert_eq!(sum.into_inner(), 4 * 200 * (64 * 63 / 2));
    }

    #[test]
    fn a_panic_reaches_the_caller_and_work_goes_on() {
        for _ in 0..50 {
            let caught = catch_unwind(|| each(100, |number| assert!(number != 70, "number 70")));
            let message = *caught.unwrap_err().downcast::<&str>().unwrap();
            assert_eq!(message, "number 70");
        }
        assert_eq!(map(3, |number| number), [0, 1, 2]);
    }

    #[test]
    fn threads_wake_up_again() {
        for _ in 0..5 {
            std::thread::sleep(AWAKE * 4);
            assert_eq!(map(64, |number| number + 1).iter().sum::<usize>(), 64 * 65 / 2);
        }
    }
}
