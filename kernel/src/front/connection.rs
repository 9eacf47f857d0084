//! Connection files: where a kernel listens and the key that signs its messages.

use crate::failure::{Failure, Result};
use serde_json::{Value, json};
use std::path::Path;
use zeromq::Socket;

/// The content of a connection file.
#[derive(Clone, Debug)]
pub struct Connection {
    pub ip: String,
    pub transport: String,
    pub key: String,
    pub shell_port: u16,
    pub iopub_port: u16,
    pub stdin_port: u16,
    pub control_port: u16,
    pub hb_port: u16,
}

impl Connection {
    /// Reads the file that Jupyter wrote.
    pub fn read(path: &Path) -> Result<Self> {
        let text = std::fs::read_to_string(path).map_err(|error| {
            Failure::io(path, &error).help("Jupyter writes the connection file")
        })?;
        let value: Value = serde_json::from_str(&text)
            .map_err(|error| Failure::new(format!("not a connection file: {error}")).file(path))?;
        let text = |name: &str| {
            let missing =
                || Failure::new(format!("no text `{name}` in the connection file")).file(path);
            value.get(name).and_then(Value::as_str).map(str::to_string).ok_or_else(missing)
        };
        let port = |name: &str| {
            let missing =
                || Failure::new(format!("no port `{name}` in the connection file")).file(path);
            value
                .get(name)
                .and_then(Value::as_u64)
                .and_then(|p| p.try_into().ok())
                .ok_or_else(missing)
        };
        let transport = text("transport").unwrap_or_else(|_| "tcp".to_string());
        if transport != "tcp" {
            return Err(Failure::new(format!("transport `{transport}` is not supported"))
                .file(path)
                .help("use `tcp`"));
        }
        let scheme = text("signature_scheme").unwrap_or_else(|_| "hmac-sha256".to_string());
        if scheme != "hmac-sha256" {
            return Err(Failure::new(format!("signature scheme `{scheme}` is not supported"))
                .file(path)
                .help("use `hmac-sha256`"));
        }
        Ok(Self {
            ip: text("ip").unwrap_or_else(|_| "127.0.0.1".to_string()),
            transport,
            key: text("key")?,
            shell_port: port("shell_port")?,
            iopub_port: port("iopub_port")?,
            stdin_port: port("stdin_port")?,
            control_port: port("control_port")?,
            hb_port: port("hb_port")?,
        })
    }

    /// A connection on free loopback ports with a new key.
    pub fn private() -> Result<Self> {
        let failed =
            |error: std::io::Error| Failure::new(format!("no free port on loopback: {error}"));
        let mut holders = Vec::new();
        let mut port = || {
            let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).map_err(failed)?;
            let port = listener.local_addr().map_err(failed)?.port();
            // Held until all are chosen, so that none comes twice.
            holders.push(listener);
            Ok(port)
        };
        Ok(Self {
            ip: "127.0.0.1".to_string(),
            transport: "tcp".to_string(),
            key: uuid::Uuid::new_v4().to_string(),
            shell_port: port()?,
            iopub_port: port()?,
            stdin_port: port()?,
            control_port: port()?,
            hb_port: port()?,
        })
    }

    /// Returns `true` if nobody listens on any of its ports.
    pub fn is_free(&self) -> bool {
        [self.shell_port, self.iopub_port, self.stdin_port, self.control_port, self.hb_port]
            .into_iter()
            .all(|port| std::net::TcpListener::bind((self.ip.as_str(), port)).is_ok())
    }

    /// The text of a connection file.
    pub fn to_json(&self) -> String {
        json!({
            "ip": self.ip,
            "transport": self.transport,
            "key": self.key,
            "signature_scheme": "hmac-sha256",
            "shell_port": self.shell_port,
            "iopub_port": self.iopub_port,
            "stdin_port": self.stdin_port,
            "control_port": self.control_port,
            "hb_port": self.hb_port,
            "kernel_name": "cuaderno",
        })
        .to_string()
    }

    pub fn endpoint(&self, port: u16) -> String {
        format!("{}://{}:{port}", self.transport, self.ip)
    }

    /// Binds a socket to one of the ports.
    pub async fn bind<S: Socket>(&self, port: u16) -> Result<S> {
        let mut socket = S::new();
        let endpoint = self.endpoint(port);
        match socket.bind(&endpoint).await {
            Ok(_) => Ok(socket),
            Err(error) => Err(Failure::new(format!("cannot listen at {endpoint}: {error}"))
                .help("another program may use the port; let Jupyter choose new ones")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_that_another_program_takes_is_seen() {
        let connection = Connection::private().unwrap();
        assert!(connection.is_free());
        let listener = std::net::TcpListener::bind(("127.0.0.1", connection.iopub_port)).unwrap();
        assert!(!connection.is_free());
        drop(listener);
    }
}
