//! Pretrained weights from files, folders and a hub, which is a small server on this machine.
#![cfg(feature = "hub")]

use cuaderno::ErrorKind;
use cuaderno::models::{Hub, Pretrained};
use cuaderno::nn::{Init, Linear, Sequential, Weights};
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

const REPOSITORY: &str = "timm/tiny.test";
const TOKEN: &str = "hf_secretSECRETsecret";

fn network(seed: u64) -> Sequential {
    Sequential::new().named("fc", Linear::new(64, 48, &mut Init::seed(seed)).unwrap())
}

/// An empty folder of this test's own.
fn folder(name: &str) -> PathBuf {
    let folder =
        std::env::temp_dir().join(format!("cuaderno-pretrained-{name}-{}", std::process::id()));
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

/// The bytes of a file with `network(seed)`.
fn file(seed: u64) -> Vec<u8> {
    let path = folder(&format!("bytes-{:?}", std::thread::current().id())).join("file");
    Weights::of(&network(seed)).write(&path).unwrap();
    std::fs::read(path).unwrap()
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Manner {
    Good,
    /// Breaks off in the middle of the file.
    CutOff,
    /// The checksum is that of other bytes.
    WrongSum,
    Status(u16),
}

/// A hub with one file, which it keeps on the same machine as the hub itself does: behind a redirection.
struct Server {
    address: String,
    manner: Arc<Mutex<Manner>>,
    requests: Arc<Mutex<Vec<String>>>,
}

impl Server {
    fn start(content: Vec<u8>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let manner = Arc::new(Mutex::new(Manner::Good));
        let requests = Arc::new(Mutex::new(Vec::new()));
        let (how, log, here) = (manner.clone(), requests.clone(), address.clone());
        // Ends with the process.
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let manner = *how.lock().unwrap();
                // A client that hangs up is its own affair.
                let _ = answer(stream, &here, &content, manner, &log);
            }
        });
        Self { address, manner, requests }
    }

    fn behave(&self, manner: Manner) {
        *self.manner.lock().unwrap() = manner;
    }

    /// What was asked since the last time.
    fn requests(&self) -> Vec<String> {
        std::mem::take(&mut self.requests.lock().unwrap())
    }

    fn hub(&self, cache: &Path) -> Hub {
        let cache = cache.to_path_buf();
        Hub { endpoint: self.address.clone(), cache, token: Some(TOKEN.to_string()) }
    }
}

fn answer(
    mut stream: TcpStream,
    here: &str,
    content: &[u8],
    manner: Manner,
    log: &Mutex<Vec<String>>,
) -> std::io::Result<()> {
    let lines = BufReader::new(stream.try_clone()?).lines().map_while(Result::ok);
    let request: Vec<String> = lines.take_while(|line| !line.is_empty()).collect();
    let path = request[0].split(' ').nth(1).unwrap_or_default().to_string();
    let header = |name: &str| {
        let line = request.iter().find(|line| line.to_lowercase().starts_with(name))?;
        Some(line.split_once(':')?.1.trim().to_string())
    };
    let range = header("range").unwrap_or_default();
    log.lock().unwrap().push(request.join("\n"));
    let end = "Connection: close\r\n\r\n";
    if let Manner::Status(status) = manner {
        return write!(stream, "HTTP/1.1 {status} No\r\nContent-Length: 0\r\n{end}");
    }
    if !path.starts_with("/cdn/") {
        let digest = if manner == Manner::WrongSum { "0".repeat(64) } else { sha256(content) };
        return write!(
            stream,
            "HTTP/1.1 302 Found\r\nLocation: {here}/cdn/file\r\nX-Repo-Commit: c0ffee\r\n\
             X-Linked-Etag: \"{digest}\"\r\nContent-Length: 0\r\n{end}"
        );
    }
    let (from, to) = range.trim_start_matches("bytes=").split_once('-').unwrap_or(("0", ""));
    let from: usize = from.parse().unwrap_or(0);
    let to = to.parse().map_or(content.len(), |to: usize| to + 1);
    let part = &content[from..to];
    write!(
        stream,
        "HTTP/1.1 206 Partial Content\r\nContent-Length: {}\r\nContent-Range: bytes {from}-{}/{}\r\n{end}",
        part.len(),
        to - 1,
        content.len()
    )?;
    let cut = manner == Manner::CutOff && part.len() > 1;
    stream.write_all(if cut { &part[..part.len() / 2] } else { part })
}

fn sha256(content: &[u8]) -> String {
    use sha2::{Digest, Sha256};
    Sha256::digest(content).iter().map(|byte| format!("{byte:02x}")).collect()
}

#[track_caller]
fn assert_says(error: &cuaderno::Error, parts: &[&str]) {
    let message = error.to_string();
    for part in parts {
        assert!(message.contains(part), "`{part}` is not in: {message}");
    }
    assert!(!message.contains(TOKEN), "the token is in: {message}");
}

