//! A server on loopback that misbehaves in every way that its paths name.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// Bytes that pass for a JPEG of `length` bytes: its first marker, a scan, its end.
pub fn jpeg(length: usize, seed: usize) -> Vec<u8> {
    let mut bytes = b"\xFF\xD8\xFF\xE0\xFF\xDA".to_vec();
    bytes.extend((0..length.saturating_sub(8)).map(|i| ((i * 31 + seed) % 200) as u8));
    bytes.extend(b"\xFF\xD9");
    bytes
}

#[derive(Default)]
struct State {
    requests: Mutex<Vec<String>>,
    /// How often each path was requested.
    counts: Mutex<HashMap<String, usize>>,
    active: AtomicUsize,
    most_active: AtomicUsize,
}

/// The server; it ends with the process.
pub struct Server {
    pub host: String,
    state: Arc<State>,
}

impl Server {
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let host = listener.local_addr().unwrap().to_string();
        let state = Arc::new(State::default());
        let shared = state.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let state = shared.clone();
                // A client that hangs up is its own affair.
                std::thread::spawn(move || drop(serve(&stream, &state)));
            }
        });
        Self { host, state }
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.host)
    }

    /// Heads of the requests since the last time.
    pub fn requests(&self) -> Vec<String> {
        std::mem::take(&mut self.state.requests.lock().unwrap())
    }

    /// The most requests that were under way at once.
    pub fn most_active(&self) -> usize {
        self.state.most_active.load(Ordering::SeqCst)
    }
}

fn serve(stream: &TcpStream, state: &State) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    let mut lines = BufReader::new(stream.try_clone()?).lines();
    loop {
        let mut head = Vec::new();
        for line in lines.by_ref() {
            let line = line?;
            if line.is_empty() {
                break;
            }
            head.push(line);
        }
        let Some(path) = head.first().and_then(|line| line.split(' ').nth(1)) else {
            return Ok(());
        };
        let active = state.active.fetch_add(1, Ordering::SeqCst) + 1;
        state.most_active.fetch_max(active, Ordering::SeqCst);
        state.requests.lock().unwrap().push(head.join("\n"));
        let turn = {
            let mut counts = state.counts.lock().unwrap();
            let count = counts.entry(path.to_string()).or_default();
            *count += 1;
            *count
        };
        let go_on = answer(stream, path, turn);
        state.active.fetch_sub(1, Ordering::SeqCst);
        if !go_on? {
            return Ok(());
        }
    }
}

/// Answers; gives whether the connection stays open.
fn answer(mut out: &TcpStream, path: &str, turn: usize) -> std::io::Result<bool> {
    let body = |mut out: &TcpStream, status: &str, extra: &str, bytes: &[u8]| {
        let head = format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\n{extra}\r\n", bytes.len());
        out.write_all(&[head.as_bytes(), bytes].concat()).map(|()| true)
    };
    let redirect = |to: &str| body(out, "302 Found", &format!("Location: {to}\r\n"), b"");
    let image =
        |seed: usize| body(out, "200 OK", "Content-Type: image/jpeg\r\n", &jpeg(2000, seed));
    let (first, rest) = path.trim_start_matches('/').split_once('/').unwrap_or((&path[1..], ""));
    match first {
        "image" => image(rest.bytes().map(usize::from).sum()),
        "slow-image" => {
            std::thread::sleep(Duration::from_millis(20));
            image(rest.len())
        }
        "png" => body(out, "200 OK", "", b"\x89PNG\r\n\x1a\n....IEND\xAE\x42\x60\x82"),
        "404" => body(out, "404 Not Found", "Content-Type: text/html\r\n", b"<html>gone</html>"),
        "410" => body(out, "410 Gone", "", b""),
        "403" => body(out, "403 Forbidden", "", b""),
        "500" => body(out, "500 Broken", "", b""),
        "500-then-200" if turn < 3 => body(out, "500 Broken", "", b"oh"),
        "500-then-200" => image(1),
        "429" if turn == 1 => body(out, "429 Slow Down", "Retry-After: 1\r\n", b""),
        "429" => image(2),
        "429-for-an-hour" => body(out, "429 Slow Down", "Retry-After: 3600\r\n", b""),
        "endless" => {
            write!(out, "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n")?;
            out.write_all(b"\xFF\xD8\xFF\xE0\xFF\xDA")?;
            loop {
                out.write_all(&[7; 65_536])?;
            }
        }
        "too-large" => {
            write!(out, "HTTP/1.1 200 OK\r\nContent-Length: 999999999\r\n\r\n")?;
            Ok(false)
        }
        "drip" => {
            write!(out, "HTTP/1.1 200 OK\r\nContent-Length: 2000\r\n\r\n")?;
            for byte in jpeg(2000, 3) {
                out.write_all(&[byte])?;
                std::thread::sleep(Duration::from_millis(50));
            }
            Ok(true)
        }
        "silent" => {
            std::thread::sleep(Duration::from_secs(5));
            Ok(false)
        }
        "short" => {
            write!(out, "HTTP/1.1 200 OK\r\nContent-Length: 2000\r\n\r\n")?;
            out.write_all(&jpeg(2000, 4)[..900])?;
            Ok(false)
        }
        "short-then-whole" if turn == 1 => {
            write!(out, "HTTP/1.1 200 OK\r\nContent-Length: 2000\r\n\r\n")?;
            out.write_all(&jpeg(2000, 4)[..900])?;
            Ok(false)
        }
        "short-then-whole" => image(5),
        // The announced length is too small: what comes is the beginning of an image.
        "long" => {
            write!(out, "HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n")?;
            out.write_all(&jpeg(2000, 4))?;
            Ok(false)
        }
        "gzip-bomb" => {
            // The head of a gzip stream, as a bomb has it; nothing is ever unpacked.
            let bomb = [b"\x1F\x8B\x08\0\0\0\0\0\0\x03".to_vec(), vec![0; 10_000]].concat();
            body(out, "200 OK", "Content-Encoding: gzip\r\nContent-Type: image/jpeg\r\n", &bomb)
        }
        "html" => {
            let page = format!("<!DOCTYPE html><html>{}</html>", "no image ".repeat(200));
            body(out, "200 OK", "Content-Type: image/jpeg\r\n", page.as_bytes())
        }
        "empty" => body(out, "200 OK", "Content-Type: image/jpeg\r\n", b""),
        "not-http" => {
            out.write_all(b"220 mail.example.org ESMTP\r\n\r\n")?;
            Ok(false)
        }
        "loop" => redirect("/loop"),
        "moved" => redirect("../image/moved"),
        "to" => redirect(rest),
        _ => body(out, "404 Not Found", "", b""),
    }
}
