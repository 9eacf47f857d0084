//! A web server on this machine for the hosts that the sample's URLs name, which do not exist.

use super::paths::{SAMPLE_IMAGES, SentimentPaths};
use crate::{Error, Result};
use std::collections::{HashMap, HashSet};
use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// Time for which a request without an answer stays open.
const SILENCE: Duration = Duration::from_secs(4);
/// The image to which a host that has lost one redirects.
const PLACEHOLDER: &str = "photo_unavailable.jpg";

/// A web server on this machine for the hosts that the sample's URLs name; it ends when it is dropped.
#[derive(Debug)]
pub struct SampleServer {
    address: SocketAddr,
    stop: Arc<AtomicBool>,
}

/// Starts a server on this machine for the sample's images, on a free port of 127.0.0.1.
///
/// It is as unreliable as the web: images that are gone (status 404), a host that answers with web pages, one that
/// redirects to a placeholder, one that is busy at first (status 503 with `Retry-After`), one that stays silent for 4
/// seconds. Images that are gone from a photo server whose number ends in 0 (`/1270/….jpg`) get no answer either.
///
/// # Errors
/// [`crate::ErrorKind::File`] if the images are not there or no port is free.
pub fn serve(paths: &SentimentPaths) -> Result<SampleServer> {
    let folder = paths.folder.join(SAMPLE_IMAGES);
    let entries = std::fs::read_dir(&folder).map_err(|error| {
        Error::io(&folder, &error).help("serve the sample; real URLs need no server")
    })?;
    // Only what is listed here is given out.
    let files: HashMap<String, PathBuf> = entries
        .flatten()
        .map(|entry| (entry.file_name().to_string_lossy().into_owned(), entry.path()))
        .collect();
    let failed = |error: std::io::Error| {
        Error::io("127.0.0.1", &error).help("a port of this machine is needed to serve the sample")
    };
    let listener = TcpListener::bind("127.0.0.1:0").map_err(failed)?;
    let address = listener.local_addr().map_err(failed)?;
    let stop = Arc::new(AtomicBool::new(false));
    let site = Arc::new(Site { files, busy: Mutex::default(), stop: stop.clone() });
    std::thread::Builder::new()
        .name("cuaderno-sample-server".into())
        .spawn(move || {
            for stream in listener.incoming() {
                if site.stop.load(Ordering::Relaxed) {
                    break;
                }
                let Ok(stream) = stream else { continue };
                let site = site.clone();
                // A client that hangs up, or a thread that does not start, is one failed download.
                let _ = std::thread::Builder::new().spawn(move || drop(site.answer(&stream)));
            }
        })
        .map_err(failed)?;
    Ok(SampleServer { address, stop })
}

impl SampleServer {
    /// The server's host and port, such as `127.0.0.1:40123`.
    pub fn host(&self) -> String {
        self.address.to_string()
    }

    /// The URLs with this server in place of their hosts.
    pub fn urls(&self, urls: &[String]) -> Vec<String> {
        let here = |url: &String| {
            let rest = url.split_once("://").map_or(url.as_str(), |(_, rest)| rest);
            format!("http://{}/{rest}", self.address)
        };
        urls.iter().map(here).collect()
    }
}

impl Drop for SampleServer {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        // Wakes the thread that waits for connections.
        let _ = TcpStream::connect_timeout(&self.address, Duration::from_millis(200));
    }
}

struct Site {
    files: HashMap<String, PathBuf>,
    /// Paths that the busy host has turned away once.
    busy: Mutex<HashSet<String>>,
    stop: Arc<AtomicBool>,
}

impl Site {
    fn answer(&self, stream: &TcpStream) -> std::io::Result<()> {
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(Duration::from_secs(30)))?;
        let mut lines = BufReader::new(stream.try_clone()?).lines();
        loop {
            let mut first = String::new();
            for line in lines.by_ref() {
                let line = line?;
                if line.is_empty() {
                    break;
                }
                if first.is_empty() {
                    first = line;
                }
            }
            let Some(path) = first.split(' ').nth(1) else { return Ok(()) };
            if self.stop.load(Ordering::Relaxed) || !self.respond(stream, path)? {
                return Ok(());
            }
        }
    }

    /// Answers; gives whether the connection stays open.
    fn respond(&self, mut stream: &TcpStream, path: &str) -> std::io::Result<bool> {
        let parts: Vec<&str> = path.trim_start_matches('/').split('/').collect();
        let (first, name) = (parts[0], parts[parts.len() - 1]);
        let host = first.split('.').next().unwrap_or_default();
        // Of the photo servers, those whose number ends in 0 are down.
        let is_down = parts.get(1).is_some_and(|server| server.ends_with('0'));
        let mut send = |status: &str, extra: &str, body: &[u8]| {
            let length = body.len();
            let head = format!("HTTP/1.1 {status}\r\nContent-Length: {length}\r\n{extra}\r\n");
            stream.write_all(&[head.as_bytes(), body].concat())
        };
        match host {
            "old" => {
                let page = format!(
                    "<!DOCTYPE html><html><head><title>We have moved</title></head><body>{}</body></html>",
                    "<p>The album that you are looking for has moved.</p>".repeat(12)
                );
                send("200 OK", "Content-Type: text/html\r\n", page.as_bytes())?;
            }
            "lost" => send("302 Found", &format!("Location: /{PLACEHOLDER}\r\n"), b"")?,
            "slow" => return Ok(silence()),
            "busy"
                if self
                    .busy
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .insert(path.to_string()) =>
            {
                send("503 Service Unavailable", "Retry-After: 1\r\n", b"")?;
            }
            _ => match self.files.get(name).and_then(|file| std::fs::read(file).ok()) {
                Some(bytes) => send("200 OK", "Content-Type: image/jpeg\r\n", &bytes)?,
                None if is_down => return Ok(silence()),
                None => send("404 Not Found", "Content-Type: text/html\r\n", b"<html>gone</html>")?,
            },
        }
        Ok(true)
    }
}

/// Leaves a request without an answer; returns that the connection does not stay open.
fn silence() -> bool {
    std::thread::sleep(SILENCE);
    false
}
