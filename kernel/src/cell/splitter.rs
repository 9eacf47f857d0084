//! Cuts what a cell process writes on standard output into text, rich blocks and control lines.

/// A piece of a cell's standard output.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece {
    /// Ordinary output, with its line ends.
    Text(String),
    /// A rich block of evcxr's display protocol.
    Block { mime: String, content: String },
    /// A line that evcxr must see.
    Control(Control),
    /// The answer to a request to flush (see `filter`).
    Flushed(u64),
    /// The code that takes back the variables of a cell that failed (see `keep`).
    Kept(String),
    /// Text that the cell printed on standard error, in its order among the rest.
    Stderr(String),
    /// The cell begins to run.
    Begins,
    /// A variable whose type was redefined, and the item that changed (see `stale`).
    Dropped { variable: String, item: String },
}

/// The lines by which the cell process talks to evcxr.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Control {
    /// The cell has ended.
    Complete,
    /// The cell panicked.
    Panic,
    /// A `?` returned early.
    EarlyReturn,
    /// Anything else: a variable changed its type, or input is wanted.
    Other(String),
}

impl Control {
    /// The line as evcxr expects it.
    pub fn line(&self) -> &str {
        match self {
            Self::Complete => COMPLETE,
            Self::Panic => PANIC,
            Self::EarlyReturn => EARLY_RETURN,
            Self::Other(line) => line,
        }
    }
}

const COMPLETE: &str = "EVCXR_EXECUTION_COMPLETE";
const PANIC: &str = "EVCXR_PANIC_NOTIFICATION";
const EARLY_RETURN: &str = "EVCXR_ERROR_OCCURRED";
const PREFIXES: [&str; 2] = ["EVCXR_VARIABLE_CHANGED_TYPE:", "EVCXR_INPUT_REQUEST"];
const BEGIN: &str = "EVCXR_BEGIN_CONTENT ";
const END: &str = "EVCXR_END_CONTENT";
/// The word before the number in the answer to a request to flush.
pub const FLUSHED: &str = "CUADERNO_FLUSHED ";
/// The word before that code.
const KEPT: &str = "CUADERNO_KEPT ";
/// The word before what the cell prints on standard error, with escapes for line ends.
const STDERR: &str = "CUADERNO_STDERR ";
const BEGINS: &str = "CUADERNO_BEGINS";
/// The word before a variable that was dropped.
const DROPPED: &str = "CUADERNO_DROPPED ";
/// Every marker contains one of these.
const MARKS: [&[u8]; 2] = [b"EVCXR_", b"CUADERNO_"];

/// A line longer than this, in bytes, does not wait for its end.
const LONG: usize = 256 * 1024;

/// The state between two reads of the pipe.
#[derive(Default)]
pub struct Splitter {
    rest: Vec<u8>,
    /// The length of a line when it was last found to be one that has to wait.
    seen: usize,
    block: Option<(String, String)>,
}

impl Splitter {
    /// Takes bytes as they come and returns the pieces that are whole.
    pub fn push(&mut self, bytes: &[u8]) -> Vec<Piece> {
        let before = self.rest.len();
        self.rest.extend_from_slice(bytes);
        let mut pieces = Vec::new();
        // What was there before has no line end.
        let Some(end) = bytes.iter().rposition(|b| *b == b'\n') else {
            if self.rest.len() > LONG.max(2 * self.seen) {
                pieces.extend(self.unfinished());
                self.seen = self.rest.len();
            }
            return pieces;
        };
        self.seen = 0;
        let whole: Vec<u8> = self.rest.drain(..=before + end).collect();
        for line in whole.split_inclusive(|b| *b == b'\n') {
            self.line(&String::from_utf8_lossy(line), &mut pieces);
        }
        pieces
    }

    /// Passes on an unfinished line, such as a prompt or a progress bar, unless it may be the start of a marker.
    pub fn unfinished(&mut self) -> Option<Piece> {
        if self.rest.is_empty() || self.block.is_some() || self.may_be_marker() {
            return None;
        }
        let end = match std::str::from_utf8(&self.rest) {
            Err(error) if error.error_len().is_none() => error.valid_up_to(),
            _ => self.rest.len(),
        };
        let text: Vec<u8> = self.rest.drain(..end).collect();
        (end > 0).then(|| Piece::Text(String::from_utf8_lossy(&text).into_owned()))
    }

