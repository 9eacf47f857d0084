//! The run: threads that fetch, and one that writes the manifest and shows progress.

use super::address;
use super::config::{Accept, FetchConfig};
use super::content::digest;
use super::downloads::{Download, Downloads};
use super::manifest::{Entry, Manifest};
use super::names;
use super::outcome::Outcome;
use super::queue::{Job, Queue};
use super::request::{self, Answer};
use crate::notebook::{self, Progress};
use crate::{Error, ErrorKind, Result};
use std::collections::{BTreeMap, HashMap};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::{Duration, Instant};
use ureq::Agent;

/// How often the main thread looks for an interruption.
const LOOK: Duration = Duration::from_millis(50);
/// The ending of files under way.
const PART: &str = ".part";

/// Downloads each URL into `folder`, named after the last part of its path and a digest of the URL.
///
/// Equal URLs are fetched once. The folder's manifest, `downloads.tsv`, records each URL as it is settled: a later run
/// with the same folder fetches only what is missing, and retries only failures that may have passed. A file appears
/// under its name when it is complete, never before.
///
/// ```
/// use cuaderno::fetch::{FetchConfig, Outcome, download};
/// # let folder = std::env::temp_dir().join(format!("cuaderno-doc-fetch-{}", std::process::id()));
/// let urls = ["http://192.168.0.1/a.jpg".to_string(), "not a URL".to_string()];
/// let downloads = download(&urls, &folder, &FetchConfig::default())?;
/// assert_eq!((downloads.count(Outcome::Blocked), downloads.count(Outcome::InvalidUrl)), (1, 1));
/// assert!(downloads.rows().is_empty());
/// # std::fs::remove_dir_all(&folder).unwrap();
/// # Ok::<(), cuaderno::Error>(())
/// ```
///
/// # Errors
/// [`ErrorKind::Parameter`] if a limit is out of its range; [`ErrorKind::File`] if the folder cannot be written to, or
/// another run downloads into it; [`ErrorKind::Interrupted`] if the user interrupted the cell: what came is kept, and
/// running the cell again resumes. A URL that fails is an [`Outcome`], not an error.
pub fn download(
    urls: &[String],
    folder: impl AsRef<Path>,
    config: &FetchConfig,
) -> Result<Downloads> {
    run(urls, None, folder.as_ref(), config)
}

/// Downloads each URL as [`download`] does, into files named by `names`, such as the ids of rows; the extension follows
/// the content. Characters that could have a meaning in a path become `_`.
///
/// # Errors
/// As [`download`]; also [`ErrorKind::Parameter`] if `urls` and `names` differ in length, or two different URLs have
/// the same name.
pub fn download_as(
    urls: &[String],
    names: &[String],
    folder: impl AsRef<Path>,
    config: &FetchConfig,
) -> Result<Downloads> {
    if urls.len() != names.len() {
        let problem = format!("{} URLs need as many names, found {}", urls.len(), names.len());
        return Err(Error::new(ErrorKind::Parameter, problem).help("give one name a URL"));
    }
    run(urls, Some(names), folder.as_ref(), config)
}

/// The state that threads share.
struct Shared {
    agent: Agent,
    config: FetchConfig,
    folder: PathBuf,
    queue: Queue,
    urls: Vec<String>,
    stems: Vec<String>,
}