/// The weights' files that a cache holds under the name that users would find.
fn cached(cache: &Path) -> usize {
    let commit = cache.join("models--timm--tiny.test/snapshots/c0ffee/model.safetensors");
    usize::from(commit.exists())
}

#[test]
fn files_and_folders() {
    let folder = folder("files");
    let path = folder.join("model.safetensors");
    Weights::of(&network(1)).write(&path).unwrap();
    let mut model = network(2);
    Pretrained::file(&path).load_into(&mut model).unwrap();
    assert_eq!(Weights::of(&model), Weights::of(&network(1)));
    let mut model = network(2);
    Pretrained::folder(&folder).load_into(&mut model).unwrap();
    assert_eq!(Weights::of(&model), Weights::of(&network(1)));
    let error = Pretrained::folder(folder.join("not-there")).weights().unwrap_err();
    assert_says(&error, &["not-there", "model.safetensors", "no such file"]);
}

#[test]
fn a_download_is_kept_and_asked_for_once() {
    let (server, cache) = (Server::start(file(1)), folder("good"));
    let pretrained = server.hub(&cache).pretrained(REPOSITORY);
    let mut model = network(2);
    pretrained.load_into(&mut model).unwrap();
    assert_eq!(Weights::of(&model), Weights::of(&network(1)));
    let requests = server.requests();
    let page = format!("GET /{REPOSITORY}/resolve/main/model.safetensors ");
    assert!(requests[0].starts_with(&page), "{}", requests[0]);
    assert!(requests[0].contains(&format!("Bearer {TOKEN}")), "{}", requests[0]);

    let mut again = network(3);
    pretrained.load_into(&mut again).unwrap();
    assert_eq!(Weights::of(&again), Weights::of(&network(1)));
    assert_eq!(server.requests(), [""; 0]);

    // The head stays, and an error about the weights tells the file.
    let mut other =
        Sequential::new().named("head", Linear::new(64, 5, &mut Init::seed(1)).unwrap());
    let error = pretrained.load_into(&mut other).unwrap_err();
    assert_says(&error, &["model.safetensors", "2 missing: `head.bias`", "2 surplus: `fc.bias`"]);
    let before = Weights::of(&again);
    pretrained.load_backbone_into(&mut again, &["fc"]).unwrap();
    assert_eq!(Weights::of(&again), before);
}

#[test]
fn a_revision_has_an_address_of_its_own() {
    let (server, cache) = (Server::start(file(1)), folder("revision"));
    let pretrained = server.hub(&cache).pretrained(REPOSITORY).revision("v1.0");
    assert_eq!(pretrained.weights().unwrap().names(), ["fc.bias", "fc.weight"]);
    assert!(server.requests()[0].contains("/resolve/v1.0/model.safetensors "));
}

#[test]
fn what_the_hub_refuses() {
    let (server, cache) = (Server::start(file(1)), folder("refused"));
    let pretrained = server.hub(&cache).pretrained(REPOSITORY);
    for (status, parts) in [
        (404, ["there is no `model.safetensors`", "check the name"]),
        (401, ["status 401", "set HF_TOKEN"]),
        (403, ["status 403", "set HF_TOKEN"]),
        (500, ["500", "Pretrained::file"]),
    ] {
        server.behave(Manner::Status(status));
        let error = pretrained.weights().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::File);
        assert_says(&error, &[&[REPOSITORY, &server.address][..], &parts].concat());
    }
    assert_eq!(cached(&cache), 0);
    server.behave(Manner::Good);
    pretrained.weights().unwrap();
}

#[test]
fn a_download_that_breaks_off_leaves_nothing_to_load() {
    let (server, cache) = (Server::start(file(1)), folder("cut"));
    let pretrained = server.hub(&cache).pretrained(REPOSITORY);
    server.behave(Manner::CutOff);
    for _ in 0..2 {
        let mut model = network(2);
        let error = pretrained.load_into(&mut model).unwrap_err();
        assert_says(&error, &[REPOSITORY, "could not be downloaded", "HF_ENDPOINT"]);
        assert_eq!(Weights::of(&model), Weights::of(&network(2)));
        assert_eq!(cached(&cache), 0);
    }
    server.behave(Manner::Good);
    assert_eq!(pretrained.weights().unwrap(), pretrained.weights().unwrap());
    let mut model = network(2);
    pretrained.load_into(&mut model).unwrap();
    assert_eq!(Weights::of(&model), Weights::of(&network(1)));
}

