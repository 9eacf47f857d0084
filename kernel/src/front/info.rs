//! `kernel_info_reply`: the kernel and its language.

use serde_json::{Value, json};

/// The language, as front ends learn it and write it into notebooks.
pub fn language_info() -> Value {
    json!({
        "name": "rust",
        "version": "2024",
        "mimetype": "text/rust",
        "file_extension": ".rs",
        "pygments_lexer": "rust",
        "codemirror_mode": "rust",
    })
}

/// The languages and versions that front ends expect.
pub fn kernel_info() -> Value {
    json!({
        "status": "ok",
        "protocol_version": "5.4",
        "implementation": "cuaderno",
        "implementation_version": env!("CARGO_PKG_VERSION"),
        "language_info": language_info(),
        "banner": concat!("cuaderno ", env!("CARGO_PKG_VERSION"), ": deep learning in Rust notebooks, on evcxr_jupyter"),
        "debugger": false,
        "help_links": [
            {"text": "The Rust standard library", "url": "https://doc.rust-lang.org/std/"},
            {"text": "The Rust book", "url": "https://doc.rust-lang.org/book/"},
        ],
    })
}