fn run(
    urls: &[String],
    names: Option<&[String]>,
    folder: &Path,
    config: &FetchConfig,
) -> Result<Downloads> {
    config.check()?;
    let start = Instant::now();
    let folder = std::path::absolute(folder).map_err(|error| Error::io(folder, &error))?;
    std::fs::create_dir_all(&folder).map_err(|error| {
        Error::io(&folder, &error).help("choose a folder that can be written to")
    })?;

    // Equal URLs are one.
    let mut places: HashMap<&str, usize> = HashMap::new();
    let mut unique: Vec<&str> = Vec::new();
    let mut given: Vec<&str> = Vec::new();
    let mut of_row = Vec::with_capacity(urls.len());
    for (row, url) in urls.iter().enumerate() {
        let url = url.trim();
        of_row.push(*places.entry(url).or_insert_with(|| {
            unique.push(url);
            given.push(names.and_then(|names| names.get(row)).map_or("", String::as_str));
            unique.len() - 1
        }));
    }
    let given = match names {
        Some(_) => Some(names::from_names(&given)?),
        None => None,
    };

    let (mut manifest, known) = Manifest::open(&folder)?;
    remove_parts(&folder)?;
    let mut settled: Vec<Option<(Entry, bool)>> = vec![None; unique.len()];
    let mut jobs = Vec::new();
    let mut stems = Vec::with_capacity(unique.len());
    for (index, url) in unique.iter().enumerate() {
        let parsed = address::parse(url).and_then(|uri| {
            address::without_credentials(&uri).ok_or_else(|| "it is not a URL".to_string())
        });
        let mut stem = String::new();
        match parsed {
            // Not recorded: it costs no request to see it again, and may hold a password.
            Err(reason) => {
                settled[index] = Some((unsettled(url, Outcome::InvalidUrl, reason), false))
            }
            Ok(address) => {
                stem = given
                    .as_ref()
                    .and_then(|stems| stems.get(index).cloned())
                    .unwrap_or_else(|| names::from_url(url, &address));
                match known.get(&redacted(url)).filter(|entry| keeps(entry, &folder, config)) {
                    Some(entry) => settled[index] = Some((entry.clone(), true)),
                    None => jobs.push(Job {
                        index,
                        address,
                        redirects: 0,
                        attempts: 0,
                        busy: Duration::ZERO,
                    }),
                }
            }
        }
        stems.push(stem);
    }

    let threads = config.parallel.min(jobs.len());
    let open = jobs.len();
    let shared = Arc::new(Shared {
        agent: request::agent(config),
        config: config.clone(),
        folder: folder.clone(),
        queue: Queue::new(jobs, config.per_host),
        urls: unique.iter().map(|url| redacted(url)).collect(),
        stems,
    });
    let (sender, receiver) = channel();
    let mut handles = Vec::with_capacity(threads);
    for number in 0..threads {
        let (shared, sender) = (shared.clone(), sender.clone());
        let handle = std::thread::Builder::new()
            .name(format!("cuaderno-fetch-{number}"))
            .spawn(move || work(&shared, &sender));
        match handle {
            Ok(handle) => handles.push(handle),
            // Those that started do the work; without any, nothing would ever come.
            Err(error) if handles.is_empty() => return Err(Error::io(&folder, &error)),
            Err(_) => break,
        }
    }
    drop(sender);
    let collected = collect(&receiver, open, &mut manifest, &mut settled);
    if let Err(error) = collected {
        shared.queue.stop();
        shared.agent.clone().shutdown();
        // What came between the last look and the stop is kept as well.
        for (index, entry) in receiver.try_iter().flatten() {
            manifest.add(&entry)?;
            settled[index] = Some((entry, false));
        }
        let there = settled.iter().flatten().count();
        return Err(if error.kind() == ErrorKind::Interrupted {
            Error::new(
                ErrorKind::Interrupted,
                format!("stopped at your request: {there} of {} URLs are settled", unique.len()),
            )
            .file(&folder)
            .help("run the cell again to resume")
        } else {
            error
        });
    }
    for handle in handles {
        let _ = handle.join();
    }

    let missing =
        |url: &str| unsettled(url, Outcome::Unreachable, "a thread of the download ended".into());
    let items = urls
        .iter()
        .zip(&of_row)
        .map(|(url, index)| match &settled[*index] {
            Some((entry, resumed)) => Download::of(url, entry, &folder, *resumed),
            None => Download::of(url, &missing(url), &folder, false),
        })
        .collect();
    Ok(Downloads::new(items, folder, start.elapsed()))
}

type Message = Result<(usize, Entry)>;

/// Writes what threads send to the manifest, until all `open` URLs are settled.
fn collect(
    receiver: &Receiver<Message>,
    open: usize,
    manifest: &mut Manifest,
    settled: &mut [Option<(Entry, bool)>],
) -> Result<()> {
    if open == 0 {
        return Ok(());
    }
    let mut progress = Progress::new("downloading", open);
    let mut counts: BTreeMap<Outcome, usize> = BTreeMap::new();
    let mut bytes = 0;
    let mut come = 0;
    while come < open {
        notebook::check()?;
        match receiver.recv_timeout(LOOK) {
            Ok(message) => {
                let (index, entry) = message?;
                manifest.add(&entry)?;
                come += 1;
                *counts.entry(entry.outcome).or_default() += 1;
                bytes += entry.bytes;
                settled[index] = Some((entry, false));
                let kinds: Vec<String> =
                    counts.iter().map(|(outcome, count)| format!("{outcome} {count}")).collect();
                progress.note(format!("{} · {:.1} MB", kinds.join(", "), bytes as f64 / 1e6));
                progress.step(1);
            }
            Err(RecvTimeoutError::Timeout) => progress.step(0),
            Err(RecvTimeoutError::Disconnected) => break,
        }
    }
    progress.finish();
    Ok(())
}

/// Returns `true` if what the manifest says of a URL still holds and need not be asked again.
fn keeps(entry: &Entry, folder: &Path, config: &FetchConfig) -> bool {
    if entry.outcome == Outcome::Ok {
        // Nothing but a plain name is followed.
        let plain = Path::new(&entry.file).file_name().is_some_and(|name| name == &*entry.file);
        let size = std::fs::metadata(folder.join(&entry.file)).map(|file| file.len());
        return plain && size.is_ok_and(|size| size == entry.bytes);
    }
    !config.retry_failed && !entry.outcome.is_transient()
}

fn unsettled(url: &str, outcome: Outcome, detail: String) -> Entry {
    Entry {
        url: url.to_string(),
        outcome,
        file: String::new(),
        bytes: 0,
        digest: 0,
        attempts: 0,
        seconds: 0.0,
        detail,
    }
}

