//! Rich output, live output, progress and interruption in notebook cells.
//!
//! A displayable value implements [`Show`]; [`display`] shows it, in a cell as an image or an HTML table, elsewhere as plain
//! text. A [`Live`] handle shows a value and then updates it in place; a [`Progress`] bar is built on it. Long-running
//! functions call [`check`] between steps, so that a user can interrupt a cell without losing variables.
//!
//! Here belongs what a library function needs to meet the front end: output and interruption. Not here: what is shown
//! (every type implements [`Show`] in its own module), and the kernel, which is a crate of its own.

mod bundle;
mod interrupt;
mod live;
mod place;
mod progress;

pub(crate) use bundle::show_in_cells;
pub use bundle::{Bundle, Show, clear_output, display, show_result};
pub use interrupt::{check, interrupted};
pub use live::Live;
pub(crate) use place::{Place, place};
pub use progress::Progress;
