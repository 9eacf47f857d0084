//! Lines that a cell reads from its standard input. The filter finds that the cell waits for one, the front requests it,
//! and the answer lies in a file for the filter; where no client accepts requests, the answer is the end of the input.

use super::shell::Shell;
use crate::wire::Message;
use serde_json::json;
use zeromq::SocketSend;

impl Shell {
    /// The cell waits for a line.
    pub(super) async fn ask_for_line(&self, prompt: &str, password: bool) {
        let may_ask = {
            let mut running = self.hub.running();
            running.asks = running.busy && running.allow_stdin && !running.hidden;
            running.asks
        };
        if may_ask {
            let content = json!({"prompt": prompt, "password": password});
            self.send_input_request(content).await;
        } else {
            self.give_line(None);
        }
    }

    /// Gives the cell a line, or the end of its input.
    pub(super) fn give_line(&self, line: Option<&str>) {
        self.hub.running().asks = false;
        let answer = line.map_or_else(String::new, |line| format!("{line}\n"));
        let fresh = self.input.with_extension("new");
        // Without an answer, the cell waits until it is interrupted.
        if crate::folders::write_private(&fresh, answer.as_bytes()).is_ok() {
            let _ = std::fs::rename(&fresh, &self.input);
        }
    }

    /// The front end's answer, to this kernel or to evcxr.
    pub(super) async fn input_reply(&self, message: Message) {
        if self.hub.running().asks {
            self.give_line(Some(message.content["value"].as_str().unwrap_or_default()));
        } else if let Some(inner) = self.inner() {
            inner.input_reply(message).await;
        }
    }

    /// Requests a line from the client that sent the cell.
    pub(super) async fn send_input_request(&self, content: serde_json::Value) {
        let (parent, identities) = {
            let running = self.hub.running();
            (running.parent.clone(), running.client.clone())
        };
        let mut message = Message::child("input_request", &self.hub.session, &parent, content);
        message.identities = identities;
        let _ = self.stdin.clone().send(self.hub.signer.seal(&message)).await;
    }
}
