//! One value in the several forms a front end can choose from.

use base64::{Engine, engine::general_purpose::STANDARD};
use std::io::Write;

/// A value in the forms that Jupyter front ends choose from. `plain` is always there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Bundle {
    /// `text/plain`.
    pub plain: String,
    /// `text/html`.
    pub html: Option<String>,
    /// `image/png`, the bytes of the file.
    pub png: Option<Vec<u8>>,
    /// `image/svg+xml`.
    pub svg: Option<String>,
}

/// A value that a notebook can show.
pub trait Show {
    /// The value in every form it has.
    fn bundle(&self) -> Bundle;
}

/// Shows a value: as rich output in a notebook cell, as plain text elsewhere.
pub fn display(value: &dyn Show) {
    let bundle = value.bundle();
    let mut out = std::io::stdout().lock();
    // A closed standard output leaves nobody to tell.
    let _ = if std::env::var_os("EVCXR_IS_RUNTIME").is_some() {
        write_blocks(&mut out, &bundle)
    } else {
        writeln!(out, "{}", bundle.plain)
    };
}

/// evcxr's display protocol: one block per MIME type.
fn write_blocks(out: &mut impl Write, bundle: &Bundle) -> std::io::Result<()> {
    let mut block = |mime: &str, content: &str| {
        writeln!(out, "EVCXR_BEGIN_CONTENT {mime}\n{content}\nEVCXR_END_CONTENT")
    };
    block("text/plain", &bundle.plain)?;
    if let Some(html) = &bundle.html {
        block("text/html", html)?;
    }
    if let Some(png) = &bundle.png {
        block("image/png", &STANDARD.encode(png))?;
    }
    if let Some(svg) = &bundle.svg {
        block("image/svg+xml", svg)?;
    }
    Ok(())
}

/// Gives types the method by which evcxr shows the last expression of a cell.
macro_rules! show_in_cells {
    ($($name:ty),+ $(,)?) => {$(
        impl $name {
            /// Shows the value as the result of a notebook cell.
            pub fn evcxr_display(&self) {
                $crate::notebook::display(self);
            }
        }
    )+};
}
pub(crate) use show_in_cells;
