//! Downloads from a server that misbehaves.
#![cfg(feature = "fetch")]

mod misbehaving;

use cuaderno::ErrorKind;
use cuaderno::fetch::{Accept, Downloads, FetchConfig, Outcome, download, download_as};
use misbehaving::{Server, jpeg};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

/// An empty folder of this test's own.
fn folder(name: &str) -> PathBuf {
    let folder = std::env::temp_dir().join(format!("cuaderno-fetch-{name}-{}", std::process::id()));
    let _ = std::fs::remove_dir_all(&folder);
    folder
}

/// Short waits, and the server's host allowed.
fn config(server: &Server) -> FetchConfig {
    FetchConfig {
        attempts: 3,
        backoff: Duration::from_millis(20),
        max_wait: Duration::from_secs(3),
        connect_timeout: Duration::from_secs(2),
        first_byte_timeout: Duration::from_secs(1),
        total_timeout: Duration::from_secs(2),
        max_bytes: 1_000_000,
        private_hosts: vec![server.host.clone()],
        ..FetchConfig::default()
    }
}

fn outcomes(downloads: &Downloads) -> Vec<Outcome> {
    downloads.items.iter().map(|item| item.outcome).collect()
}

/// Files of a folder, without the manifest.
fn files(folder: &Path) -> Vec<String> {
    let mut files: Vec<String> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
        .filter(|name| name != "downloads.tsv")
        .collect();
    files.sort();
    files
}

