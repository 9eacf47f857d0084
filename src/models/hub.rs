//! Downloads from the Hugging Face Hub.

use super::Pretrained;
use super::pretrained::FILE;
use crate::nn::Weights;
use crate::notebook::Progress;
use crate::{Error, ErrorKind, Result};
use hf_hub::api::sync::{ApiBuilder, ApiError, ApiRepo};
use hf_hub::{Cache, Repo, RepoType};
use sha2::{Digest, Sha256};
use std::fmt;
use std::path::{Path, PathBuf};

/// Where the Hugging Face Hub is, where its files are kept, and who asks.
///
/// ```no_run
/// use cuaderno::models::Hub;
/// # fn main() -> cuaderno::Result<()> {
/// let mirror = Hub { endpoint: "https://hub.example.org".into(), ..Hub::from_env()? };
/// let weights = mirror.pretrained("timm/resnet18.tv_in1k").weights()?;
/// # Ok(()) }
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Hub {
    /// The address of the hub or of a mirror of it.
    pub endpoint: String,
    /// The folder that keeps what was downloaded, in the order that Python's `huggingface_hub` keeps too.
    pub cache: PathBuf,
    /// What proves to the hub who asks, for repositories that are not open to all. No error and no output tells it; but
    /// the storage to which an endpoint redirects gets it as well, so name only endpoints that you trust.
    pub token: Option<String>,
}

impl Hub {
    /// The settings that the environment variables `HF_ENDPOINT`, `HF_HOME` and `HF_TOKEN` give: without them, the hub
    /// itself, `.cache/huggingface` in the user's folder, and the token that Python's `huggingface_hub` left there.
    ///
    /// Errors when `HF_HOME` is not set and there is no user's folder.
    pub fn from_env() -> Result<Self> {
        let set = |name| std::env::var(name).ok().filter(|value| !value.trim().is_empty());
        let home = match std::env::var_os("HF_HOME").filter(|home| !home.is_empty()) {
            Some(home) => PathBuf::from(home),
            None => {
                let user = std::env::home_dir().ok_or_else(|| {
                    Error::new(ErrorKind::File, "there is no user's folder to keep weights in")
                        .help("name a folder in HF_HOME")
                })?;
                user.join(".cache").join("huggingface")
            }
        };
        let cache = home.join("hub");
        let token = set("HF_TOKEN").or_else(|| Cache::new(cache.clone()).token());
        let endpoint = set("HF_ENDPOINT").unwrap_or_else(|| "https://huggingface.co".to_string());
        Ok(Self { endpoint, cache, token })
    }

    /// The weights of a repository with these settings.
    pub fn pretrained(&self, repository: impl Into<String>) -> Pretrained {
        Pretrained::from_hub(self, repository.into())
    }

    /// Without the token.
    fn scrubbed(&self, text: String) -> String {
        match self.token.as_deref().map(str::trim) {
            Some(token) if !token.is_empty() => text.replace(token, "…"),
            _ => text,
        }
    }
}

impl fmt::Debug for Hub {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hub")
            .field("endpoint", &self.endpoint)
            .field("cache", &self.cache)
            .field("token", &self.token.as_ref().map(|_| "…"))
            .finish()
    }
}

/// A repository's weights at one state.
#[derive(Clone, Debug)]
pub(super) struct Download {
    repository: String,
    pub(super) revision: String,
}

impl Download {
    pub(super) fn new(repository: String) -> Self {
        Self { repository, revision: "main".to_string() }
    }

    /// The weights, downloaded unless they are there. Each time they are checked against the hub's checksum, which is
    /// the name of the file that the cache links to: a second for some GB.
    pub(super) fn weights(&self, hub: &Hub) -> Result<Weights> {
        self.check_names()?;
        let repo = self.repo();
        let cache = Cache::new(hub.cache.clone());
        let path = match cache.repo(repo.clone()).get(FILE) {
            Some(path) => path,
            None => self.download(hub, repo)?,
        };
        let bytes = std::fs::read(&path).map_err(|error| Error::io(&path, &error))?;
        check(&path, &bytes)?;
        Weights::from_file(&path, &bytes)
    }

