//! Pretrained weights from files, folders and a hub, which is a small server on this machine.
#![cfg(feature = "hub")]

use cuaderno::ErrorKind;
use cuaderno::models::{Hub, Pretrained};
use cuaderno::nn::{Init, Linear, Sequential, Weights};
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

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
    /// Sends the file a little at a time, for some six seconds.
    Slow,
    /// Sends half of the file and then nothing, but keeps the connection.
    Stalls,
    /// Takes the connection and never answers.
    Silent,
    /// The checksum is that of other bytes.
    WrongSum,
    Status(u16),
}

/// A hub with one file, which lies behind a redirection, on the hub itself or elsewhere.
struct Server {
    address: String,
    manner: Arc<Mutex<Manner>>,
    requests: Arc<Mutex<Vec<String>>>,
}

impl Server {
    fn start(content: Vec<u8>) -> Self {
        Self::redirecting(content, None)
    }

    /// A hub that keeps the file on another server.
    fn redirecting(content: Vec<u8>, storage: Option<&Self>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let manner = Arc::new(Mutex::new(Manner::Good));
        let requests = Arc::new(Mutex::new(Vec::new()));
        let (how, log) = (manner.clone(), requests.clone());
        let storage = storage.map_or(&address, |server| &server.address).clone();
        let content = Arc::new(content);
        // Ends with the process.
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let manner = *how.lock().unwrap();
                let (storage, content, log) = (storage.clone(), content.clone(), log.clone());
                std::thread::spawn(move || {
                    // A client that hangs up is its own affair.
                    let _ = answer(stream, &storage, &content, manner, &log);
                });
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
    storage: &str,
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
    if manner == Manner::Silent {
        std::thread::sleep(Duration::from_secs(60));
    }
    if !path.starts_with("/cdn/") {
        let digest = if manner == Manner::WrongSum { "0".repeat(64) } else { sha256(content) };
        return write!(
            stream,
            "HTTP/1.1 302 Found\r\nLocation: {storage}/cdn/file\r\nX-Repo-Commit: c0ffee\r\n\
             X-Linked-Etag: \"{digest}\"\r\nContent-Length: 0\r\n{end}"
        );
    }
    let (from, to) = range.trim_start_matches("bytes=").split_once('-').unwrap_or(("0", ""));
    let from: usize = from.parse().unwrap_or(0);
    let to = to.parse().map_or(content.len(), |to: usize| to + 1);
    if from >= to {
        return write!(stream, "HTTP/1.1 416 Beyond\r\nContent-Length: 0\r\n{end}");
    }
    let part = &content[from..to];
    write!(
        stream,
        "HTTP/1.1 206 Partial Content\r\nContent-Length: {}\r\nContent-Range: bytes {from}-{}/{}\r\n{end}",
        part.len(),
        to - 1,
        content.len()
    )?;
    match manner {
        Manner::CutOff if part.len() > 1 => stream.write_all(&part[..part.len() / 2]),
        Manner::Stalls => {
            stream.write_all(&part[..part.len() / 2])?;
            std::thread::sleep(Duration::from_secs(60));
            Ok(())
        }
        Manner::Slow => part.chunks(part.len() / 120).try_for_each(|little| {
            std::thread::sleep(Duration::from_millis(50));
            stream.write_all(little)
        }),
        _ => stream.write_all(part),
    }
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

/// That these are the weights of `network(1)`.
#[track_caller]
fn assert_loads(pretrained: &Pretrained) {
    let mut model = network(2);
    pretrained.load_into(&mut model).unwrap();
    assert!(Weights::of(&model) == Weights::of(&network(1)));
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
    assert_eq!(requests.len(), 2, "{requests:?}");

    let mut again = network(3);
    pretrained.load_into(&mut again).unwrap();
    assert_eq!(Weights::of(&again), Weights::of(&network(1)));
    assert_eq!(server.requests(), [""; 0]);

    // The head stays, and an error about the weights tells the file.
    let mut other =
        Sequential::new().named("head", Linear::new(64, 5, &mut Init::seed(1)).unwrap());
    let error = pretrained.load_into(&mut other).unwrap_err();
    assert_says(
        &error,
        &["model.safetensors", "2 missing: `head.bias`", "2 unexpected: `fc.bias`"],
    );
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
        (404, ["has no `model.safetensors`", "check the name"]),
        (401, ["status 401", "set HF_TOKEN"]),
        (403, ["status 403", "set HF_TOKEN"]),
        (500, ["500", "Pretrained::file"]),
    ] {
        server.behave(Manner::Status(status));
        let error = pretrained.weights().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Network);
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
    assert_says(&error, &["model.safetensors", "SHA-256", "run this again"]);
    assert_eq!(cached(&cache), 0);
    server.behave(Manner::Good);
    pretrained.weights().unwrap();

    // Also when it breaks later, on this disk.
    let blob = blob(&cache, "");
    let mut bytes = std::fs::read(&blob).unwrap();
    let last = bytes.len() - 1;
    bytes[last] ^= 1;
    std::fs::write(&blob, bytes).unwrap();
    assert_says(&pretrained.weights().unwrap_err(), &["SHA-256"]);
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
    // More than the whole file, which is downloaded from the start then.
    std::fs::write(blob(&cache, "part"), vec![1; 100_000]).unwrap();
    pretrained.weights().unwrap();
    forget(&cache);
    // The whole file: nothing is left to ask for.
    std::fs::write(blob(&cache, "part"), file(1)).unwrap();
    assert_loads(&pretrained);
    forget(&cache);
    // The beginning of another file: continued, and refused for its checksum.
    std::fs::write(blob(&cache, "part"), vec![1; 1000]).unwrap();
    assert_says(&pretrained.weights().unwrap_err(), &["SHA-256"]);
    pretrained.weights().unwrap();
}

/// Empties a cache.
fn forget(cache: &Path) {
    std::fs::remove_dir_all(cache.join("models--timm--tiny.test")).unwrap();
}

#[test]
fn the_token_stays_with_the_hub() {
    let storage = Server::start(file(1));
    let (server, cache) = (Server::redirecting(file(1), Some(&storage)), folder("token"));
    server.hub(&cache).pretrained(REPOSITORY).weights().unwrap();
    assert!(server.requests()[0].contains(&format!("Bearer {TOKEN}")));
    let asked = storage.requests();
    assert_eq!(asked.len(), 1, "{asked:?}");
    assert!(!asked[0].to_lowercase().contains("authorization"), "{}", asked[0]);
    assert!(!asked[0].contains(TOKEN), "{}", asked[0]);
}

#[test]
fn a_hub_that_names_paths_instead_of_files() {
    let answers = [
        "HTTP/1.1 200 OK\r\nX-Repo-Commit: ../../x\r\nETag: \"a\"\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nX-Repo-Commit: c\r\nETag: \"/tmp/x\"\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 302 Found\r\nContent-Length: 0\r\n\r\n",
        "no answer",
    ];
    for answer in answers {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let server = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut lines = BufReader::new(stream.try_clone().unwrap()).lines();
            while lines.next().is_some_and(|line| !line.unwrap().is_empty()) {}
            stream.write_all(answer.as_bytes()).unwrap();
        });
        let hub = Hub { endpoint, cache: folder("paths"), token: None };
        let error = hub.pretrained(REPOSITORY).weights().unwrap_err();
        assert_says(&error, &["could not be downloaded", "HF_ENDPOINT"]);
        assert_eq!(std::fs::read_dir(&hub.cache).unwrap().count(), 0, "{answer}");
        server.join().unwrap();
    }
}