#[test]
fn each_misbehavior_has_its_outcome() {
    let server = Server::start();
    let folder = folder("misbehavior");
    // No server is given a port as low as this, as it might be one that was just closed.
    let closed = "127.0.0.1:1".to_string();
    let cases = [
        ("/image/1", Outcome::Ok, 1),
        ("/png/1.jpg", Outcome::Ok, 1),
        ("/404/a", Outcome::NotFound, 1),
        ("/410/a", Outcome::NotFound, 1),
        ("/403/a", Outcome::Denied, 1),
        ("/500/a", Outcome::ServerError, 3),
        ("/500-then-200/a", Outcome::Ok, 3),
        ("/429/a", Outcome::Ok, 2),
        ("/429-for-an-hour/a", Outcome::RateLimited, 1),
        ("/endless/a", Outcome::TooLarge, 1),
        ("/too-large/a", Outcome::TooLarge, 1),
        ("/drip/a", Outcome::Timeout, 3),
        ("/silent/a", Outcome::Timeout, 3),
        ("/short/a", Outcome::Incomplete, 3),
        ("/short-then-whole/a", Outcome::Ok, 2),
        ("/long/a", Outcome::Incomplete, 3),
        ("/gzip-bomb/a", Outcome::NotAnImage, 1),
        ("/html/a.jpg", Outcome::NotAnImage, 1),
        ("/empty/a", Outcome::NotAnImage, 1),
        ("/not-http/a", Outcome::ServerError, 3),
        ("/loop", Outcome::TooManyRedirects, 1),
        ("/moved/a", Outcome::Ok, 1),
        ("/to/file:///etc/passwd", Outcome::Blocked, 1),
        ("/to/http://127.0.0.2:9/secret", Outcome::Blocked, 1),
        ("/to/http://169.254.169.254/latest/meta-data", Outcome::Blocked, 1),
        ("/to/http://localhost:9/secret", Outcome::Blocked, 1),
        ("/to/http://[::ffff:10.0.0.1]/", Outcome::Blocked, 1),
    ];
    let mut urls: Vec<String> = cases.iter().map(|(path, ..)| server.url(path)).collect();
    let start = Instant::now();
    urls.push("ftp://example.org/a.jpg".to_string());
    urls.push("not a url".to_string());
    urls.push(String::new());
    let mut config = config(&server);
    config.private_hosts.push(closed.clone());
    urls.push(format!("http://{closed}/a.jpg"));
    let downloads = download(&urls, &folder, &config).unwrap();
    for ((path, outcome, attempts), item) in cases.iter().zip(&downloads.items) {
        assert_eq!((item.outcome, item.attempts), (*outcome, *attempts), "{path}: {item:?}");
        assert_eq!(item.file.is_some(), *outcome == Outcome::Ok, "{path}");
        assert_eq!(item.detail.is_empty(), *outcome == Outcome::Ok, "{path}: {item:?}");
    }
    let rest: Vec<Outcome> =
        downloads.items[cases.len()..].iter().map(|item| item.outcome).collect();
    let expected =
        [Outcome::Blocked, Outcome::InvalidUrl, Outcome::InvalidUrl, Outcome::Unreachable];
    assert_eq!(rest, expected);
    // Three attempts of two seconds, and a wait of one second asked for: nothing hangs.
    assert!(start.elapsed() < Duration::from_secs(20), "{:?}", start.elapsed());

    // Whole files under their names, of the kind that the content is, and nothing else.
    let kept: Vec<PathBuf> = downloads.files();
    assert_eq!(files(&folder).len(), kept.len());
    assert_eq!(std::fs::read(&kept[0]).unwrap(), jpeg(2000, usize::from(b'1')));
    assert_eq!(kept[1].extension().unwrap(), "png");
    println!("{}", downloads.summary().unwrap());
    assert!(downloads.figure().unwrap().svg().unwrap().contains("not an image"));

    // The second run asks again only for what may have passed.
    server.requests();
    let again = download(&urls, &folder, &FetchConfig { attempts: 1, ..config.clone() }).unwrap();
    assert_eq!(outcomes(&again)[..3], outcomes(&downloads)[..3]);
    let transient = downloads.items.iter().filter(|item| item.outcome.is_transient()).count();
    assert_eq!(server.requests().len(), transient - 1, "all but the closed port");
    assert!(again.items[0].resumed && again.items[2].resumed && !again.items[5].resumed);

    // Unless it is to retry all that failed.
    download(&urls, &folder, &FetchConfig { attempts: 1, retry_failed: true, ..config }).unwrap();
    let requests = server.requests();
    assert!(requests.iter().any(|head| head.starts_with("GET /404/a")));
    assert!(!requests.iter().any(|head| head.starts_with("GET /image/1")));
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn private_addresses_are_refused_before_anything_is_sent() {
    let server = Server::start();
    let folder = folder("private");
    let port = server.host.rsplit(':').next().unwrap();
    let urls = [
        server.url("/image/1"),
        format!("http://localhost:{port}/image/1"),
        format!("http://[::ffff:127.0.0.1]:{port}/image/1"),
        // Forms of 127.0.0.1 that the system's resolver understands.
        format!("http://127.1:{port}/image/1"),
        format!("http://2130706433:{port}/image/1"),
        format!("http://0x7f000001:{port}/image/1"),
    ];
    let closed = FetchConfig { private_hosts: Vec::new(), ..config(&server) };
    let downloads = download(&urls, &folder, &closed).unwrap();
    for item in &downloads.items {
        let refused = matches!(item.outcome, Outcome::Blocked | Outcome::Unreachable);
        assert!(refused, "{item:?}");
    }
    assert_eq!(downloads.items[0].outcome, Outcome::Blocked);
    assert_eq!(server.requests(), Vec::<String>::new());
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn credentials_are_neither_sent_nor_recorded() {
    let server = Server::start();
    let folder = folder("credentials");
    let to = format!("/to/http://eve:hunter2@{}/image/2", server.host);
    let urls = [format!("http://bob:secret@{}/image/1", server.host), server.url(&to)];
    let downloads = download(&urls, &folder, &config(&server)).unwrap();
    assert_eq!(outcomes(&downloads), [Outcome::Ok, Outcome::Ok]);
    for head in server.requests() {
        let lower = head.to_lowercase();
        assert!(!lower.contains("authorization") && !lower.contains("cookie"), "{head}");
    }
    let manifest = std::fs::read_to_string(folder.join("downloads.tsv")).unwrap();
    assert!(!manifest.contains("secret"), "{manifest}");
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn no_name_leaves_the_folder() {
    let server = Server::start();
    let outer = folder("names");
    let folder = outer.join("in");
    let urls: Vec<String> = [
        "/image/../../a",
        "/image/..%2f..%2fb",
        "/image/%2e%2e",
        "/image/.profile",
        "/image/C:\\x",
    ]
    .map(|path| server.url(path))
    .to_vec();
    let derived = download(&urls, &folder, &config(&server)).unwrap();
    let names: Vec<String> = ["../a", "/tmp/b", "..", "c", "C"].map(String::from).to_vec();
    let given = download_as(&urls, &names, folder.join("given"), &config(&server)).unwrap();
    for item in derived.items.iter().chain(&given.items) {
        if let Some(file) = &item.file {
            let real = std::fs::canonicalize(file).unwrap();
            assert!(real.starts_with(std::fs::canonicalize(&folder).unwrap()), "{real:?}");
        }
    }
    assert_eq!(given.count(Outcome::Ok), derived.count(Outcome::Ok));
    assert_eq!(files(&outer), ["in"]);
    assert_eq!(given.items[3].file.as_ref().unwrap().file_name().unwrap(), "c.jpg");

    // A manifest that someone changed leads nowhere else either.
    let path = folder.join("downloads.tsv");
    let changed = std::fs::read_to_string(&path).unwrap().replace(".jpg\t", ".jpg/../../x\t");
    std::fs::write(&path, changed).unwrap();
    let again = download(&urls, &folder, &config(&server)).unwrap();
    assert_eq!(again.resumed(), 0);
    std::fs::remove_dir_all(outer).unwrap();
}

#[test]
fn thousands_of_urls_come_once_each_within_the_hosts_limit() {
    let server = Server::start();
    let folder = folder("thousands");
    let mut urls: Vec<String> = (0..3000).map(|i| server.url(&format!("/image/{i}"))).collect();
    // Equal URLs are fetched once.
    urls.extend_from_within(..500);
    let limited = FetchConfig { per_host: 6, ..config(&server) };
    let downloads = download(&urls, &folder, &limited).unwrap();
    assert_eq!(downloads.count(Outcome::Ok), 3500);
    // On a busy machine an attempt may be too slow, and is made again.
    let attempts: usize = downloads.items[..3000].iter().map(|item| item.attempts as usize).sum();
    let requests = server.requests().len();
    assert!((3000..=attempts).contains(&requests) && attempts < 3030, "{requests} of {attempts}");
    assert!(server.most_active() <= 6, "{}", server.most_active());
    assert_eq!(files(&folder).len(), 3000);
    assert_eq!(downloads.items[3].file, downloads.items[3003].file);

    let again = download(&urls, &folder, &limited).unwrap();
    assert_eq!((again.resumed(), server.requests().len()), (3500, 0));
    // A file that is missing comes again.
    std::fs::remove_file(downloads.items[7].file.as_ref().unwrap()).unwrap();
    let again = download(&urls, &folder, &limited).unwrap();
    assert_eq!((again.count(Outcome::Ok), server.requests().len()), (3500, 1));
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn a_placeholder_for_everything_lost_is_noticed() {
    let server = Server::start();
    let folder = folder("placeholder");
    let paths = ["/image/ab", "/image/ba", "/to//image/lost", "/to//image/lost#2", "/image/c"];
    let urls = paths.map(|path| server.url(path));
    let downloads = download(&urls, &folder, &config(&server)).unwrap();
    let repeated = downloads.repeated_contents().unwrap();
    assert_eq!(repeated.integers("urls").unwrap()[0], 2, "{repeated}");
    assert_eq!(downloads.rows_shared_by_at_most(1), [4], "{repeated}");
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn other_content_is_kept_on_request() {
    let server = Server::start();
    let folder = folder("anything");
    let anything = FetchConfig { accept: Accept::Anything, ..config(&server) };
    let downloads = download(&[server.url("/html/page.html")], &folder, &anything).unwrap();
    assert_eq!(downloads.files()[0].extension().unwrap(), "html");
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn mistakes_are_named() {
    let folder = folder("mistakes");
    let wrong = FetchConfig { parallel: 0, ..FetchConfig::default() };
    let error = download(&["http://a.test/".to_string()], &folder, &wrong).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Parameter);
    let error = download_as(&["http://a.test/".to_string()], &[], &folder, &FetchConfig::default());
    assert!(error.unwrap_err().to_string().contains("1 URLs need as many names, found 0"));
    let none = download(&[], &folder, &FetchConfig::default()).unwrap();
    assert_eq!((none.items.len(), none.rows().len()), (0, 0));
    std::fs::remove_dir_all(folder).unwrap();
}

const CHILD: &str = "CUADERNO_TEST_FETCH_CHILD";

/// Downloads 400 slow images in a process of its own; `flag` is the file that interrupts it.
fn child(server: &Server, folder: &Path, flag: Option<&Path>) -> std::process::Child {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command
        .args(["--exact", "the_child_process", "--nocapture"])
        .env(CHILD, format!("{}\n{}", server.host, folder.display()))
        .stdout(std::process::Stdio::null());
    if let Some(flag) = flag {
        command.env("CUADERNO_INTERRUPT", flag);
    }
    command.spawn().unwrap()
}

fn slow_urls(host: &str) -> Vec<String> {
    (0..400).map(|i| format!("http://{host}/slow-image/{i}")).collect()
}

/// Not a test by itself: what the two tests below kill and interrupt.
#[test]
fn the_child_process() {
    let Ok(task) = std::env::var(CHILD) else { return };
    let (host, folder) = task.split_once('\n').unwrap();
    let config =
        FetchConfig { per_host: 4, private_hosts: vec![host.into()], ..FetchConfig::default() };
    let error = download(&slow_urls(host), folder, &config).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Interrupted, "{error}");
    assert!(error.to_string().contains("run the cell again to resume"), "{error}");
}

/// Waits until the child has some files.
fn wait_for_files(folder: &Path, count: usize) {
    let start = Instant::now();
    while !folder.is_dir() || files(folder).len() < count {
        assert!(start.elapsed() < Duration::from_secs(30), "the child does not download");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// Resumes what the child began.
fn resume(server: &Server, folder: &Path) {
    let done = files(folder).iter().filter(|name| name.ends_with(".jpg")).count();
    server.requests();
    let downloads = download(&slow_urls(&server.host), folder, &config(server)).unwrap();
    assert_eq!(downloads.count(Outcome::Ok), 400);
    assert!(downloads.resumed() > 0);
    // At most the files between rename and manifest come twice.
    assert!(server.requests().len() <= 400 - done + 8, "{done} {}", downloads.resumed());
    assert_eq!(files(folder).len(), 400);
}

#[test]
fn a_killed_run_is_resumed() {
    let server = Server::start();
    let folder = folder("killed");
    let mut child = child(&server, &folder, None);
    wait_for_files(&folder, 40);
    child.kill().unwrap();
    child.wait().unwrap();
    // As if it had been killed in the middle of a file and of a line.
    std::fs::write(folder.join(".1-1.part"), "half").unwrap();
    let path = folder.join("downloads.tsv");
    let manifest = std::fs::read(&path).unwrap();
    std::fs::write(&path, &manifest[..manifest.len() - 9]).unwrap();
    resume(&server, &folder);
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn an_interrupted_run_keeps_what_came() {
    let server = Server::start();
    let folder = folder("interrupted");
    let flag = std::env::temp_dir().join(format!("cuaderno-fetch-flag-{}", std::process::id()));
    let _ = std::fs::remove_file(&flag);
    let mut child = child(&server, &folder, Some(&flag));
    wait_for_files(&folder, 40);
    let start = Instant::now();
    std::fs::write(&flag, "").unwrap();
    assert!(child.wait().unwrap().success());
    assert!(start.elapsed() < Duration::from_secs(5), "{:?}", start.elapsed());
    std::fs::remove_file(&flag).unwrap();
    resume(&server, &folder);
    std::fs::remove_dir_all(folder).unwrap();
}
