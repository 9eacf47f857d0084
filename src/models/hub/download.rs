//! A repository's weights, from the cache or from the hub.

use super::super::pretrained::FILE;
use super::client::{Client, Response, Trouble};
use super::part::{Part, check, unwritable};
use super::settings::Hub;
use crate::nn::Weights;
use crate::notebook::Progress;
use crate::{Error, ErrorKind, Result};
use hf_hub::{Cache, CacheRepo, Repo, RepoType};
use std::path::{Path, PathBuf};
use ureq::http::Uri;

/// How often a hub may send us elsewhere.
const REDIRECTIONS: usize = 10;
/// The size in bytes from which a download shows how far it is.
const LARGE: u64 = 4_000_000;
const MEGABYTE: u64 = 1_000_000;

/// A repository's weights at one state.
#[derive(Clone, Debug)]
pub(crate) struct Download {
    repository: String,
    pub(crate) revision: String,
}

impl Download {
    pub(crate) fn new(repository: String) -> Self {
        Self { repository, revision: "main".to_string() }
    }

    /// The weights, downloaded unless they are there. Each time they are checked against the hub's checksum, which is
    /// the name of the file that the cache links to: a second for some GB.
    pub(crate) fn weights(&self, hub: &Hub) -> Result<Weights> {
        self.check_names()?;
        let cache = self.cache(hub);
        let kept = cache.get(FILE);
        let path = match &kept {
            Some(path) => path.clone(),
            None => self.download(hub, &cache).map_err(|trouble| self.failed(hub, trouble))?,
        };
        let bytes = std::fs::read(&path).map_err(|error| Error::io(&path, &error))?;
        if kept.is_some() {
            check(&path, &bytes)?;
        }
        Weights::from_file(&path, &bytes)
    }

    /// The repository's place in the cache.
    fn cache(&self, hub: &Hub) -> CacheRepo {
        let (name, revision) = (self.repository.clone(), self.revision.clone());
        Cache::new(hub.cache.clone()).repo(Repo::with_revision(name, RepoType::Model, revision))
    }

    /// The file's address.
    fn address(&self, hub: &Hub) -> String {
        let endpoint = hub.endpoint.trim().trim_end_matches('/');
        let revision = self.revision.replace('/', "%2F");
        format!("{endpoint}/{}/resolve/{revision}/{FILE}", self.repository)
    }

    /// Names become parts of addresses and of paths.
    fn check_names(&self) -> Result<()> {
        let plain = |part: &str| {
            let known = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
            !part.is_empty() && part.chars().all(known) && !part.chars().all(|c| c == '.')
        };
        let parts = self.repository.split('/').count();
        if parts > 2 || !self.repository.split('/').all(plain) {
            let problem = format!("`{}` is not the name of a repository", self.repository);
            return Err(Error::new(ErrorKind::Parameter, problem)
                .help("write owner/name, as in the address of its page"));
        }
        if !self.revision.split('/').all(plain) {
            let problem = format!("`{}` is not a revision", self.revision);
            return Err(
                Error::new(ErrorKind::Parameter, problem).help("write a branch, a tag or a commit")
            );
        }
        Ok(())
    }

    fn download(&self, hub: &Hub, cache: &CacheRepo) -> std::result::Result<PathBuf, Trouble> {
        let address: Uri = self
            .address(hub)
            .parse()
            .map_err(|error| Trouble::Network(format!("this is no address: {error}")))?;
        let client = Client::new(hub, &address)?;
        let (announced, address, response) = find(&client, address)?;
        let snapshot = cache.pointer_path(&announced.commit);
        // The blobs lie beside the folder of all snapshots.
        let folder = snapshot.parent().and_then(Path::parent).unwrap_or(&snapshot);
        let mut part = Part::open(&folder.join("blobs").join(&announced.name))?;
        let size = announced.size.or(response.length());
        self.fetch(&client, &address, response, size, &mut part)?;
        let blob = Path::new("../../blobs").join(&announced.name);
        let path = snapshot.join(FILE);
        part.finish().map_err(|error| error.file(&path))?;
        link(&blob, &path).map_err(|error| unwritable(&path, &error))?;
        cache.create_ref(&announced.commit).map_err(|error| unwritable(&hub.cache, &error))?;
        Ok(path)
    }

