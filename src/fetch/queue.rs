//! The order of requests: hosts in turn, a limit for each, and retries when their time has come.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap, VecDeque};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use ureq::http::Uri;

/// Longest sleep of a thread that waits for work.
const NAP: Duration = Duration::from_millis(250);

/// One URL on its way.
#[derive(Clone, Debug)]
pub(super) struct Job {
    /// Which URL.
    pub(super) index: usize,
    /// Where it leads by now.
    pub(super) address: Uri,
    pub(super) redirects: usize,
    pub(super) attempts: usize,
    /// Time that its requests took.
    pub(super) busy: Duration,
}

/// Jobs that threads take and give back.
#[derive(Debug)]
pub(super) struct Queue {
    state: Mutex<State>,
    changed: Condvar,
    per_host: usize,
}

#[derive(Debug, Default)]
struct State {
    hosts: HashMap<String, Host>,
    /// Hosts with waiting jobs, in turn.
    ring: VecDeque<String>,
    later: BinaryHeap<Reverse<Later>>,
    /// Jobs that are not settled.
    open: usize,
    /// Counts delayed jobs, which keep their order when due at the same time.
    delayed: u64,
    stopped: bool,
}

#[derive(Debug, Default)]
struct Host {
    waiting: VecDeque<Job>,
    active: usize,
    /// When the host lets us ask again.
    rests_until: Option<Instant>,
}

#[derive(Debug)]
struct Later {
    due: Instant,
    number: u64,
    job: Job,
}

impl PartialEq for Later {
    fn eq(&self, other: &Self) -> bool {
        (self.due, self.number) == (other.due, other.number)
    }
}

impl Eq for Later {}

impl PartialOrd for Later {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Later {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.due, self.number).cmp(&(other.due, other.number))
    }
}

impl Queue {
    /// A queue with all jobs of a download.
    pub(super) fn new(jobs: Vec<Job>, per_host: usize) -> Self {
        let mut state = State { open: jobs.len(), ..State::default() };
        for job in jobs {
            state.wait(job);
        }
        Self { state: Mutex::new(state), changed: Condvar::new(), per_host }
    }

    /// The next job whose host has room; waits for one. `None` when all are settled, or after [`stop`](Self::stop).
    pub(super) fn take(&self) -> Option<Job> {
        let mut state = self.lock();
        loop {
            if state.stopped || state.open == 0 {
                return None;
            }
            let now = Instant::now();
            state.wake(now);
            if let Some(job) = state.next(now, self.per_host) {
                return Some(job);
            }
            let nap = state.next_change(now).min(NAP);
            state = self
                .changed
                .wait_timeout(state, nap)
                .map_or_else(|error| error.into_inner().0, |(state, _)| state);
        }
    }

    /// The job's request is over; the job is settled.
    pub(super) fn settle(&self, job: &Job) {
        self.put(job, |state| state.open = state.open.saturating_sub(1));
    }

    /// The job's request is over; the job goes on at `next`.
    pub(super) fn redirect(&self, job: &Job, next: Job) {
        self.put(job, |state| state.wait(next));
    }

    /// The job's request is over; it is to be repeated after `wait`. With `rest`, its host is left alone until then.
    pub(super) fn retry(&self, job: &Job, wait: Duration, rest: bool) {
        self.put(job, |state| {
            let due = Instant::now() + wait;
            if rest && let Some(host) = state.hosts.get_mut(&key(&job.address)) {
                host.rests_until = host.rests_until.max(Some(due));
            }
            state.delayed += 1;
            let number = state.delayed;
            state.later.push(Reverse(Later { due, number, job: job.clone() }));
        });
    }

    /// Ends all waiting; [`take`](Self::take) gives nothing more.
    pub(super) fn stop(&self) {
        self.lock().stopped = true;
        self.changed.notify_all();
    }

    /// Returns `true` if [`stop`](Self::stop) was called.
    pub(super) fn is_stopped(&self) -> bool {
        self.lock().stopped
    }