    /// Gives out all that is left, at the end of the output.
    pub fn finish(&mut self) -> Vec<Piece> {
        let mut pieces = Vec::new();
        if !self.rest.is_empty() {
            let rest = std::mem::take(&mut self.rest);
            self.line(&String::from_utf8_lossy(&rest), &mut pieces);
        }
        if let Some((mime, content)) = self.block.take() {
            pieces.push(Piece::Block { mime, content });
        }
        pieces
    }

    fn may_be_marker(&self) -> bool {
        MARKS.iter().any(|mark| {
            self.rest.windows(mark.len()).any(|w| w == *mark)
                || (1..mark.len()).any(|n| self.rest.ends_with(&mark[..n]))
        })
    }

    fn line(&mut self, line: &str, pieces: &mut Vec<Piece>) {
        let bare = line.strip_suffix('\n').unwrap_or(line);
        if let Some((mime, content)) = &mut self.block {
            let broken = bare == PANIC || bare == COMPLETE;
            if bare == END || broken {
                let (mime, content) = (std::mem::take(mime), std::mem::take(content));
                pieces.push(Piece::Block { mime, content });
                self.block = None;
            } else {
                if !content.is_empty() {
                    content.push('\n');
                }
                content.push_str(bare);
            }
            if !broken {
                return;
            }
        }
        // A marker may follow text that had no line end.
        let (text, piece) = match marker(bare) {
            Some((at, Marker::Begin(mime))) => {
                self.block = Some((mime, String::new()));
                (&bare[..at], None)
            }
            Some((at, Marker::Piece(piece))) => (&bare[..at], Some(piece)),
            None => (line, None),
        };
        if !text.is_empty() {
            match pieces.last_mut() {
                Some(Piece::Text(before)) => before.push_str(text),
                _ => pieces.push(Piece::Text(text.to_string())),
            }
        }
        pieces.extend(piece);
    }
}

enum Marker {
    Begin(String),
    Piece(Piece),
}