#[test]
fn two_downloads_at_once() {
    let (server, cache) = (Server::start(file(1)), folder("lock"));
    let pretrained = server.hub(&cache).pretrained(REPOSITORY);
    let other = std::fs::File::create(blob(&cache, "lock")).unwrap();
    other.lock().unwrap();
    assert_says(&pretrained.weights().unwrap_err(), &["another process", "when it is done"]);
    other.unlock().unwrap();
    pretrained.weights().unwrap();
}

#[test]
fn without_a_hub_the_error_says_what_to_do() {
    let gone = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let cache = folder("gone");
    let hub = Hub { endpoint: format!("http://{gone}"), cache, token: Some(TOKEN.into()) };
    let error = hub.pretrained(REPOSITORY).weights().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Network);
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

/// Runs in a process of its own, whose environment the tests below set.
#[test]
fn child() {
    let Some(role) = std::env::var_os(CHILD) else { return };
    let start = Instant::now();
    let result = Pretrained::hub(REPOSITORY).weights();
    match role.to_str().unwrap() {
        "load" => {
            let mut model = network(2);
            result.unwrap().load_into(&mut model).unwrap();
            assert_eq!(Weights::of(&model), Weights::of(&network(1)));
            assert!(model.parameters().iter().all(|(_, p)| p.is_trainable()));
        }
        "time out" => {
            assert_says(&result.unwrap_err(), &["no data for 1 s", "run this again"]);
            assert!(start.elapsed() < Duration::from_secs(10));
        }
        "interrupted" => assert_eq!(result.unwrap_err().kind(), ErrorKind::Interrupted),
        "load large" => assert_eq!(result.unwrap().names(), ["fc.bias", "fc.weight"]),
        "wrong timeout" => assert_says(&result.unwrap_err(), &["HF_HUB_DOWNLOAD_TIMEOUT"]),
        role => panic!("`{role}`"),
    }
}