    fn put(&self, job: &Job, change: impl FnOnce(&mut State)) {
        let mut state = self.lock();
        if let Some(host) = state.hosts.get_mut(&key(&job.address)) {
            host.active = host.active.saturating_sub(1);
        }
        change(&mut state);
        let done = state.open == 0;
        drop(state);
        // The thread that calls this takes the next job itself; at the end, all have to leave.
        if done {
            self.changed.notify_all();
        } else {
            self.changed.notify_one();
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn wait(&mut self, job: Job) {
        let name = key(&job.address);
        let host = self.hosts.entry(name.clone()).or_default();
        if host.waiting.is_empty() {
            self.ring.push_back(name);
        }
        host.waiting.push_back(job);
    }

    /// Lets delayed jobs wait for their host again once they are due.
    fn wake(&mut self, now: Instant) {
        while self.later.peek().is_some_and(|Reverse(later)| later.due <= now) {
            if let Some(Reverse(later)) = self.later.pop() {
                self.wait(later.job);
            }
        }
    }

    fn next(&mut self, now: Instant, per_host: usize) -> Option<Job> {
        for _ in 0..self.ring.len() {
            let name = self.ring.pop_front()?;
            let Some(host) = self.hosts.get_mut(&name) else { continue };
            let free = host.active < per_host && host.rests_until.is_none_or(|until| until <= now);
            let job = if free { host.waiting.pop_front() } else { None };
            if job.is_some() {
                host.active += 1;
            }
            if !host.waiting.is_empty() {
                self.ring.push_back(name);
            }
            if job.is_some() {
                return job;
            }
        }
        None
    }

    /// How long until a delayed job or a resting host is due.
    fn next_change(&self, now: Instant) -> Duration {
        let rests = self.ring.iter().filter_map(|name| self.hosts.get(name)?.rests_until);
        let due = self.later.peek().map(|Reverse(later)| later.due);
        let next = rests.filter(|until| *until > now).chain(due).min();
        next.map_or(NAP, |at| at.saturating_duration_since(now))
    }
}

/// The host of an address, with its port.
fn key(address: &Uri) -> String {
    address.authority().map(|authority| authority.as_str().to_ascii_lowercase()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn job(index: usize, address: &str) -> Job {
        let address = address.parse().unwrap();
        Job { index, address, redirects: 0, attempts: 0, busy: Duration::ZERO }
    }

    #[test]
    fn hosts_take_turns_within_their_limit() {
        let jobs = ["a", "a", "a", "b", "b"];
        let jobs = jobs.iter().enumerate().map(|(i, host)| job(i, &format!("http://{host}/")));
        let queue = Queue::new(jobs.collect(), 2);
        let taken: Vec<Job> = (0..4).filter_map(|_| queue.take()).collect();
        assert_eq!(taken.iter().map(|job| job.index).collect::<Vec<_>>(), [0, 3, 1, 4]);
        queue.settle(&taken[0]);
        assert_eq!(queue.take().map(|job| job.index), Some(2));
    }

    #[test]
    fn a_retry_waits_and_a_resting_host_holds_its_others_back() {
        let queue =
            Queue::new(vec![job(0, "http://a/"), job(1, "http://a/"), job(2, "http://b/")], 4);
        let first = queue.take().unwrap();
        let wait = Duration::from_millis(400);
        let start = Instant::now();
        queue.retry(&first, wait, true);
        let other = queue.take().unwrap();
        assert_eq!((other.index, start.elapsed() < wait), (2, true));
        queue.settle(&other);
        let rest = [queue.take().unwrap(), queue.take().unwrap()];
        assert!(start.elapsed() >= wait);
        assert_eq!(rest.each_ref().map(|job| job.index), [1, 0]);
        rest.iter().for_each(|job| queue.settle(job));
        assert!(queue.take().is_none());
    }

    #[test]
    fn a_stopped_queue_gives_nothing() {
        let queue = Queue::new(vec![job(0, "http://a/")], 1);
        queue.stop();
        assert!(queue.take().is_none() && queue.is_stopped());
    }
}