/// The marker in a line and where it begins; it always reaches to the line's end.
fn marker(line: &str) -> Option<(usize, Marker)> {
    let control = |control| Marker::Piece(Piece::Control(control));
    if let Some(at) = line.find(BEGIN) {
        let mime = line[at + BEGIN.len()..].split(' ').next().unwrap_or_default();
        return Some((at, Marker::Begin(mime.to_string())));
    }
    for (word, which) in [
        (COMPLETE, Control::Complete),
        (PANIC, Control::Panic),
        (EARLY_RETURN, Control::EarlyReturn),
    ] {
        if line.ends_with(word) {
            return Some((line.len() - word.len(), control(which)));
        }
    }
    for prefix in PREFIXES {
        if let Some(at) = line.find(prefix) {
            return Some((at, control(Control::Other(line[at..].to_string()))));
        }
    }
    if let Some(at) = line.find(KEPT) {
        return Some((at, Marker::Piece(Piece::Kept(line[at + KEPT.len()..].to_string()))));
    }
    if let Some(at) = line.find(STDERR) {
        let text = line[at + STDERR.len()..].replace("\\n", "\n").replace("\\b", "\\");
        return Some((at, Marker::Piece(Piece::Stderr(text))));
    }
    if line.ends_with(BEGINS) {
        return Some((line.len() - BEGINS.len(), Marker::Piece(Piece::Begins)));
    }
    if let Some(at) = line.find(DROPPED) {
        let (variable, item) = line[at + DROPPED.len()..].split_once('\t')?;
        let (variable, item) = (variable.to_string(), item.to_string());
        return Some((at, Marker::Piece(Piece::Dropped { variable, item })));
    }
    let at = line.find(FLUSHED)?;
    let number = line[at + FLUSHED.len()..].parse().ok()?;
    Some((at, Marker::Piece(Piece::Flushed(number))))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> Piece {
        Piece::Text(text.to_string())
    }
    fn block(mime: &str, content: &str) -> Piece {
        Piece::Block { mime: mime.to_string(), content: content.to_string() }
    }

    const OUTPUT: &str = "uno\nEVCXR_BEGIN_CONTENT text/html\n<b>ñ</b>\n\nx\nEVCXR_END_CONTENT\ndos\ntres\n\
                          50 %EVCXR_ERROR_OCCURRED\nEVCXR_EXECUTION_COMPLETE\n";

    fn expected() -> Vec<Piece> {
        vec![
            text("uno\n"),
            block("text/html", "<b>ñ</b>\n\nx"),
            text("dos\ntres\n50 %"),
            Piece::Control(Control::EarlyReturn),
            Piece::Control(Control::Complete),
        ]
    }

    /// Joins neighbouring texts: how a text is cut depends on how the bytes came.
    fn joined(pieces: Vec<Piece>) -> Vec<Piece> {
        let mut out: Vec<Piece> = Vec::new();
        for piece in pieces {
            match (out.last_mut(), piece) {
                (Some(Piece::Text(a)), Piece::Text(b)) => a.push_str(&b),
                (_, piece) => out.push(piece),
            }
        }
        out
    }

    #[test]
    fn a_long_line_does_not_wait_for_its_end() {
        let mut splitter = Splitter::default();
        let mut texts = Vec::new();
        for _ in 0..800 {
            for piece in splitter.push(&[b'z'; 65_536]) {
                let Piece::Text(text) = piece else { panic!("{piece:?}") };
                texts.push(text);
            }
        }
        assert!(texts.len() > 100 && texts.iter().all(|text| text.len() <= LONG + 65_536));
        let end = splitter.push(format!("end{COMPLETE}\n").as_bytes());
        assert_eq!(end.last(), Some(&Piece::Control(Control::Complete)));
        assert!(matches!(&end[0], Piece::Text(text) if text.ends_with("end")), "{end:?}");
    }

    #[test]
    fn pieces_do_not_depend_on_how_the_bytes_come() {
        for size in 1..=OUTPUT.len() {
            let mut splitter = Splitter::default();
            let mut pieces = Vec::new();
            for chunk in OUTPUT.as_bytes().chunks(size) {
                pieces.extend(splitter.push(chunk));
                pieces.extend(splitter.unfinished());
            }
            pieces.extend(splitter.finish());
            assert_eq!(joined(pieces), expected(), "chunks of {size} bytes");
        }
    }

    #[test]
    fn an_unfinished_line_shows_but_a_possible_marker_waits() {
        let mut splitter = Splitter::default();
        assert!(splitter.push("\r50 % ñ".as_bytes()).is_empty());
        assert_eq!(splitter.unfinished(), Some(text("\r50 % ñ")));
        assert_eq!(splitter.unfinished(), None);
        splitter.push(b"EVC");
        assert_eq!(splitter.unfinished(), None);
        splitter.push(&"ñ".as_bytes()[..1]);
        assert_eq!(splitter.unfinished(), Some(text("EVC")));
        splitter.push(&"ñ".as_bytes()[1..]);
        assert_eq!(splitter.unfinished(), Some(text("ñ")));
    }

    #[test]
    fn a_panic_inside_a_block_ends_the_block() {
        let mut splitter = Splitter::default();
        let pieces =
            splitter.push(b"EVCXR_BEGIN_CONTENT text/plain\nhalf\nEVCXR_PANIC_NOTIFICATION\n");
        assert_eq!(pieces, [block("text/plain", "half"), Piece::Control(Control::Panic)]);
    }

    #[test]
    fn markers_keep_their_arguments() {
        let mut splitter = Splitter::default();
        let pieces = splitter.push(b"EVCXR_INPUT_REQUEST:name?\nabcCUADERNO_FLUSHED 7\n");
        let input = Control::Other("EVCXR_INPUT_REQUEST:name?".to_string());
        assert_eq!(pieces, [Piece::Control(input), text("abc"), Piece::Flushed(7)]);
    }
}