    fn repo(&self) -> Repo {
        Repo::with_revision(self.repository.clone(), RepoType::Model, self.revision.clone())
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

    fn download(&self, hub: &Hub, repo: Repo) -> Result<PathBuf> {
        let cache = Cache::new(hub.cache.clone());
        let token = hub.token.as_deref().map(|token| token.trim().to_string());
        let endpoint = hub.endpoint.trim().trim_end_matches('/').to_string();
        let api = ApiBuilder::from_cache(cache.clone())
            .with_endpoint(endpoint)
            .with_token(token)
            .build()
            .map_err(|error| self.failed(hub, "", &error))?
            .repo(repo.clone());
        self.fetch(&api).map_err(|error| {
            if matches!(error, ApiError::InvalidResume) {
                let blobs = cache.repo(repo).blob_path("");
                remove_parts(&blobs);
            }
            self.failed(hub, &api.url(FILE), &error)
        })
    }

    fn fetch(&self, api: &ApiRepo) -> std::result::Result<PathBuf, ApiError> {
        api.download_with_progress(
            FILE,
            Bar { label: self.repository.clone(), shown: None, bytes: 0 },
        )
    }

    fn failed(&self, hub: &Hub, address: &str, error: &ApiError) -> Error {
        let status = match error {
            ApiError::RequestError(error) => match **error {
                ureq::Error::StatusCode(status) => Some(status),
                _ => None,
            },
            _ => None,
        };
        let (repository, endpoint) = (&self.repository, &hub.endpoint);
        let (problem, help) = match status {
            _ if matches!(error, ApiError::LockAcquisition(_)) => (
                format!("another program is downloading `{repository}`"),
                "wait until it is done, then run this again".to_string(),
            ),
            Some(404) => (
                format!("there is no `{FILE}` of `{repository}` at {endpoint} (status 404)"),
                "check the name on the hub's page".to_string(),
            ),
            Some(status @ (401 | 403)) => (
                format!("{endpoint} does not give `{repository}` to everyone (status {status})"),
                "check the name, or set HF_TOKEN to a token that may read it".to_string(),
            ),
            _ => (
                format!("`{repository}` could not be downloaded from {endpoint} ({error})"),
                format!(
                    "set HF_ENDPOINT to a mirror, or download {address} elsewhere and use \
                     `Pretrained::file`"
                ),
            ),
        };
        Error::new(ErrorKind::File, hub.scrubbed(problem)).help(hub.scrubbed(help))
    }
}

/// That a file of the cache is what the hub has: large ones lie under their SHA-256. What is not is removed, so that the
/// next attempt downloads it anew.
fn check(path: &Path, bytes: &[u8]) -> Result<()> {
    let Ok(blob) = std::fs::canonicalize(path) else { return Ok(()) };
    let name = blob.file_name().unwrap_or_default().to_string_lossy();
    if name.len() != 64 || !name.chars().all(|c| c.is_ascii_hexdigit()) {
        return Ok(());
    }
    let digest: String = Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect();
    if digest == name.to_ascii_lowercase() {
        return Ok(());
    }
    for file in [path, &blob] {
        std::fs::remove_file(file).map_err(|error| Error::io(file, &error))?;
    }
    let problem = "the file is not the one that the hub announced: its SHA-256 is another";
    Err(Error::new(ErrorKind::Weights, problem)
        .file(path)
        .help("it was removed; run this again to download it anew"))
}

/// Removes what earlier downloads left half done: it cannot be continued.
fn remove_parts(blobs: &Path) {
    let files = std::fs::read_dir(blobs).into_iter().flatten().flatten();
    for file in files.filter(|file| file.path().extension().is_some_and(|end| end == "part")) {
        // What cannot be removed will be reported by the next attempt.
        let _ = std::fs::remove_file(file.path());
    }
}

/// Shows how far a download is.
struct Bar {
    label: String,
    shown: Option<Progress>,
    bytes: usize,
}

const MEGABYTE: usize = 1_000_000;

impl hf_hub::api::Progress for Bar {
    fn init(&mut self, size: usize, _: &str) {
        let label = format!("{} (MB)", self.label);
        self.shown.get_or_insert_with(|| Progress::new(label, size.div_ceil(MEGABYTE)));
    }

    fn update(&mut self, size: usize) {
        self.bytes += size;
        if let Some(bar) = &mut self.shown {
            bar.set(self.bytes.div_ceil(MEGABYTE));
        }
    }

    fn finish(&mut self) {
        if let Some(bar) = &mut self.shown {
            bar.finish();
        }
    }
}