#[test]
fn a_file_with_another_checksum_is_refused_and_removed() {
    let (server, cache) = (Server::start(file(1)), folder("sum"));
    let pretrained = server.hub(&cache).pretrained(REPOSITORY);
    server.behave(Manner::WrongSum);
    let error = pretrained.weights().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Weights);
    assert_says(&error, &["model.safetensors", "SHA-256 is another", "run this again"]);
    assert_eq!(cached(&cache), 0);
    server.behave(Manner::Good);
    pretrained.weights().unwrap();

    // Also when it breaks later, on this disk.
    let blob = blob(&cache, "");
    let mut bytes = std::fs::read(&blob).unwrap();
    let last = bytes.len() - 1;
    bytes[last] ^= 1;
    std::fs::write(&blob, bytes).unwrap();
    assert_says(&pretrained.weights().unwrap_err(), &["SHA-256 is another"]);
    pretrained.weights().unwrap();
}

/// The path of what the cache holds of the server's file, with another ending.
fn blob(cache: &Path, ending: &str) -> PathBuf {
    let folder = cache.join("models--timm--tiny.test/blobs");
    std::fs::create_dir_all(&folder).unwrap();
    folder.join(sha256(&file(1))).with_extension(ending)
}

#[test]
fn what_earlier_downloads_left_behind() {
    let (server, cache) = (Server::start(file(1)), folder("left"));
    let pretrained = server.hub(&cache).pretrained(REPOSITORY);
    // More than the whole file: refused, and gone with the next attempt.
    std::fs::write(blob(&cache, "part"), vec![1; 100_000]).unwrap();
    assert_says(&pretrained.weights().unwrap_err(), &["could not be downloaded"]);
    // The beginning of another file: continued, and refused for its checksum.
    std::fs::write(blob(&cache, "part"), vec![1; 1000]).unwrap();
    assert_says(&pretrained.weights().unwrap_err(), &["SHA-256 is another"]);
    pretrained.weights().unwrap();
}

#[test]
fn two_downloads_at_once() {
    let (server, cache) = (Server::start(file(1)), folder("lock"));
    let pretrained = server.hub(&cache).pretrained(REPOSITORY);
    let other = std::fs::File::create(blob(&cache, "lock")).unwrap();
    other.lock().unwrap();
    assert_says(&pretrained.weights().unwrap_err(), &["another program", "wait until it is done"]);
    other.unlock().unwrap();
    pretrained.weights().unwrap();
}

#[test]
fn without_a_hub_the_error_says_what_to_do() {
    let gone = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let cache = folder("gone");
    let hub = Hub { endpoint: format!("http://{gone}"), cache, token: Some(TOKEN.into()) };
    let error = hub.pretrained(REPOSITORY).weights().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::File);
    let address = format!("http://{gone}/{REPOSITORY}/resolve/main/model.safetensors");
    let parts = [REPOSITORY, "HF_ENDPOINT to a mirror", &address, "Pretrained::file"];
    assert_says(&error, &parts);
    for endpoint in ["", "not an address", "ftp://example.org"] {
        let hub = Hub { endpoint: endpoint.into(), ..hub.clone() };
        assert_says(&hub.pretrained(REPOSITORY).weights().unwrap_err(), &["HF_ENDPOINT"]);
    }
    // A token that cannot stand in a header.
    let hub = Hub { token: Some(format!("{TOKEN}\n{TOKEN}")), ..hub };
    assert_says(&hub.pretrained(REPOSITORY).weights().unwrap_err(), &["HF_ENDPOINT"]);
    assert!(!format!("{hub:?}{:?}", hub.pretrained(REPOSITORY)).contains(TOKEN));
}

#[test]
fn names_that_are_no_repositories() {
    let cache = folder("names");
    let hub = Hub { endpoint: "http://127.0.0.1:9".into(), cache, token: None };
    for name in ["", "a/b/c", "../..", "a/..", "a b", "timm/", "a?b", "https://x/y"] {
        let error = hub.pretrained(name).weights().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Parameter, "{name}");
        assert_says(&error, &["not the name of a repository", "owner/name"]);
    }
    let error = hub.pretrained("timm/x").revision("../main").weights().unwrap_err();
    assert_says(&error, &["not a revision"]);
}

const CHILD: &str = "CUADERNO_TEST_CHILD";

/// Runs in a process of its own, whose environment the next test sets.
#[test]
fn child() {
    if std::env::var_os(CHILD).is_some() {
        let mut model = network(2);
        Pretrained::hub(REPOSITORY).load_into(&mut model).unwrap();
        assert_eq!(Weights::of(&model), Weights::of(&network(1)));
        assert!(model.parameters().iter().all(|(_, p)| p.is_trainable()));
    }
}

#[test]
fn the_environment_names_hub_cache_and_token() {
    let (server, home) = (Server::start(file(1)), folder("home"));
    let status = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "child"])
        .env(CHILD, "1")
        .env("HF_ENDPOINT", &server.address)
        .env("HF_HOME", &home)
        .env("HF_TOKEN", format!("{TOKEN}\n"))
        .status()
        .unwrap();
    assert!(status.success());
    assert!(server.requests()[0].contains(&format!("Bearer {TOKEN}")));
    assert_eq!(cached(&home.join("hub")), 1);
}