    /// Completes a file of `size` bytes, of which `response` is the whole.
    fn fetch(
        &self,
        client: &Client,
        address: &Uri,
        mut response: Response,
        size: Option<u64>,
        part: &mut Part,
    ) -> std::result::Result<(), Trouble> {
        if size.is_some_and(|size| part.length() > size) {
            part.restart()?;
        }
        if part.length() > 0 {
            if size == Some(part.length()) {
                return Ok(());
            }
            match client.get(address, part.length()) {
                Ok(rest) if rest.continues_at(part.length()) => response = rest,
                Ok(_) | Err(Trouble::Status(_)) => part.restart()?,
                Err(trouble) => return Err(trouble),
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
                Err(Trouble::Network(format!("{} of {size} bytes came", part.length())))
            }
            _ => Ok(()),
        }
    }

    fn failed(&self, hub: &Hub, trouble: Trouble) -> Error {
        let (repository, endpoint) = (&self.repository, &hub.endpoint);
        let (problem, help) = match trouble {
            Trouble::Own(error) => return error,
            Trouble::Locked => (
                format!("another program is downloading `{repository}`"),
                "wait until it is done, then run this again".to_string(),
            ),
            Trouble::Status(404) => (
                format!("there is no `{FILE}` of `{repository}` at {endpoint} (status 404)"),
                "check the name on the hub's page".to_string(),
            ),
            Trouble::Status(status @ (401 | 403)) => (
                format!("{endpoint} does not give `{repository}` to everyone (status {status})"),
                "check the name, or set HF_TOKEN to a token that may read it".to_string(),
            ),
            Trouble::Status(status) => self.unreachable(hub, &format!("status {status}")),
            Trouble::Network(reason) => self.unreachable(hub, &reason),
        };
        Error::new(ErrorKind::File, hub.scrubbed(problem)).help(hub.scrubbed(help))
    }

    fn unreachable(&self, hub: &Hub, reason: &str) -> (String, String) {
        let (repository, endpoint, address) = (&self.repository, &hub.endpoint, self.address(hub));
        (
            format!("`{repository}` could not be downloaded from {endpoint} ({reason})"),
            format!(
                "run this again (what has come is kept), set HF_ENDPOINT to a mirror, or download \
                 {address} elsewhere and use `Pretrained::file`"
            ),
        )
    }
}

/// What a hub says of a file before it sends it, or sends us on to where it lies.
struct Announced {
    commit: String,
    /// What the cache calls it: its SHA-256 if it is large.
    name: String,
    size: Option<u64>,
}

impl Announced {
    /// What an answer of the hub itself says; others, such as those of its storage, say nothing.
    fn read(response: &Response) -> Option<Self> {
        // They become parts of paths.
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

/// Follows redirections to the file; gives what the hub announced, where the file lies, and its beginning.
fn find(
    client: &Client,
    mut address: Uri,
) -> std::result::Result<(Announced, Uri, Response), Trouble> {
    let mut announced = None;
    for _ in 0..=REDIRECTIONS {
        let response = client.get(&address, 0)?;
        announced = announced.or_else(|| Announced::read(&response));
        match (response.redirection(&address)?, announced) {
            (Some(next), known) => (address, announced) = (next, known),
            (None, Some(announced)) => return Ok((announced, address, response)),
            (None, None) => {
                let reason = "it does not answer as a hub does: X-Repo-Commit or ETag is missing";
                return Err(Trouble::Network(reason.to_string()));
            }
        }
    }
    Err(Trouble::Network(format!("it redirects more than {REDIRECTIONS} times")))
}

fn megabytes(bytes: u64) -> usize {
    usize::try_from(bytes.div_ceil(MEGABYTE)).unwrap_or(usize::MAX)
}

/// Lets `path` stand for the file `target`, whose path is relative to the folder of `path`.
fn link(target: &Path, path: &Path) -> std::io::Result<()> {
    if path.exists() {
        return Ok(());
    }
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    // What is there leads nowhere, if there is anything.
    let _ = std::fs::remove_file(path);
    #[cfg(unix)]
    return std::os::unix::fs::symlink(target, path);
    #[cfg(not(unix))]
    return std::fs::hard_link(path.with_file_name(target), path);
}
