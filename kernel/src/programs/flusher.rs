// Runs in the cells' process before anything else: text without a line end stands in the buffer of that process, where only
// its own code can reach it. The thread flushes ten times a second, and at the end of a cell on request. The `?` has evcxr
// allow it from now on: the first one costs a cell a second compilation, and a last expression its way of showing itself.
macro_rules! cuaderno_let { ($($code:tt)*) => { $($code)* } }
std::thread::spawn(|| {
    use std::io::{BufRead, Write};
    let Some(path) = std::env::var_os("CUADERNO_FLUSH") else { return };
    let Ok(stream) = std::os::unix::net::UnixStream::connect(path) else { return };
    let _ = stream.set_read_timeout(Some(std::time::Duration::from_millis(100)));
    let mut requests = std::io::BufReader::new(stream);
    let mut request = String::new();
    loop {
        match requests.read_line(&mut request) {
            Ok(0) => return,
            Ok(_) => {
                let mut out = std::io::stdout().lock();
                let _ = out.flush();
                let _ = write!(out, "CUADERNO_FLUSHED {request}");
                request.clear();
            }
            Err(error) if matches!(error.kind(), std::io::ErrorKind::WouldBlock | std::io::ErrorKind::TimedOut) => {
                let _ = std::io::stdout().flush();
            }
            Err(_) => return,
        }
    }
});
Ok::<(), String>(())?;
