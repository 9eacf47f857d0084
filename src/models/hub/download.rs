//! The weights of a repository, from the cache or the hub.

use super::client::{Client, Failure, Response};
use super::partial_file::{PartialFile, check, unwritable};
use super::settings::Hub;
use crate::nn::{WEIGHTS_FILE as FILE, Weights};
use crate::notebook::Progress;
use crate::{Error, ErrorKind, Result};
use hf_hub::{Cache, CacheRepo, Repo, RepoType};
use std::path::{Path, PathBuf};
use ureq::http::Uri;

/// Maximum number of redirects.
const MAX_REDIRECTS: usize = 10;
/// Smallest download in bytes that shows a progress bar.
const LARGE: u64 = 4_000_000;
const MEGABYTE: u64 = 1_000_000;

/// The weights of a repository at one revision.
#[derive(Clone, Debug)]
pub(crate) struct Download {
    repository: String,
    pub(crate) revision: String,
}

impl Download {
    pub(crate) fn new(repository: String) -> Self {
        Self { repository, revision: "main".to_string() }
    }

    /// The weights, downloaded unless the cache has them. A cached file is checked each time against the hub's SHA-256,
    /// which is the name of the file that the cache links to: about a second for some GB.
    pub(crate) fn weights(&self, hub: &Hub) -> Result<Weights> {
        self.check_names()?;
        let cache = self.cache(hub);
        let kept = cache.get(FILE);
        let path = match &kept {
            Some(path) => path.clone(),
            None => self.download(hub, &cache).map_err(|failure| self.failed(hub, failure))?,
        };
        let bytes = std::fs::read(&path).map_err(|error| Error::io(&path, &error))?;
        if kept.is_some() {
            check(&path, &bytes)?;
        }
        Weights::from_file(&path, &bytes)
    }

    /// The repository's folder in the cache.
    fn cache(&self, hub: &Hub) -> CacheRepo {
        let (name, revision) = (self.repository.clone(), self.revision.clone());
        Cache::new(hub.cache.clone()).repo(Repo::with_revision(name, RepoType::Model, revision))
    }

    /// The address of the file.
    fn address(&self, hub: &Hub) -> String {
        let endpoint = hub.endpoint.trim().trim_end_matches('/');
        let revision = self.revision.replace('/', "%2F");
        format!("{endpoint}/{}/resolve/{revision}/{FILE}", self.repository)
    }

    /// Checks names, since they become parts of addresses and paths.
    fn check_names(&self) -> Result<()> {
        let plain = |part: &str| {
            let known = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
            !part.is_empty() && part.chars().all(known) && !part.chars().all(|c| c == '.')
        };
        let parts = self.repository.split('/').count();
        if parts > 2 || !self.repository.split('/').all(plain) {
            let problem = format!("`{}` is not the name of a repository", self.repository);
            return Err(Error::new(ErrorKind::Parameter, problem)
                .help("write `owner/name`, as in the address of its page"));
        }
        if !self.revision.split('/').all(plain) {
            let problem = format!("`{}` is not a revision", self.revision);
            return Err(
                Error::new(ErrorKind::Parameter, problem).help("write a branch, a tag or a commit")
            );
        }
        Ok(())
    }

    fn download(&self, hub: &Hub, cache: &CacheRepo) -> std::result::Result<PathBuf, Failure> {
        let address: Uri = self
            .address(hub)
            .parse()
            .map_err(|error| Failure::Network(format!("the address is not valid: {error}")))?;
        let client = Client::new(hub, &address)?;
        let (announced, address, response) = find(&client, address)?;
        let snapshot = cache.pointer_path(&announced.commit);
        // The folder of the blobs is beside the folder of all snapshots.
        let folder = snapshot.parent().and_then(Path::parent).unwrap_or(&snapshot);
        let mut part = PartialFile::open(&folder.join("blobs").join(&announced.name))?;
        let size = announced.size.or(response.length());
        self.fetch(&client, &address, response, size, &mut part)?;
        let blob = Path::new("../../blobs").join(&announced.name);
        let path = snapshot.join(FILE);
        part.finish().map_err(|error| error.file(&path))?;
        link(&blob, &path).map_err(|error| unwritable(&path, &error))?;
        cache.create_ref(&announced.commit).map_err(|error| unwritable(&hub.cache, &error))?;
        Ok(path)
    }