/// A URL without user name and password, for the manifest.
fn redacted(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else { return url.to_string() };
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, rest) = rest.split_at(end);
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    format!("{scheme}://{host}{rest}")
}

/// The partial files of a killed run.
fn remove_parts(folder: &Path) -> Result<()> {
    let entries = std::fs::read_dir(folder).map_err(|error| Error::io(folder, &error))?;
    for entry in entries.flatten() {
        let name = entry.file_name();
        let name = name.to_string_lossy();
        if name.starts_with('.') && name.ends_with(PART) {
            let _ = std::fs::remove_file(entry.path());
        }
    }
    Ok(())
}

/// One thread: takes jobs until there are none.
fn work(shared: &Shared, sender: &Sender<Message>) {
    let mut buffer = Vec::new();
    while let Some(mut job) = shared.queue.take() {
        let start = Instant::now();
        // Decoders of what strangers send may meet what nobody foresaw; the other URLs must not suffer.
        let answer = catch_unwind(AssertUnwindSafe(|| {
            request::once(&shared.agent, &job.address, &shared.config, &mut buffer)
        }))
        .unwrap_or_else(|_| Answer::failure(Outcome::ServerError, "the answer could not be read"));
        job.busy += start.elapsed();
        if shared.queue.is_stopped() {
            break;
        }
        let message = match answer {
            Answer::Redirect(next) if job.redirects < shared.config.max_redirects => {
                let mut further = job.clone();
                further.redirects += 1;
                further.address = next;
                shared.queue.redirect(&job, further);
                continue;
            }
            Answer::Redirect(next) => {
                let detail = format!("{} redirects, the last to {next}", job.redirects + 1);
                Ok(shared.failed(&job, Outcome::TooManyRedirects, detail))
            }
            Answer::File(extension) => shared.keep(&job, &buffer, extension),
            Answer::Failure(outcome, detail, wait) => {
                job.attempts += 1;
                if let Some(wait) = shared.wait(&job, outcome, wait) {
                    shared.queue.retry(&job, wait.0, wait.1);
                    continue;
                }
                job.attempts -= 1;
                Ok(shared.failed(&job, outcome, detail))
            }
        };
        let message = message.map(|entry| (job.index, entry));
        shared.queue.settle(&job);
        if sender.send(message).is_err() {
            break;
        }
    }
}

impl Shared {
    /// How long to wait before a failed job's next attempt, and whether its host is to be left alone; `None` to give
    /// up.
    fn wait(
        &self,
        job: &Job,
        outcome: Outcome,
        asked: Option<Duration>,
    ) -> Option<(Duration, bool)> {
        if !outcome.is_transient() || job.attempts >= self.config.attempts {
            return None;
        }
        if let Some(asked) = asked {
            return (asked <= self.config.max_wait).then_some((asked, true));
        }
        let doubled = self.config.backoff.saturating_mul(1 << (job.attempts - 1).min(20));
        // The same for each run, different for each URL and attempt.
        let url = self.urls.get(job.index).map(String::as_str).unwrap_or_default();
        let random = digest(format!("{}{url}", job.attempts).as_bytes()) >> 11;
        let jitter = 0.5 + random as f64 / (1_u64 << 53) as f64;
        Some((doubled.mul_f64(jitter).min(self.config.max_wait), outcome == Outcome::RateLimited))
    }

    fn failed(&self, job: &Job, outcome: Outcome, detail: String) -> Entry {
        let url = self.urls.get(job.index).map(String::as_str).unwrap_or_default();
        Entry {
            attempts: job.attempts as u32 + 1,
            seconds: job.busy.as_secs_f64(),
            ..unsettled(url, outcome, detail)
        }
    }

    /// Gives a complete body its name.
    fn keep(&self, job: &Job, bytes: &[u8], extension: Option<&str>) -> Result<Entry> {
        let extension = match self.config.accept {
            Accept::Images => extension.unwrap_or("bin").to_string(),
            Accept::Anything => names::extension(&job.address),
        };
        let stem = self.stems.get(job.index).map(String::as_str).unwrap_or_default();
        let file = format!("{stem}.{extension}");
        let part = self.folder.join(format!(".{}-{}{PART}", std::process::id(), job.index));
        let path = self.folder.join(&file);
        std::fs::write(&part, bytes).and_then(|()| std::fs::rename(&part, &path)).map_err(
            |error| {
                let _ = std::fs::remove_file(&part);
                Error::io(&path, &error).help("make room there, then run this again to resume")
            },
        )?;
        Ok(Entry {
            file,
            bytes: bytes.len() as u64,
            digest: digest(bytes),
            ..self.failed(job, Outcome::Ok, String::new())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_do_not_reach_the_manifest() {
        assert_eq!(redacted("http://u:p@a.test/x@y?z"), "http://a.test/x@y?z");
        assert_eq!(redacted("http://a.test/x@y"), "http://a.test/x@y");
        assert_eq!(redacted("not a url"), "not a url");
    }
}
