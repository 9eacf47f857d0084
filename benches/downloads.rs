//! Downloads from a server on this machine, as JSON lines: `cargo bench --bench downloads`.
//!
//! The server is a process of its own (`--serve PORT-FILE`), the same that `benches/downloads.py` measures Python's
//! `ThreadPoolExecutor` with `urllib` against: 4,000 images of 20 kB each, 32 requests at once.

use cuaderno::fetch::{FetchConfig, Outcome, download};
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::process::Command;
use std::time::{Duration, Instant};

const IMAGES: usize = 4000;
const BYTES: usize = 20_000;

fn main() -> cuaderno::Result<()> {
    let arguments: Vec<String> = std::env::args().collect();
    if let Some(at) = arguments.iter().position(|argument| argument == "--serve") {
        serve(&arguments[at + 1]).expect("the server ends only when it is killed");
    }
    let folder =
        std::env::temp_dir().join(format!("cuaderno-bench-downloads-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder for the downloads");
    let port_file = folder.join("port");
    let program = std::env::current_exe().expect("the path of this program");
    let mut server =
        Command::new(program).arg("--serve").arg(&port_file).spawn().expect("a server");
    let start = Instant::now();
    while !port_file.is_file() && start.elapsed() < Duration::from_secs(10) {
        std::thread::sleep(Duration::from_millis(10));
    }
    let host = std::fs::read_to_string(&port_file).expect("the server's address");
    let urls: Vec<String> = (0..IMAGES).map(|i| format!("http://{host}/image/{i}.jpg")).collect();
    let config = FetchConfig { per_host: 32, private_hosts: vec![host], ..FetchConfig::default() };
    let mut rates = Vec::new();
    for run in 0..5 {
        let images = folder.join(run.to_string());
        let start = Instant::now();
        let downloads = download(&urls, &images, &config).expect("downloads from this machine");
        rates.push(IMAGES as f64 / start.elapsed().as_secs_f64());
        assert_eq!(downloads.count(Outcome::Ok), IMAGES);
        let _ = std::fs::remove_dir_all(images);
    }
    let _ = server.kill();
    let _ = server.wait();
    let _ = std::fs::remove_dir_all(folder);
    rates.sort_by(f64::total_cmp);
    println!(
        "{{\"name\": \"downloads_per_second\", \"value\": {:.1}, \"unit\": \"files/s\"}}",
        rates[2]
    );
    Ok(())
}

/// Serves one image under every path, with connections that stay open, until it is killed.
fn serve(port_file: &str) -> std::io::Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let mut body = b"\xFF\xD8\xFF\xE0\xFF\xDA".to_vec();
    body.resize(BYTES - 2, 7);
    body.extend(b"\xFF\xD9");
    let head =
        format!("HTTP/1.1 200 OK\r\nContent-Type: image/jpeg\r\nContent-Length: {BYTES}\r\n\r\n");
    let answer: &'static [u8] = Vec::leak([head.into_bytes(), body].concat());
    let part = format!("{port_file}.part");
    std::fs::write(&part, listener.local_addr()?.to_string())?;
    std::fs::rename(part, port_file)?;
    for stream in listener.incoming().flatten() {
        std::thread::spawn(move || drop(answers(&stream, answer)));
    }
    Ok(())
}

fn answers(mut stream: &TcpStream, answer: &[u8]) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    let mut reader = BufReader::new(stream.try_clone()?);
    let mut line = String::new();
    loop {
        line.clear();
        if reader.read_line(&mut line)? == 0 {
            return Ok(());
        }
        if line == "\r\n" {
            stream.write_all(answer)?;
        }
    }
}