    /// Completes a file of `size` bytes; `response` is the request for all of it.
    fn fetch(
        &self,
        client: &Client,
        address: &Uri,
        mut response: Response,
        size: Option<u64>,
        part: &mut PartialFile,
    ) -> std::result::Result<(), Failure> {
        if size.is_some_and(|size| part.length() > size) {
            part.restart()?;
        }
        if part.length() > 0 {
            if size == Some(part.length()) {
                return Ok(());
            }
            match client.get(address, part.length()) {
                Ok(rest) if rest.continues_at(part.length()) => response = rest,
                Ok(_) | Err(Failure::Status(_)) => part.restart()?,
                Err(failure) => return Err(failure),
            }
        }
        let rest = size.map_or(0, |size| size - part.length());
        let mut bar = (rest >= LARGE)
            .then(|| Progress::new(format!("{} (MB)", self.repository), megabytes(rest)));
        let mut fetched = 0;
        while let Some(bytes) = response.read()? {
            part.write(&bytes)?;
            fetched += bytes.len() as u64;
            if let Some(bar) = &mut bar {
                bar.set(megabytes(fetched));
            }
        }
        match size {
            Some(size) if size != part.length() => {
                Err(Failure::Network(format!("{} of {size} bytes arrived", part.length())))
            }
            _ => Ok(()),
        }
    }

    fn failed(&self, hub: &Hub, failure: Failure) -> Error {
        let (repository, endpoint) = (&self.repository, &hub.endpoint);
        let (problem, help) = match failure {
            Failure::Own(error) => return error,
            Failure::Locked => (
                format!("another process is downloading `{repository}`"),
                "run this again when it is done".to_string(),
            ),
            Failure::Status(404) => (
                format!("{endpoint} has no `{FILE}` of `{repository}` (status 404)"),
                "check the name on the hub's page".to_string(),
            ),
            Failure::Status(status @ (401 | 403)) => (
                format!("{endpoint} denies access to `{repository}` (status {status})"),
                "check the name, or set HF_TOKEN to a token with read access".to_string(),
            ),
            Failure::Status(status) => self.unreachable(hub, &format!("status {status}")),
            Failure::Network(reason) => self.unreachable(hub, &reason),
        };
        Error::new(ErrorKind::Network, hub.scrubbed(problem)).help(hub.scrubbed(help))
    }

    fn unreachable(&self, hub: &Hub, reason: &str) -> (String, String) {
        let (repository, endpoint, address) = (&self.repository, &hub.endpoint, self.address(hub));
        (
            format!("`{repository}` could not be downloaded from {endpoint} ({reason})"),
            format!(
                "run this again (it resumes the download), set HF_ENDPOINT to a mirror, or download \
                 {address} elsewhere and use `Pretrained::file`"
            ),
        )
    }
}

/// The metadata of a file, in the headers of the hub's first response.
struct Announced {
    commit: String,
    /// The name in the cache: the SHA-256 of a large file.
    name: String,
    size: Option<u64>,
}

impl Announced {
    /// The metadata of a response of the hub itself; `None` for others, such as those of its storage.
    fn read(response: &Response) -> Option<Self> {
        // These become parts of paths.
        let plain = |text: &str| {
            let known = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
            (!text.is_empty() && text.chars().all(known)).then(|| text.to_string())
        };
        let tag = response.header("x-linked-etag").or(response.header("etag"))?;
        Some(Self {
            commit: plain(response.header("x-repo-commit")?)?,
            name: plain(tag.trim_start_matches("W/").trim_matches('"'))?,
            size: response.header("x-linked-size").and_then(|size| size.parse().ok()),
        })
    }
}

/// Follows redirects to the file. Returns its metadata, its address, and the response with its start.
fn find(
    client: &Client,
    mut address: Uri,
) -> std::result::Result<(Announced, Uri, Response), Failure> {
    let mut announced = None;
    for _ in 0..=MAX_REDIRECTS {
        let response = client.get(&address, 0)?;
        announced = announced.or_else(|| Announced::read(&response));
        match (response.redirection(&address)?, announced) {
            (Some(next), known) => (address, announced) = (next, known),
            (None, Some(announced)) => return Ok((announced, address, response)),
            (None, None) => {
                let reason = "the server is not a hub: the header X-Repo-Commit or ETag is missing";
                return Err(Failure::Network(reason.to_string()));
            }
        }
    }
    Err(Failure::Network(format!("the server redirects more than {MAX_REDIRECTS} times")))
}

fn megabytes(bytes: u64) -> usize {
    usize::try_from(bytes.div_ceil(MEGABYTE)).unwrap_or(usize::MAX)
}

/// Creates the link `path` to `target`, which is relative to the folder of `path`.
fn link(target: &Path, path: &Path) -> std::io::Result<()> {
    if path.exists() {
        return Ok(());
    }
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    // An existing link here is broken.
    let _ = std::fs::remove_file(path);
    #[cfg(unix)]
    return std::os::unix::fs::symlink(target, path);
    #[cfg(not(unix))]
    return std::fs::hard_link(path.with_file_name(target), path);
}
