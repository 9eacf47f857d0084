//! What a notebook needs from a library: rich output, live output, progress, interruption.
//!
//! A value that can be shown implements [`Show`]; [`display`] shows it, in a cell as a picture or an
//! HTML table, elsewhere as plain text. A [`Live`] handle shows a value and then replaces it in place; a
//! [`Progress`] bar stands on it. Long work calls [`check`] between its steps, so that a user can interrupt it
//! without losing variables.

mod bundle;
mod interrupt;
mod live;
mod place;
mod progress;

pub(crate) use bundle::show_in_cells;
pub use bundle::{Bundle, Show, clear_output, display, show_result};
pub use interrupt::{check, interrupted};
pub use live::Live;
pub use progress::Progress;