/// This program in a role of `child`.
fn as_child(role: &str, server: &Server, home: &Path) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command
        .args(["--exact", "child"])
        .env(CHILD, role)
        .env("HF_ENDPOINT", &server.address)
        .env("HF_HOME", home)
        .env("HF_TOKEN", format!("{TOKEN}\n"));
    command
}

#[test]
fn the_environment_names_hub_cache_and_token() {
    let (server, home) = (Server::start(file(1)), folder("home"));
    assert!(as_child("load", &server, &home).status().unwrap().success());
    assert!(server.requests()[0].contains(&format!("Bearer {TOKEN}")));
    assert_eq!(cached(&home.join("hub")), 1);
}

#[test]
fn a_large_download_shows_how_far_it_is() {
    let large = Sequential::new().named("fc", Linear::new(2048, 1024, &mut Init::seed(1)).unwrap());
    let home = folder("large");
    let path = home.join("file");
    Weights::of(&large).write(&path).unwrap();
    let large = std::fs::read(path).unwrap();
    for (role, content, shown) in [("load large", large, true), ("load", file(1), false)] {
        let server = Server::start(content);
        let home = home.join(role);
        let output = as_child(role, &server, &home).arg("--nocapture").output().unwrap();
        let said = String::from_utf8(output.stdout).unwrap();
        assert!(output.status.success(), "{said}");
        assert_eq!(said.contains(&format!("{REPOSITORY} (MB)")), shown, "{said}");
        assert_eq!(said.contains("100 % · 9/9"), shown, "{said}");
    }
}

#[test]
fn a_server_that_falls_silent() {
    let (server, home) = (Server::start(file(1)), folder("silent"));
    for manner in [Manner::Silent, Manner::Stalls] {
        server.behave(manner);
        let mut child = as_child("time out", &server, &home);
        assert!(child.env("HF_HUB_DOWNLOAD_TIMEOUT", "1").status().unwrap().success());
        assert_eq!(cached(&home.join("hub")), 0);
    }
    let mut child = as_child("wrong timeout", &server, &home);
    assert!(child.env("HF_HUB_DOWNLOAD_TIMEOUT", "soon").status().unwrap().success());
}

#[test]
fn an_interrupted_download_ends_at_once_and_is_continued_later() {
    for manner in [Manner::Slow, Manner::Stalls, Manner::Silent] {
        let (server, home) = (Server::start(file(1)), folder(&format!("stop-{manner:?}")));
        let flag = home.join("flag");
        server.behave(manner);
        let mut child = as_child("interrupted", &server, &home)
            .env("CUADERNO_INTERRUPT", &flag)
            .spawn()
            .unwrap();
        std::thread::sleep(Duration::from_secs(1));
        assert!(child.try_wait().unwrap().is_none(), "ended before it was interrupted");
        let start = Instant::now();
        std::fs::write(&flag, "").unwrap();
        assert!(child.wait().unwrap().success());
        assert!(start.elapsed() < Duration::from_secs(5), "{:?}", start.elapsed());
        let cache = home.join("hub");
        assert_eq!(cached(&cache), 0);
        assert!(!blob(&cache, "").exists());

        server.behave(Manner::Good);
        server.requests();
        assert_loads(&server.hub(&cache).pretrained(REPOSITORY));
        let continued = server.requests().iter().any(|request| request.contains("range: bytes="));
        assert_eq!(continued, manner != Manner::Silent);
    }
}
